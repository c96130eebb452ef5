"""Which belongs to which?"""
