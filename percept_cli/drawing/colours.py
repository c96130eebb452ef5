"""The one scale of colours that heat maps are drawn with, in every report and every picture.

The scale is a path through OKLab (Björn Ottosson, 2020), a space in which equal steps look equally large: from a
dark blue over magenta and orange to a light yellow. Its lightness only rises, so it also reads in grey and to eyes
that see few colours, and its 256 colours lie at equal distances along the path.
"""

from __future__ import annotations

import io
import math
from bisect import bisect_left
from itertools import pairwise

from percept_cli.results.found import HeatMap

RGB = tuple[int, int, int]
_Lab = tuple[float, float, float]

# Lightness, chroma and hue in degrees: OKLab in polar form. Hues beyond 360 keep the path going one way round.
_PATH = ((0.23, 0.10, 272.0), (0.40, 0.17, 312.0), (0.57, 0.22, 362.0), (0.74, 0.18, 412.0), (0.97, 0.09, 465.0))
_STEPS_PER_PART = 256
_OPAQUE_FROM = 80
"""The first colour that hides what is under it. Below, what hardly differs is hardly tinted."""


def _lab_of(lightness: float, chroma: float, hue: float) -> _Lab:
    angle = math.radians(hue)
    return lightness, chroma * math.cos(angle), chroma * math.sin(angle)


def _linear_rgb(lab: _Lab) -> tuple[float, float, float]:
    """OKLab → linear sRGB, which may lie outside 0..1."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _within_srgb(lab: _Lab) -> _Lab:
    """The colour of the same lightness and hue with the most chroma, up to its own, that sRGB has."""
    lightness, a, b = lab
    low, high = 0.0, 1.0
    if all(0 <= value <= 1 for value in _linear_rgb(lab)):
        return lab
    for _ in range(20):
        middle = (low + high) / 2
        fits = all(0 <= value <= 1 for value in _linear_rgb((lightness, a * middle, b * middle)))
        low, high = (middle, high) if fits else (low, middle)
    return lightness, a * low, b * low


def _srgb(lab: _Lab) -> RGB:
    def encode(value: float) -> int:
        value = min(1.0, max(0.0, value))
        return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))

    red, green, blue = map(encode, _linear_rgb(lab))
    return red, green, blue


def _scale(count: int) -> tuple[RGB, ...]:
    """So many colours at equal distances along the path."""
    points: list[_Lab] = []
    for first, second in pairwise(_PATH):
        for step in range(_STEPS_PER_PART):
            share = step / _STEPS_PER_PART
            polar = (one + share * (other - one) for one, other in zip(first, second, strict=True))
            points.append(_within_srgb(_lab_of(*polar)))
    points.append(_within_srgb(_lab_of(*_PATH[-1])))
    lengths = [0.0]
    for one, other in pairwise(points):
        lengths.append(lengths[-1] + math.dist(one, other))
    places = (lengths[-1] * index / (count - 1) for index in range(count))
    return tuple(_srgb(points[min(bisect_left(lengths, place), len(points) - 1)]) for place in places)


SCALE: tuple[RGB, ...] = _scale(256)
"""The colour of each value of a ``HeatMap``, sRGB; 0 means "no difference" and is not drawn over a picture."""

OPACITY: tuple[int, ...] = (0, *(min(255, 12 + 243 * value // _OPAQUE_FROM) for value in range(1, 256)))
"""How much of the picture under it each value hides, 0 to 255."""


def heat_png(heat: HeatMap) -> bytes:
    """A heat map as a PNG of one pixel per value, to be laid over the picture ``heat.stride`` times as large."""
    return _palette_png(heat.width, heat.height, heat.values)


def scale_png() -> bytes:
    """The scale from left to right, 256 × 1 pixels, as heat maps are drawn: for a legend."""
    return _palette_png(256, 1, bytes(range(256)))


def _palette_png(width: int, height: int, values: bytes) -> bytes:
    from PIL import Image

    image = Image.frombytes("P", (width, height), values)
    image.putpalette([channel for colour in SCALE for channel in colour])
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes(OPACITY), optimize=True)
    return file.getvalue()
