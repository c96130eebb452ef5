"""How does a pair become a result?"""
