"""The third part of the labelled pairs: other scenes, fonts, rasterisers and defects than in the two halves."""
