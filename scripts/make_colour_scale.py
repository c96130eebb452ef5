"""Make the table of colours in ``percept_cli/drawing/colours.py``: ``python -m scripts.make_colour_scale``.

The scale is a path through OKLab (Björn Ottosson, 2020), a space in which equal steps look equally large: from a
dark blue over magenta and orange to a light yellow. Its lightness only rises, so it also reads in grey and to eyes
that see few colours, and its 256 colours lie at equal distances along the path.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

import numpy as np

from percept_cli.drawing import colours
from percept_cli.images.srgb import encoded

_Lab = tuple[float, float, float]

# Lightness, chroma and hue in degrees: OKLab in polar form. Hues beyond 360 keep the path going one way round.
_PATH = ((0.23, 0.10, 272.0), (0.40, 0.17, 312.0), (0.57, 0.22, 362.0), (0.74, 0.18, 412.0), (0.97, 0.09, 465.0))
_STEPS_PER_PART = 256
_COLOURS = 256
_PER_LINE = 16


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


def scale() -> bytes:
    """Red, green and blue of the colours, at equal distances along the path."""
    points: list[_Lab] = []
    for first, second in pairwise(_PATH):
        for step in range(_STEPS_PER_PART):
            share = step / _STEPS_PER_PART
            lightness, chroma, hue = (
                one + share * (other - one) for one, other in zip(first, second, strict=True)
            )
            points.append(_within_srgb(_lab_of(lightness, chroma, hue)))
    points.append(_within_srgb(_lab_of(*_PATH[-1])))
    lengths = [0.0]
    for one, other in pairwise(points):
        lengths.append(lengths[-1] + math.dist(one, other))
    places = (lengths[-1] * index / (_COLOURS - 1) for index in range(_COLOURS))
    found = [points[min(bisect_left(lengths, place), len(points) - 1)] for place in places]
    return np.rint(encoded(np.clip([_linear_rgb(lab) for lab in found], 0, 1))).astype(np.uint8).tobytes()


def main() -> None:
    """Write the table into the module."""
    table = scale()
    lines = [
        f"    {table[place : place + 3 * _PER_LINE].hex(' ', 3)}\n"
        for place in range(0, len(table), 3 * _PER_LINE)
    ]
    path = Path(colours.__file__)
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'(?<=bytes\.fromhex\(\n    """\n)[^"]*(?=    """)', "".join(lines), text)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
