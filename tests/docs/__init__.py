"""README and the pages of docs/: what they show is true, what they tell to type can be typed."""
