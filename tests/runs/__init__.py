"""What outlives a run?"""
