"""PNG of 16 bits per channel, by libpng; what it says of itself, by Pillow, as for 8 bits."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.formats.pages import Page, Source
from percept_cli.formats.pillow import notes_of
from percept_cli.formats.png.chunks import SIGNATURE, Png, header, written
from percept_cli.formats.png.pixels import check_rows, pieces, size_of_rows
from percept_cli.formats.png.said import Said
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.picture import levels_of

if TYPE_CHECKING:
    from PIL import Image

_WIDEST = 1_000_000  # pixels, which is libpng's own limit
_AT_ONCE = 1 << 30  # bytes of rows
_LONGEST = 1 << 30  # bytes of a chunk


def page_of(file: BinaryIO, png: Png, said: Said, about: Image.Image, source: Source) -> Page:
    """The picture of a PNG file that was held to the limits.

    Args:
        file: the PNG.
        png: what its chunks are.
        said: what it says beside its pixels.
        about: the same as Pillow has it.
        source: what is read.

    Raises:
        UnreadableImage: if it is damaged, cut off, or has a broken colour profile.
        UnsupportedImage: if it says by cICP that it is not sRGB, or its rows are longer than libpng reads.
        Exception: whatever libpng and Pillow raise of damaged data.
    """
    import imagecodecs
    import numpy as np

    from percept_cli.formats.colour.profiles import naming, profile_of

    width, height = png.width, png.height
    if max(width, height) > _WIDEST:
        raise source.refused(
            f"{width}×{height} pixels are too large: above 8 bits per channel, width and height are at "
            f"most {_WIDEST:,}",
            "split it into smaller images.",
        )
    notes = (*said.notes, *notes_of(about))
    orientation = about.getexif().get(Tag.ORIENTATION, 1)
    profile = None
    if not source.policy.ignore_icc:
        with naming(source.name):
            profile = profile_of(about, b"GRAY" if png.grey else b"RGB ")

    found = imagecodecs.png_decode(_pixels_alone(file, png, said))
    if found.shape[:2] != (height, width):
        raise source.damaged("its pixels do not match its header")
    found = found.reshape(height, width, -1)
    levels = levels_of(found, np.iinfo(found.dtype).max)
    # An even number of channels: the last one is alpha, or made of the one colour that stands for nothing.
    if levels.shape[2] % 2:
        return Page(levels, None, orientation, profile, notes)
    return Page(levels[..., :-1], levels[..., -1], orientation, profile, notes)


def _pixels_alone(file: BinaryIO, png: Png, said: Said) -> bytes:
    """A file of the pixels, and the colour that stands for nothing: all that libpng is to look at.

    libpng does not mind a wrong checksum behind the last row, so rows are unpacked here, and packed in no time.
    """
    needed = size_of_rows(png.width, png.height, png.bits, interlaced=png.interlaced)
    packed = b"".join(pieces(file, png.pixels))
    rows = _rows(packed, needed) if needed <= _AT_ONCE else None
    if rows is None:  # too many of them, more than there should be, or damaged, and then in words
        check_rows(file, png.pixels, needed)
    pixels = packed if rows is None else zlib.compress(rows, 0)
    place = range(0, len(pixels), _LONGEST)
    chunks = [written(b"IDAT", pixels[first : first + _LONGEST]) for first in place]
    return b"".join([SIGNATURE, header(png.width, png.height, png.form), said.key, *chunks, written(b"IEND", b"")])


def _rows(packed: bytes, needed: int) -> bytearray | None:
    """All rows, by a faster library than Python's; None if they are not as they should be."""
    import imagecodecs

    rows = bytearray(needed)
    try:
        found = imagecodecs.deflate_decode(packed, out=rows)
    except imagecodecs.DeflateError:
        return None
    return rows if len(found) == needed else None
