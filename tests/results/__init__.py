"""Plain results."""
