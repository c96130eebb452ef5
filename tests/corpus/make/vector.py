"""Shapes drawn large and reduced: the anti-aliased drawings of the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from tests.corpus.make.common import Pixels

Colour = tuple[int, int, int]
Point = tuple[float, float]
BOX = Image.Resampling.BOX
LANCZOS = Image.Resampling.LANCZOS
HAMMING = Image.Resampling.HAMMING


class Canvas:
    """A drawing in pixel units, supersampled `scale` times and moved by a fraction of a pixel."""

    def __init__(
        self,
        width: int,
        height: int,
        ground: Colour,
        scale: int = 8,
        shift: Point = (0, 0),
        resample: Image.Resampling = BOX,
    ):
        self._size = (width, height)
        self._scale = scale
        self.shift = shift
        self._resample = resample
        self._image = Image.new("RGB", (width * scale, height * scale), ground)
        self._draw = ImageDraw.Draw(self._image)

    def _at(self, point: Point) -> Point:
        return (point[0] + self.shift[0]) * self._scale, (point[1] + self.shift[1]) * self._scale

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon([self._at(point) for point in points], fill=colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        """Fill a rectangle, with round corners if there is a radius."""
        left, top = self._at((x0, y0))
        right, bottom = self._at((x1, y1))
        corners = (left, top, right - 1, bottom - 1)
        self._draw.rounded_rectangle(corners, radius * self._scale, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        left, top = self._at((x - radius, y - radius))
        right, bottom = self._at((x + radius, y + radius))
        self._draw.ellipse((left, top, right, bottom), fill=colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle's outline, inwards from its radius."""
        left, top = self._at((x - radius, y - radius))
        right, bottom = self._at((x + radius, y + radius))
        thick = max(1, round(width * self._scale))
        self._draw.ellipse((left, top, right, bottom), outline=colour, width=thick)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a polyline with round ends."""
        thick = max(1, round(width * self._scale))
        self._draw.line([self._at(point) for point in points], fill=colour, width=thick, joint="curve")
        for x, y in points:
            self.disc(x, y, width / 2, colour)

    def pixels(self) -> Pixels:
        """Reduce to the final size."""
        return np.asarray(self._image.resize(self._size, self._resample), dtype=np.uint8)
