"""A supersampled drawing surface: shapes and text in picture pixels, edges smoothed on the way out.

Everything is drawn four times too large and reduced once at the end, so text and edges depend
on the drawing, not on a particular rasteriser's hinting.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rendering.arrays import Pixels

Point = tuple[float, float]

_FACTOR = 4


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType; its scalable default font is needed")
    # Basic layout everywhere: whether the optional Raqm library is present must not move a glyph.
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """An RGB picture drawn four times too large."""

    def __init__(self, width: int, height: int, background: str) -> None:
        """Start with a plain background."""
        self.width = width
        self.height = height
        self._image = Image.new("RGB", (width * _FACTOR, height * _FACTOR), background)
        self._draw = ImageDraw.Draw(self._image)

    def _scaled(self, *values: float) -> list[float]:
        return [value * _FACTOR for value in values]

    def box(self, left: float, top: float, width: float, height: float, fill: str, radius: float = 0) -> None:
        """Fill a rectangle, with round corners if `radius` is given."""
        x, y, right, bottom, corner = self._scaled(left, top, left + width, top + height, radius)
        # Pillow counts the last row and column as inside.
        self._draw.rounded_rectangle((x, y, right - 1, bottom - 1), corner, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        self.box(x - radius, y - radius, 2 * radius, 2 * radius, fill, radius)

    def line(self, points: list[Point], colour: str, width: float = 1.0) -> None:
        """Draw connected segments with round joints and ends."""
        scaled = [(x * _FACTOR, y * _FACTOR) for x, y in points]
        thickness = max(1, round(width * _FACTOR))
        self._draw.line(scaled, fill=colour, width=thickness, joint="curve")
        if width > 1.0:
            for x, y in (points[0], points[-1]):
                self.disc(x, y, width / 2, colour)

    def polygon(self, points: list[Point], fill: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * _FACTOR, y * _FACTOR) for x, y in points], fill=fill)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: str,
        anchor: str = "ls",
        weight: int = 0,
    ) -> None:
        """Write one line; `anchor` as in Pillow, `weight` thickens strokes by quarter pixels."""
        font = _font(round(size * _FACTOR))
        position = (x * _FACTOR, y * _FACTOR)
        self._draw.text(position, words, colour, font, anchor=anchor, stroke_width=weight)

    def measure(self, words: str, size: float) -> float:
        """Width of one line in picture pixels."""
        return _font(round(size * _FACTOR)).getlength(words) / _FACTOR

    def pixels(self, resampling: Image.Resampling = Image.Resampling.BOX) -> Pixels:
        """Reduce the drawing to its picture size."""
        reduced = self._image.resize((self.width, self.height), resampling)
        return np.asarray(reduced, dtype=np.uint8)
