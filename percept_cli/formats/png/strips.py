"""PNG in strips: unpacked as far as it is needed, and each strip packed again as a picture of its own.

A row is filtered by the one above it. So a strip is first freed of its filters, with the last row of the strip
before it on top, by libpng, which is told that bytes are what it sees: whatever the pixels are, filters work on
bytes. What comes out is then the content of a file without filters.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from percept_cli.formats.png.chunks import CHANNELS, SIGNATURE, header, png_of, written
from percept_cli.formats.png.pixels import expect, pieces, size_of_rows, unpacked
from percept_cli.formats.png.said import said_in
from percept_cli.formats.rows import Strips
from percept_cli.images.joining import is_large, rows_of_strip
from percept_cli.images.policy import ImagePolicy

_AS_BYTES = {1: (8, 0), 2: (8, 4), 3: (8, 2), 4: (8, 6), 6: (16, 2), 8: (16, 6)}
"""Bytes per pixel → depth and colour type of a picture whose filters work alike."""
_WIDEST = 1 << 18  # pixels: of wider ones not even a row is small


def png_strips(file: BinaryIO, policy: ImagePolicy) -> Strips | None:
    """The strips of a PNG that is large, not interlaced and no animation; None for others.

    Args:
        file: a PNG.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow; without the file's
            name.
    """
    file.seek(len(SIGNATURE))
    start, said_first = file.read(8), file.read(13)
    if start != struct.pack(">I4s", 13, b"IHDR") or len(said_first) != 13:
        return None
    width, height, _, kind, _, _, interlaced = struct.unpack(">IIBBBBB", said_first)
    if kind not in CHANNELS or not is_large(width, height) or width > _WIDEST or interlaced:
        return None
    png = png_of(file)
    if png.moves:
        return None
    needed = size_of_rows(width, height, png.bits, interlaced=False)
    expect(needed, png.pixels)
    said = said_in(file, png, policy)
    data = unpacked(pieces(file, png.pixels), needed)
    rows = _unfiltered(data, width * png.bits, max(1, png.bits // 8), height, rows_of_strip(width))
    files: Iterator[Sequence[bytes]] = ([_file(width, len(strip), png.form, said.strips, strip)] for strip in rows)
    return Strips(width, height, files, about=io.BytesIO(said.stub), notes=said.notes)


class _Rows:
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


def _unfiltered(
    pieces: Iterator[bytes], row_bits: int, pixel: int, height: int, rows: int
) -> Iterator[Sequence[bytes]]:
    """The rows of each strip, without filters.

    Args:
        pieces: of the unpacked data.
        row_bits: how many make a row.
        pixel: bytes to the left neighbour's, as filters count them.
        height: rows of the picture.
        rows: of a strip.
    """
    import imagecodecs

    size = -(-row_bits // 8)
    depth, kind = _AS_BYTES[pixel]
    data, above = _Rows(pieces), bytes(size)
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


def _file(width: int, height: int, form: bytes, about: bytes, rows: Sequence[bytes]) -> bytes:
    return _packed(width, height, form, about, b"".join(b"\0" + row for row in rows))


def _packed(width: int, height: int, form: bytes, about: bytes, rows: bytes) -> bytes:
    """A PNG file, of which packing takes no time."""
    pixels = written(b"IDAT", zlib.compress(rows, 0))
    return SIGNATURE + header(width, height, form) + about + pixels + written(b"IEND", b"")
