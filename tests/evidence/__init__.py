"""Where and how do two pictures differ?"""
