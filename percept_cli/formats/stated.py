"""What a file says of its size, held to its own bytes before a decoder believes it and takes memory for it.

A format's best packing bounds its pixels: of one byte deflate makes at most 1032, LZW 2731 pixels, and a block of
a JPEG takes a bit. What a file states beyond that is damage, or a bomb; what is below is nobody's business here,
since a flat picture is as small as that. Not bounded are formats whose coders take next to nothing for a flat
picture (WebP, AVIF, HEIC, JPEG XL): those are held to the limits and the free memory alone. OpenEXR, Radiance,
arrays and what is read as pages (``pages``) are held to their bytes by their readers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping

from percept_cli.formats.faults import damaged
from percept_cli.formats.known import format_of
from percept_cli.images.limits import Limits, check_pixels

_DEFLATE = 1032  # bytes of one
_BITS_OF_BLOCK = 1  # the least that Huffman codes a block of 8×8 pixels with
_SMALL = 1 << 20
"""Pixels that take no memory to speak of; what is wrong with such a picture its decoder says best."""
_FREE = 1 << 24
"""Pixels of a canvas that need not be covered: frames may be much smaller than what they are shown on."""
_BYTES_PER_PIXEL = 4  # of a canvas, as decoders have it at least

_JPEG_SIZES = frozenset({0xC0, 0xC1, 0xC2})  # markers with a size, of pictures that are coded by Huffman
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_BMP_PACKED = (1, 2)  # compression: runs, which may leave out any part of the picture
_BMP_PIXELS = 16384  # of one byte: 255 columns and 255 rows are left out by 4
_TGA_PACKED = 8  # bit of the kind
_TGA_PIXELS = 64  # of one byte: 128 by 2
_PNM = re.compile(rb"P([1-6])" + rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,10})" * 2)
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_COMPRESSION = 256, 257, 258, 259
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # types of tags
# Compression → bytes of one. LZW: 3838 of a code of 12 bits; runs: 128 of 2. Not here are those without a bound.
_TIFF_CODECS = {1: 1, 5: 2600, 8: _DEFLATE, 32946: _DEFLATE, 32773: 64}
_TIFF_OVERLAP = 16  # times the size of the file: what its pieces may be together, as some share what is alike
_ROUNDED = 4096  # bytes: what is rounded up in a small file


def check_claims(data: bytes, limits: Limits) -> None:
    """Refuse a file that cannot hold as much as it says.

    Args:
        data: the whole file.
        limits: what holds for pictures whose size a decoder would believe as soon as it opens the file.

    Raises:
        UnreadableImage: if it cannot; without the file's name. Damage of other kinds is left to the decoder.
        UnsupportedImage: if it is larger than the limits; likewise.
    """
    form = format_of(data)
    if form is None or form.name not in _CHECKS:
        return
    try:
        _CHECKS[form.name](data, limits)
    except (struct.error, IndexError):  # cut off: the decoder says where
        return


def check_size(width: int, height: int, possible: float) -> None:
    """Refuse more pixels than there can be.

    Raises:
        UnreadableImage: without the file's name.
    """
    if width * height > max(_SMALL, possible):
        raise damaged(f"it says that it has {width}×{height} pixels, which so few bytes cannot hold")


def _jpeg(data: bytes, _: Limits) -> None:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            check_size(
                width, height, 64 * 8 / _BITS_OF_BLOCK * len(data) + 8 * (width + height)
            )  # and broken blocks
            return
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]


def _bmp(data: bytes, _: Limits) -> None:
    start = 14 if data[:2] == b"BM" else 0
    (size,) = struct.unpack_from("<I", data, start)
    if size == 12:
        width, height, _planes, bits = struct.unpack_from("<HHHH", data, start + 4)
        packing = 0
    else:
        width, height, _planes, bits, packing = struct.unpack_from("<iiHHI", data, start + 4)
    width, height = abs(width), abs(height)
    if packing in _BMP_PACKED:
        check_size(width, height, max(_FREE, _BMP_PIXELS * len(data)))
    elif bits:
        check_size(width, height, len(data) * 8 / bits)


def _tga(data: bytes, _: Limits) -> None:
    kind, width, height, depth = struct.unpack_from("<2xB9xHHB", data)
    check_size(width, height, _TGA_PIXELS * len(data) if kind & _TGA_PACKED else len(data) * 8 / max(1, depth))


def _pnm(data: bytes, _: Limits) -> None:
    found = _PNM.match(data[:_ROUNDED])
    if found is None:
        return
    kind, width, height = map(int, found.groups())
    # Bits of a pixel: a digit; a digit and what separates it from the next one, but for the last; or values.
    bits = {1: 8, 2: 16, 3: 48, 4: 1, 5: 8, 6: 24}[kind]
    check_size(width, height, (len(data) + 1) * 8 / bits)


def _webp(data: bytes, limits: Limits) -> None:
    if data[12:16] != b"VP8X":
        return
    width, height = _threes(data, 24)
    covered, animated, place = 0, False, 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name == b"ANMF":
            wide, high = _threes(data, place + 14)
            covered, animated = covered + wide * high, True
        place += 8 + length + length % 2
    if animated:  # otherwise the picture has the canvas's size, which libwebp sees to
        check_canvas(width, height, covered, limits)


def _threes(data: bytes, place: int) -> tuple[int, int]:
    """Two sides, each less one, of three bytes."""
    one, other = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (place, place + 3))
    return one, other


def check_canvas(width: int, height: int, covered: int, limits: Limits) -> None:
    """Refuse what frames are shown on, if it is larger than the limits, or than the frames on it.

    Raises:
        UnreadableImage, UnsupportedImage: without the file's name.
    """
    check_pixels(width, height, 1, limits, _BYTES_PER_PIXEL)
    if width * height > max(_FREE, covered):
        raise damaged(f"its frames cover {covered:,} of {width}×{height} pixels")


def _tiff(data: bytes, _: Limits) -> None:
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    number, pointer, each = ("Q", "Q", 20) if big else ("H", "I", 12)
    at, seen, held = 8 if big else 4, set[int](), 0
    while place := struct.unpack_from(order + pointer, data, at)[0]:
        if place in seen:
            return
        seen.add(place)
        (count,) = struct.unpack_from(order + number, data, place)
        first = place + struct.calcsize(order + number)
        at = first + count * each
        held += at - place
        if at > len(data):
            return
        if held > len(data):  # a small file could have any number of tags otherwise
            raise damaged("its lists of tags lie on top of each other")
        tags = range(first, at, each)
        _tiff_page(dict(_tiff_numbers(data, tags, order, big=big)), len(data))


def _tiff_page(tags: Mapping[int, int], size: int) -> None:
    width, height = tags.get(_TIFF_WIDTH, 0), tags.get(_TIFF_HEIGHT, 0)
    most = _TIFF_CODECS.get(tags.get(_TIFF_COMPRESSION, 1))
    if most is not None:
        bits = max(1, tags.get(_TIFF_BITS, 1))
        # Of several planes, and of chroma that is smaller, one is whole.
        check_size(width, height, _TIFF_OVERLAP * (most * size + _ROUNDED) * 8 / bits)


def _tiff_numbers(data: bytes, tags: range, order: str, *, big: bool) -> Iterator[tuple[int, int]]:
    """The first number of each tag that is looked at."""
    for place in tags:
        tag, kind = struct.unpack_from(order + "HH", data, place)
        if tag not in (_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_COMPRESSION) or kind not in _TIFF_NUMBERS:
            continue
        form = order + _TIFF_NUMBERS[kind]
        (count,) = struct.unpack_from(order + ("Q" if big else "I"), data, place + 4)
        value = place + (12 if big else 8)
        if count * struct.calcsize(form) > (8 if big else 4):
            (value,) = struct.unpack_from(order + ("Q" if big else "I"), data, value)
        yield tag, struct.unpack_from(form, data, value)[0]


_CHECKS: Mapping[str, Callable[[bytes, Limits], None]] = {
    "JPEG": _jpeg,
    "BMP": _bmp,
    "DIB": _bmp,
    "PPM": _pnm,
    "WebP": _webp,
    "TIFF": _tiff,
    "TGA": _tga,
}
"""By the names of ``known``; GIF is held to it by its reader."""
