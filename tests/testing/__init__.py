"""What does a test hold?"""
