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
from dataclasses import dataclass
from typing import BinaryIO

from percept_cli.images.joining import is_large, rows_of_strip
from percept_cli.images.strips.rows import Strips

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_AS_BYTES = {1: (8, 0), 2: (8, 4), 3: (8, 2), 4: (8, 6), 6: (16, 2), 8: (16, 6)}
"""Bytes per pixel → depth and colour type of a picture whose filters work alike."""
_WIDEST = 1 << 18  # pixels: of wider ones not even a row is small
_ELSEWHERE = frozenset({b"IHDR", b"IDAT", b"IEND", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"dSIG"})
"""Chunks that are no part of every strip."""
_ANIMATED = b"acTL"


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int
    """Of its content, in the file."""
    length: int


def png_strips(file: BinaryIO) -> Strips | None:
    """The strips of a PNG that is large, not interlaced and no animation; None for others and incomplete ones.

    Args:
        file: a PNG.
    """
    file.seek(len(_SIGNATURE))
    start, header = file.read(8), file.read(13)
    if start != struct.pack(">I4s", 13, b"IHDR") or len(header) != 13:
        return None
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if kind not in _CHANNELS or not is_large(width, height) or width > _WIDEST or interlaced:
        return None
    chunks = _chunks(file)
    names = [chunk.name for chunk in chunks]
    if _ANIMATED in names or b"IDAT" not in names or names[-1] != b"IEND":
        return None
    first = names.index(b"IDAT")
    last = first + names.count(b"IDAT")
    # Chunks that count stand before the pixels; libraries differ in what they make of others.
    if any(name not in _ELSEWHERE for name in names[last:]) or b"IDAT" in names[last:]:
        return None
    about = b"".join(_whole(file, chunk) for chunk in chunks[:first] if chunk.name not in _ELSEWHERE)
    told = b"".join(_whole(file, chunk) for chunk in chunks if chunk.name not in (b"IHDR", b"IDAT", b"IEND"))
    pixel = _chunk(b"IDAT", zlib.compress(bytes(9)))  # no filter, and up to 4 × 2 bytes
    info = _SIGNATURE + _header(1, 1, header[8:]) + told + pixel + _chunk(b"IEND", b"")
    data = _unpacked(file, [chunk for chunk in chunks if chunk.name == b"IDAT"])
    bits = depth * _CHANNELS[kind]
    rows = _unfiltered(data, width * bits, max(1, bits // 8), height, rows_of_strip(width))
    files: Iterator[Sequence[bytes]] = ([_file(width, len(strip), header[8:], about, strip)] for strip in rows)
    return Strips(width, height, files, about=io.BytesIO(info))


def _chunks(file: BinaryIO) -> list[_Chunk]:
    """Where the chunks of a file are, up to its end; their contents are not looked at."""
    found, place = list[_Chunk](), len(_SIGNATURE)
    while not found or found[-1].name != b"IEND":
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            break
        length, name = struct.unpack(">I4s", head)
        found.append(_Chunk(name, place + 8, length))
        place += 12 + length
    return found


def _content(file: BinaryIO, chunk: _Chunk) -> bytes:
    file.seek(chunk.start)
    return file.read(chunk.length)


def _whole(file: BinaryIO, chunk: _Chunk) -> bytes:
    """With its length, name and checksum."""
    file.seek(chunk.start - 8)
    return file.read(chunk.length + 12)


def _unpacked(file: BinaryIO, chunks: Sequence[_Chunk]) -> Iterator[bytes]:
    """What the pixels' chunks unpack to, in small pieces; the checksum at its end is held to it."""
    inflate = zlib.decompressobj()
    for chunk in chunks:
        packed, (told,) = _content(file, chunk), struct.unpack(">I", file.read(4))
        if zlib.crc32(b"IDAT" + packed) != told:
            raise OSError("a checksum of its pixels is wrong")
        while packed and not inflate.eof:
            yield inflate.decompress(packed, 1 << 20)
            packed = inflate.unconsumed_tail


class _Rows:
    """Bytes that come in pieces of any size, taken in pieces of another."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._there = bytearray()

    def take(self, size: int) -> bytes:
        while len(self._there) < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise OSError("image file is truncated")
            self._there += piece
        found = bytes(self._there[:size])
        del self._there[:size]
        return found

    def finish(self) -> None:
        """Look at the checksum behind the rows. More rows are passed over, as libraries do; they may be a trap."""
        next(filter(None, self._pieces), None)


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
    pixels = _chunk(b"IDAT", zlib.compress(rows, 0))
    return _SIGNATURE + _header(width, height, form) + about + pixels + _chunk(b"IEND", b"")


def _header(width: int, height: int, form: bytes) -> bytes:
    return _chunk(b"IHDR", struct.pack(">II", width, height) + form)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
