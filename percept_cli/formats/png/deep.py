"""PNG of 16 bits per channel, by libpng; what it says of itself, by Pillow, as for 8 bits."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from percept_cli.formats.pages import Page, Source
from percept_cli.formats.pillow import notes_of
from percept_cli.formats.png.chunks import SIGNATURE, Png, header, png_of, written
from percept_cli.formats.png.pixels import check_rows, expect, pieces, size_of_rows
from percept_cli.formats.png.said import Said, opened, said_in
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.picture import levels_of

_GREY = (0, 4)  # colour types
_WIDEST = 1_000_000  # pixels, which is libpng's own limit
_AT_ONCE = 1 << 30  # bytes of rows
_LONGEST = 1 << 30  # bytes of a chunk


def read_png(source: Source) -> Iterator[Page]:
    """The picture of a PNG file.

    Args:
        source: its data are those of a PNG, whole or not.

    Raises:
        UnreadableImage: if it is damaged, cut off, or has a broken colour profile.
        UnsupportedImage: if it is an animation, says by cICP that it is not sRGB, or says more than the limit of
            metadata.
        Exception: whatever libpng and Pillow raise of damaged data.
    """
    import imagecodecs
    import numpy as np

    from percept_cli.formats.colour.profiles import naming, profile_of

    file = io.BytesIO(source.data)
    png = png_of(file)
    width, height = png.width, png.height
    if png.moves:
        raise source.refused(
            "an animation of more than 8 bits per channel is not supported",
            "save it as 8 bits, or the frame you mean as a picture of its own.",
        )
    needed = size_of_rows(width, height, png.bits, interlaced=png.interlaced)
    expect(needed, png.pixels)
    if max(width, height) > _WIDEST:
        raise source.refused(
            f"{width}×{height} pixels are more than {_WIDEST:,} in a row", "cut the picture into smaller ones."
        )
    source.check(width, height, 1)
    said = said_in(file, png, source.policy)
    with opened(said, source.policy.limits) as image:
        notes = (*said.notes, *notes_of(image))
        orientation = image.getexif().get(Tag.ORIENTATION, 1)
        profile = None
        if not source.policy.ignore_icc:
            with naming(source.name):
                profile = profile_of(image, b"GRAY" if png.kind in _GREY else b"RGB ", said.stub)

    found = imagecodecs.png_decode(_pixels_alone(file, png, said, needed))
    if found.shape[:2] != (height, width):
        raise source.damaged("it has two sizes")
    found = found.reshape(height, width, -1)
    levels = levels_of(found, np.iinfo(found.dtype).max)
    # An even number of channels: the last one is alpha, or made of the one colour that stands for nothing.
    if levels.shape[2] % 2:
        yield Page(levels, None, orientation, profile, notes)
    else:
        yield Page(levels[..., :-1], levels[..., -1], orientation, profile, notes)


def _pixels_alone(file: BinaryIO, png: Png, said: Said, needed: int) -> bytes:
    """A file of the pixels, and the colour that stands for nothing: all that libpng is to look at.

    libpng does not mind a wrong checksum behind the last row, so rows are unpacked here, and packed in no time.
    """
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
