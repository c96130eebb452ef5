"""What is a distance?"""
