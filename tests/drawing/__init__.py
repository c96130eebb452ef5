"""How is a difference painted?"""
