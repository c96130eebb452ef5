"""Weights: which there are (``registry``, no torch) and how they are checked and read (``loading``)."""
