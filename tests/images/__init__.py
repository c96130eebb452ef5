"""What does one see of it?"""
