"""Colours, as files state them."""
