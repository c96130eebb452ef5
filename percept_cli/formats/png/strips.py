"""PNG in strips: unpacked as far as it is needed, and each strip packed again as a picture of its own.

A row is filtered by the one above it. So a strip is first freed of its filters, with the last row of the strip
before it on top, by libpng, which is told that bytes are what it sees: whatever the pixels are, filters work on
bytes. What comes out is then the content of a file without filters.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from percept_cli.formats.png.chunks import SIGNATURE, Png, header, written
from percept_cli.formats.png.pixels import pieces, size_of_rows, unpacked
from percept_cli.formats.png.said import Said
from percept_cli.formats.rows import Strips
from percept_cli.images.joining import rows_of_strip

_AS_BYTES = {1: (8, 0), 2: (8, 4), 3: (8, 2), 4: (8, 6), 6: (16, 2), 8: (16, 6)}
"""Bytes per pixel → depth and colour type of a picture whose filters work alike."""
_WIDEST = 1 << 18  # pixels: of wider ones not even a row is small


def comes_in_strips(png: Png) -> bool:
    """Whether one that is large is read in strips: it is not interlaced, no animation, and its rows are small."""
    return not png.interlaced and not png.moves and png.width <= _WIDEST


def png_strips(file: BinaryIO, png: Png, said: Said) -> Strips:
    """The strips of a PNG that comes in some, and is upright.

    Args:
        file: the PNG.
        png: what its chunks are.
        said: what it says beside its pixels.
    """
    data = unpacked(pieces(file, png.pixels), size_of_rows(png.width, png.height, png.bits, interlaced=False))
    pixel, rows = max(1, png.bits // 8), rows_of_strip(png.width)
    strips = _unfiltered(_InRows(data), png.width * png.bits, pixel, png.height, rows)
    files: Iterator[Sequence[bytes]] = (
        [_packed(png.width, len(strip), png.form, said.strips, b"".join(b"\0" + row for row in strip))]
        for strip in strips
    )
    return Strips(png.width, png.height, files, notes=said.notes)


class _InRows:
    """Bytes that come in pieces of any size, taken in pieces of another."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._there = bytearray()

    def take(self, size: int) -> bytes:
        while len(self._there) < size:
            piece = next(self._pieces, None)
            assert piece is not None  # or what gives them would have said that they are too few
            self._there += piece
        found = bytes(self._there[:size])
        del self._there[:size]
        return found

    def finish(self) -> None:
        """Look at what is behind the rows."""
        for _ in self._pieces:
            pass


def _unfiltered(data: _InRows, row_bits: int, pixel: int, height: int, rows: int) -> Iterator[Sequence[bytes]]:
    """The rows of each strip, without filters.

    Args:
        data: what was unpacked.
        row_bits: how many make a row.
        pixel: bytes to the left neighbour's, as filters count them.
        height: rows of the picture.
        rows: of a strip.
    """
    import imagecodecs

    size = -(-row_bits // 8)
    depth, kind = _AS_BYTES[pixel]
    above = bytes(size)
    for first in range(0, height, rows):
        count = min(rows, height - first)
        filtered = b"\0" + above + data.take(count * (size + 1))
        form = struct.pack(">BBBBB", depth, kind, 0, 0, 0)
        found = imagecodecs.png_decode(_packed(size // pixel, count + 1, form, b"", filtered))
        stored = found.astype(found.dtype.newbyteorder(">")).tobytes()
        strip = [stored[place : place + size] for place in range(size, len(stored), size)]
        above = strip[-1]
        yield strip
    data.finish()


def _packed(width: int, height: int, form: bytes, about: bytes, rows: bytes) -> bytes:
    """A PNG file, of which packing takes no time."""
    pixels = written(b"IDAT", zlib.compress(rows, 0))
    return SIGNATURE + header(width, height, form) + about + pixels + written(b"IEND", b"")
