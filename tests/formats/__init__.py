"""What does a file hold?"""
