"""What a file says of its size, held to its own bytes before a decoder believes it and takes memory for it.

A format's best packing bounds its pixels: of one byte deflate makes at most 1032, LZW 2731 pixels, and a block of
a JPEG takes a bit. What a file states beyond that is damage, or a bomb; what is below is nobody's business here,
since a flat picture is as small as that. Not bounded are formats whose coders take next to nothing for a flat
picture (WebP, AVIF, HEIC, JPEG XL): those are held to the limits and the free memory alone. OpenEXR, Radiance,
arrays and what is read as pages (``pages``) are held to their bytes by their readers.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress

from percept_cli.formats.faults import damaged
from percept_cli.formats.known import format_of
from percept_cli.formats.tiff.directories import directories
from percept_cli.formats.tiff.tags import OVERLAP, PLAIN, UNPACKED, Tag
from percept_cli.images.limits import Limits, check_pixels

_DEFLATE = 1032  # bytes of one
_LZW_PIXELS = 2731  # of one byte: 4096 of a code of 12 bits
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
        raise damaged(f"the header states {width}×{height} pixels, but the file is too small for them")


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
        raise damaged(f"its frames cover only {covered:,} of {width}×{height} pixels")


def _tiff(data: bytes, _: Limits) -> None:
    wanted = (Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH, Tag.BITS_PER_SAMPLE, Tag.COMPRESSION)
    with suppress(ValueError):  # other damage, which the decoder may take in its own way
        for directory in directories(io.BytesIO(data)):
            _tiff_page(directory.firsts(*wanted), len(data))


def _tiff_page(said: Mapping[int, int], size: int) -> None:
    most = UNPACKED.get(said.get(Tag.COMPRESSION, PLAIN))
    if most is not None:
        bits = max(1, said.get(Tag.BITS_PER_SAMPLE, 1))
        # Of several planes, and of chroma that is smaller, one is whole.
        possible = OVERLAP * (most * size + _ROUNDED) * 8 / bits
        check_size(said.get(Tag.IMAGE_WIDTH, 0), said.get(Tag.IMAGE_LENGTH, 0), possible)


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
