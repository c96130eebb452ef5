"""PBM and plain PGM and PPM."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.formats.decode import decode
from percept_cli.images.picture import Decoded


def levels_of(decoded: Decoded) -> list[list[list[int]]]:
    (frame,) = decoded.frames
    found: list[list[list[int]]] = (
        np.frombuffer(frame.colours[:], np.float32 if frame.deep else np.uint8)
        .reshape(frame.height, frame.width, 3)
        .tolist()
    )
    return found


BLACK, WHITE = [0, 0, 0], [255, 255, 255]
PLAIN = {
    "P1": b"P1\n3 2\n0 1 0\n1 1 0\n",
    "P1, packed, with comments": b"P1 # bits\n3 # wide\n2\n01#x\n0 11\n0",
    "P2": b"P2\n3 2\n1\n1 0 1\n0 0 1\n",
    "P3": b"P3 3 2 255 255 255 255 0 0 0 255 255 255 0 0 0 0 0 0 255 255 255",
    "P4": b"P4 3 2\n" + bytes([0b01000000, 0b11000000]),
    "P5": b"P5 3 2 255\n" + bytes([255, 0, 255, 0, 0, 255]),
    "P6": b"P6 3 2 255\n" + bytes(3 * [255] + 3 * [0] + 3 * [255] + 6 * [0] + 3 * [255]),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_the_family_of_pbm(kind: str) -> None:
    """The same six pixels; in a bitmap 1 is black."""
    assert levels_of(decode(PLAIN[kind], "a.pbm")) == [[WHITE, BLACK, WHITE], [BLACK, BLACK, WHITE]]


@pytest.mark.parametrize("data", [b"P1\n3 2\n0 1 0\n1 1\n", b"P1\n3 2\n0 1 0\n1 2 0\n", b"P1\n3", b"P1\n"])
def test_a_damaged_plain_bitmap(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"^a\.pbm: "):
        decode(data, "a.pbm")
