"""What only one of two images has, marked in it: rows and columns hatched, and a line where some are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from percept_cli.results.fit import Fit, Whose

if TYPE_CHECKING:
    from PIL import Image

COLOUR = (20, 110, 230)
"""Of marks: blue, which the scale of heat maps does not have at its lower end."""
_STEP = 8  # pixels of the drawing between lines of the hatching
_TINT = 64  # of 255, between the lines


def marked(image: Image.Image, fit: Fit, side: Whose, shrink: int = 1) -> Image.Image:
    """An image with its own rows and columns hatched, and a line where those of the other are missing.

    Args:
        image: RGB, of that side, drawn smaller by ``shrink``; it is changed.
        fit: how the two lie on each other.
        side: whose image it is.
        shrink: pixels of the image per pixel of the drawing.
    """
    import numpy as np
    from PIL import Image as Images

    own = "removed" if side == "reference" else "inserted"
    width, height = image.size
    lines, between = np.zeros((height, width), bool), np.zeros((height, width), bool)
    rows, columns = np.indices((height, width), sparse=True)
    hatching = (rows + columns) % _STEP == 0
    for band in fit.bands:
        begin = getattr(band, side)
        place, end = begin // shrink, -(-(begin + band.size) // shrink)
        if band.kind == own:
            part = np.s_[place:end] if band.axis == "rows" else np.s_[:, place:end]
            between[part] = True
        for edge in {place, end - 1} if band.kind == own else {place}:
            edge = min(edge, (height if band.axis == "rows" else width) - 1)
            lines[np.s_[edge : edge + 1] if band.axis == "rows" else np.s_[:, edge : edge + 1]] = True
    mask = np.where(lines | (between & hatching), 255, np.where(between, _TINT, 0)).astype(np.uint8)
    image.paste(COLOUR, (0, 0, width, height), Images.fromarray(mask))
    return image
