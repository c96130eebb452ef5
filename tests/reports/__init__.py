"""How is it told?"""
