"""What must be computed, and what comes out?"""
