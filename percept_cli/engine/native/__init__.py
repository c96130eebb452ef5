"""The CPU's convolutions in C, and how they are compiled; ``engine.compiled`` loads and calls them."""
