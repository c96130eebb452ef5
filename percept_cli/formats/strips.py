"""A file of a large picture → small files of the same format, each a strip of it.

So neither the file nor its pixels need be held whole, and every strip is read by the very code that reads whole
pictures. A format does that whose pixels are packed in pieces (TIFF), not at all (PGM, PPM), or one after the
other in a way that can be stopped (PNG). Others (JPEG, WebP, interlaced PNG, ...) are unpacked whole.
"""

from __future__ import annotations

from typing import BinaryIO

from percept_cli.formats.png.colours import is_png
from percept_cli.formats.png.strips import png_strips
from percept_cli.formats.pnm.strips import pnm_strips
from percept_cli.formats.pnm.whole import is_pnm
from percept_cli.formats.rows import Strips
from percept_cli.formats.tiff.deep import is_tiff
from percept_cli.formats.tiff.strips import tiff_strips
from percept_cli.images.policy import AS_SEEN, ImagePolicy

_HEAD = 16  # bytes, of which a format is known


def strips_in(file: BinaryIO, policy: ImagePolicy = AS_SEEN) -> Strips | None:
    """The strips of a large picture.

    Args:
        file: at its beginning; can be sought in, and stays open until the last strip is read.
        policy: what the recipe says of it.

    Returns:
        None for a small picture, for one that does not come in strips, and for a file so damaged that its reader
        is to say what is wrong.

    Raises:
        UnreadableImage, UnsupportedImage: if it is found to be damaged, or more than the limits allow; without the
            file's name.
    """
    head = file.read(_HEAD)
    if is_png(head):
        return png_strips(file, policy)
    for matches, split in ((is_tiff, tiff_strips), (is_pnm, pnm_strips)):
        if matches(head):
            return split(file)
    return None


__all__ = ["Strips", "strips_in"]
