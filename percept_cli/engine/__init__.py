"""What must be computed, and what comes out? Prints nothing, and reads no file but weights."""
