"""What a PNG says of its colours without a profile: its chunks gAMA and cHRM.

They become an ICC profile with exactly their curve and colorants, adapted to the white of ICC as every profile is,
so that one and the same conversion serves both. It is made by hand, since colorants have to add up to the white of
the profile to the last bit, or grey gets a tint.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from percept_cli.formats.colour.primaries import (
    BT709,
    Primaries,
    adaptation,
    columns_of,
    cones_of,
    to_xyz,
    white_of,
)
from percept_cli.images.srgb import ICC_CURVE

# What PNG says to write beside an sRGB chunk. sRGB's curve is no power, so together, or one alone, they stand for
# it and are not applied.
_SRGB_GAMMA = 0.45455
_SRGB_COLOURS = (*astuple(BT709)[6:], *astuple(BT709)[:6])  # x, y of white, red, green and blue
_CLOSE = 5e-4  # programs round them

_D50 = (0.9642, 1.0, 0.8249)  # X, Y, Z of ICC's white


def describes(gamma: float | None, colours: Sequence[float] | None) -> bool:
    """Whether there are colours with these numbers, as ``profile_of_chunks`` takes them; None is no number."""
    try:
        profile_of_chunks(gamma, None, grey=True)
        profile_of_chunks(None, colours, grey=False)
    except (ValueError, ArithmeticError):
        return False
    return True


def profile_of_chunks(gamma: float | None, colours: Sequence[float] | None, *, grey: bool) -> bytes | None:
    """The ICC profile that gAMA and cHRM describe, or None where they are missing or those of sRGB.

    Args:
        gamma: the chunk's number, such as 0.45455 for a curve of x^2.2.
        colours: x and y of white, red, green and blue.
        grey: whether the picture is greyscale, which only has a curve.

    Raises:
        ValueError, ArithmeticError: if no colours have these numbers.
    """
    if colours is not None and all(abs(a - b) <= _CLOSE for a, b in zip(colours, _SRGB_COLOURS, strict=True)):
        colours = None
    # With the colorants of another space it is the power it says: Adobe RGB has 0.45471.
    if gamma is not None and colours is None and abs(gamma - _SRGB_GAMMA) <= _CLOSE:
        gamma = None
    if gamma is None and (colours is None or grey):
        return None
    if gamma is None:
        curve = _curve(3, ICC_CURVE)
    elif 0.1 <= gamma <= 10:
        curve = _curve(0, (1 / gamma,))
    else:
        raise ValueError(f"a gamma of {gamma:g} is out of range")
    if grey:
        return _profile(b"GRAY", {b"wtpt": _xyz(_D50), b"kTRC": curve})
    return _profile_of_colours(curve, colours or _SRGB_COLOURS)


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, as ``profile_of_chunks`` would describe it: its colorants cancel out exactly."""
    return _profile_of_colours(_curve(3, ICC_CURVE), _SRGB_COLOURS)


def _profile_of_colours(curve: bytes, colours: Sequence[float]) -> bytes:
    tags = {b"wtpt": _xyz(_D50), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), _colorants(colours), strict=True):
        tags[name] = _xyz(column)
    return _profile(b"RGB ", tags)


def _colorants(colours: Sequence[float]) -> list[list[float]]:
    """X, Y, Z of red, green and blue, relative to D50."""
    import numpy as np

    if np.min(colours[1::2]) <= 0:
        raise ValueError("a primary without luminance")
    primaries = Primaries(*colours[2:], *colours[:2])
    columns, white = columns_of(primaries), white_of(primaries)
    if abs(np.linalg.det(columns / columns[1])) < 1e-3:
        raise ValueError("primaries on one line")
    if cones_of(white).min() <= 0:
        raise ValueError("an impossible white point")
    red, _, blue = np.rint(65536 * (adaptation(white, np.array(_D50)) @ to_xyz(primaries)).T) / 65536
    # In the 16 bits that a profile has, they are exactly its white together: grey stays grey.
    green = np.rint(65536 * np.array(_D50)) / 65536 - red - blue
    return [red.tolist(), green.tolist(), blue.tolist()]


def _profile(space: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """An ICC profile of a display, version 4.3, with no more than a conversion needs."""
    start = 128 + 4 + 12 * len(tags)
    table, content = b"", b""
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(content), len(data))
        content += data
    head = struct.pack(">I4xI4s4s4s12x4s28x", start + len(content), 0x04300000, b"mntr", space, b"XYZ ", b"acsp")
    head += b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + content


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _curve(kind: int, parameters: Sequence[float]) -> bytes:
    return struct.pack(">4s4xH2x", b"para", kind) + b"".join(map(_fixed, parameters))


def _fixed(value: float) -> bytes:
    """As 16.16 bits with sign."""
    if abs(value) >= 1 << 15:
        raise ValueError(f"a value of {value:g} is out of range")
    return struct.pack(">i", round(value * 65536))
