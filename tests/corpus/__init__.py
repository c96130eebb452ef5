"""A labelled corpus of picture pairs."""
