"""Is that too much?"""
