"""Files of more than 8 bits per channel, written by hand from the specifications: the truth of the tests.

Only the values of pixels are shared with percept. TIFF with a codec is tifffile's; plain TIFF is by hand as well.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

Values = NDArray[Any]

_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_COLOUR_TYPES = {1: 0, 3: 2, 2: 4, 4: 6}


def values(channels: int, largest: int = 65535, size: tuple[int, int] = (13, 11), seed: int = 0) -> Values:
    """H×W×channels uint16, random, with both ends among them."""
    rng = np.random.default_rng(seed)
    found = rng.integers(0, largest + 1, (size[1], size[0], channels)).astype(np.uint16)
    found[0, 0], found[0, 1] = 0, largest
    return found


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    pixels: Values,
    *,
    interlaced: bool = False,
    before: Sequence[bytes] = (),
    behind: Sequence[bytes] = (),
    end: bytes | None = None,
) -> bytes:
    """A PNG of 16 bits per channel, the rows by all five filters in turn.

    Args:
        pixels: H×W×C of integers.
        interlaced: by Adam7.
        before: chunks before the pixels.
        behind: chunks behind them.
        end: what stands in the place of the closing chunk.
    """
    height, width, channels = pixels.shape
    passes = [pixels[y::down, x::right] for x, y, right, down in _ADAM7] if interlaced else [pixels]
    content = b"".join(_filtered(part) for part in passes if part.size)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, int(interlaced))
    parts = [
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", header),
        *before,
        chunk(b"IDAT", zlib.compress(content)),
        *behind,
    ]
    return b"".join([*parts, chunk(b"IEND", b"") if end is None else end])


def _filtered(pixels: Values) -> bytes:
    step = 2 * pixels.shape[2]
    rows = [np.frombuffer(row.astype(">u2").tobytes(), np.uint8).astype(int) for row in pixels]
    above, out = np.zeros_like(rows[0]), b""
    for number, row in enumerate(rows):
        left, corner = (np.concatenate([np.zeros(step, int), line[:-step]]) for line in (row, above))
        guess = left + above - corner
        off = [abs(guess - line) for line in (left, above, corner)]
        paeth = np.where((off[0] <= off[1]) & (off[0] <= off[2]), left, np.where(off[1] <= off[2], above, corner))
        kind = number % 5
        predicted = (np.zeros_like(row), left, above, (left + above) // 2, paeth)[kind]
        out += bytes([kind]) + ((row - predicted) % 256).astype(np.uint8).tobytes()
        above = row
    return out


def pnm(pixels: Values, largest: int = 65535, *, plain: bool = False, header: str = "") -> bytes:
    """A PGM or a PPM by the number of channels; what the header says else stands behind its first word."""
    height, width, channels = pixels.shape
    number = {1: 2, 3: 3}[channels] + (0 if plain else 3)
    head = f"P{number}\n{header}{width} {height}\n{largest}\n".encode()
    if plain:
        return head + b"\n".join(b" ".join(b"%d" % value for value in row.ravel()) for row in pixels) + b"\n"
    return head + _samples(pixels, largest)


def pam(pixels: Values, largest: int = 65535, kind: str | None = None) -> bytes:
    height, width, channels = pixels.shape
    said = kind or ("GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA")[channels - 1]
    lines = f"WIDTH {width}\nHEIGHT {height}\n# by hand\nDEPTH {channels}\nMAXVAL {largest}\nTUPLTYPE {said}\n"
    return f"P7\n{lines}ENDHDR\n".encode() + _samples(pixels, largest)


def _samples(pixels: Values, largest: int) -> bytes:
    found: bytes = pixels.astype(">u2" if largest > 255 else "u1").tobytes()
    return found


def tiff(
    pixels: Values, bits: int = 16, *, photometric: int, order: str = "<", tags: Mapping[int, Any] | None = None
) -> bytes:
    """A plain TIFF of one strip, values packed without gaps within a row.

    Args:
        pixels: H×W×C of integers.
        bits: of each value.
        photometric: the number that TIFF has for the colours.
        order: of bytes, ``<`` or ``>``.
        tags: further ones, or others: number → a whole number, several, or bytes.
    """
    height, width, channels = pixels.shape
    if bits in (8, 16, 32):
        content: bytes = pixels.astype(f"{order}u{bits // 8}").tobytes()
    else:
        content = b"".join(_packed(row.ravel(), bits) for row in pixels)
    entries: dict[int, Any] = {256: width, 257: height, 258: [bits] * channels, 259: 1, 262: photometric}
    entries |= {273: 8, 277: channels, 278: height, 279: len(content)} | dict(tags or {})
    directory = 8 + len(content) + len(content) % 2
    behind = directory + 2 + 12 * len(entries) + 4
    table, further = struct.pack(order + "H", len(entries)), b""
    for tag, value in sorted(entries.items()):
        numbers = [value] if isinstance(value, int) else value
        if isinstance(numbers, bytes):
            kind, count, data = 7, len(numbers), numbers
        else:
            kind, letter = (3, "H") if tag in (258, 262, 274, 320, 338) else (4, "I")
            count, data = len(numbers), struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(data) > 4:
            place = struct.pack(order + "I", behind + len(further))
            further += data + bytes(len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        table += struct.pack(order + "HHI", tag, kind, count) + place
    mark = b"II*\0" if order == "<" else b"MM\0*"
    content = content.ljust(directory - 8, b"\0")
    return mark + struct.pack(order + "I", directory) + content + table + bytes(4) + further


def _packed(row: Values, bits: int) -> bytes:
    text = "".join(f"{value:0{bits}b}" for value in row.tolist())
    text = text.ljust(-(-len(text) // 8) * 8, "0")
    return int(text, 2).to_bytes(len(text) // 8, "big")


def tiff_by_tifffile(*pages: Values, **options: Any) -> bytes:
    """Pages of H×W or H×W×C, with options of ``tifffile.imwrite``; those of a page of its own under ``each``."""
    file = io.BytesIO()
    each = options.pop("each", [{}] * len(pages))
    with tifffile.TiffWriter(file, byteorder=options.pop("byteorder", "<")) as writer:
        for page, own in zip(pages, each, strict=True):
            writer.write(page, **{"metadata": None, "contiguous": False, **options, **own})
    return file.getvalue()
