"""What does this file hold?"""
