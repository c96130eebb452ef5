"""Drawing by cairo: the rasteriser that the pictures of the two halves do not know."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import cairocffi
import cairosvg

from tests.corpus.make.common import Pixels, decode
from tests.corpus.make.vector import Colour, Point


class CairoCanvas:
    """What `vector.Canvas` draws, by the exact coverage of cairo instead of many samples."""

    def __init__(self, width: int, height: int, ground: Colour, shift: Point = (0, 0)):
        self._surface = cairocffi.ImageSurface(cairocffi.FORMAT_RGB24, width, height)
        self._context = cairocffi.Context(self._surface)
        self._context.set_antialias(cairocffi.ANTIALIAS_DEFAULT)
        self.shift = shift
        self._paint(ground)
        self._context.paint()

    def _paint(self, colour: Colour) -> None:
        self._context.set_source_rgb(*(level / 255 for level in colour))

    def _at(self, x: float, y: float) -> Point:
        return x + self.shift[0], y + self.shift[1]

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self._paint(colour)
        for point in points:
            self._context.line_to(*self._at(*point))
        self._context.close_path()
        self._context.fill()

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        """Fill a rectangle, with round corners if there is a radius."""
        self._paint(colour)
        left, top = self._at(x0, y0)
        right, bottom = self._at(x1, y1)
        corners: tuple[Point, ...] = ((right - radius, top + radius), (right - radius, bottom - radius))
        corners += ((left + radius, bottom - radius), (left + radius, top + radius))
        for quarter, (x, y) in enumerate(corners):
            self._context.arc(x, y, radius, (quarter - 1) * math.pi / 2, quarter * math.pi / 2)
        self._context.close_path()
        self._context.fill()

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        self._paint(colour)
        self._context.arc(*self._at(x, y), radius, 0, 2 * math.pi)
        self._context.fill()

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw a circle's outline, inwards from its radius."""
        self._paint(colour)
        self._context.set_line_width(width)
        self._context.new_path()
        self._context.arc(*self._at(x, y), radius - width / 2, 0, 2 * math.pi)
        self._context.stroke()

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a polyline with round ends."""
        self._paint(colour)
        self._context.set_line_width(width)
        self._context.set_line_cap(cairocffi.LINE_CAP_ROUND)
        self._context.set_line_join(cairocffi.LINE_JOIN_ROUND)
        for point in points:
            self._context.line_to(*self._at(*point))
        self._context.stroke()

    def pixels(self) -> Pixels:
        """What was drawn."""
        stream = io.BytesIO()
        self._surface.write_to_png(stream)
        return decode(stream.getvalue())


def svg(source: str, width: int, height: int) -> Pixels:
    """Draw an SVG in that size, on white."""
    options = {"background_color": "white", "output_width": width, "output_height": height}
    return decode(cairosvg.svg2png(bytestring=source.encode(), **options))
