"""Colour profiles and primaries, as files state them."""
