"""What does one see of a file? Pictures, transparency, views, sizes, scene-linear values, limits."""
