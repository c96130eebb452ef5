"""Plain results: what reports and judges read."""
