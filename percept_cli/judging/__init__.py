"""Is that too much? Rules, gates and limits."""
