"""What does the machine give?"""
