"""What does a TIFF hold?"""
