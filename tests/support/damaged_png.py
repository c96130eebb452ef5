"""PNG files by hand, sound and damaged, and the size from which they are read in strips."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from tests.support.deep_files import chunk

WIDTH, HEIGHT = 33, 20
KINDS = {  # bits and colour type, and what else there is
    "RGB": (8, 2, ()),
    "RGBA": (8, 6, ()),
    "grey": (8, 0, ()),
    "grey with alpha": (8, 4, ()),
    "grey, one transparent": (8, 0, (chunk(b"tRNS", b"\0\7"),)),
    "palette": (8, 3, (chunk(b"PLTE", bytes(range(256)) * 3),)),
    "4 bits": (4, 3, (chunk(b"PLTE", bytes(range(48))),)),
    "1 bit": (1, 0, ()),
    "16 bits": (16, 2, ()),
    "16 bits of grey, one transparent": (16, 0, (chunk(b"tRNS", b"\0\7"),)),
    "16 bits with alpha": (16, 6, ()),
}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
END = chunk(b"IEND", b"")
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
in_both_readers = pytest.mark.parametrize("small", [1 << 30, 300], ids=["whole", "strips"])


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets from how many pixels on a picture is read in strips."""

    def set_to(size: int) -> None:
        monkeypatch.setattr(joining, "LARGE", size)
        monkeypatch.setattr(tiff, "LARGE", size)
        monkeypatch.setattr(joining, "_STRIP", 120)

    return set_to


def rows_of(kind: str, *, interlaced: bool = False) -> list[bytes]:
    """Random rows, each with its filter; the last one is what Pillow's picture is filled with beforehand."""
    bits, colours, _ = KINDS[kind]
    rng = random.Random(kind)
    sizes = [(WIDTH, HEIGHT)]
    if interlaced:
        sizes = [(-(-(WIDTH - x) // right), -(-(HEIGHT - y) // down)) for x, y, right, down in ADAM7]
    each = bits * CHANNELS[colours]
    return [b"\0" + rng.randbytes(-(-width * each // 8)) for width, height in sizes for _ in range(height)]


def written(kind: str, packed: bytes, *, interlaced: bool = False, end: bytes = END) -> bytes:
    bits, colours, extra = KINDS[kind]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colours, 0, 0, int(interlaced)))
    pieces = [chunk(b"IDAT", packed[first : first + 200]) for first in range(0, len(packed), 200)]
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *extra, *pieces, end])
