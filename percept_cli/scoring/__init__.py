"""How does a pair become a result? Read, planned, measured and judged, in order and in parallel."""
