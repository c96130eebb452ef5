"""A file of a large picture → small files of the same format, each a strip of it, and a picture again.

So neither the file nor its pixels need be held whole, and every strip is read by the very code that reads whole
pictures. A format does that whose pixels are packed in pieces (TIFF), not at all (PGM, PPM), or one after the
other in a way that can be stopped (PNG). Others (JPEG, WebP, interlaced PNG, ...) are unpacked whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from percept_cli.formats.faults import OF_PILLOW
from percept_cli.formats.pages import OF_STRIPS, Source
from percept_cli.formats.pillow import check_frame, is_turned, opened
from percept_cli.images.joining import Joining, beside
from percept_cli.images.limits import check_info
from percept_cli.images.picture import Decoded


@dataclass(frozen=True)
class Strips:
    """A picture in strips, from the top."""

    width: int
    """In pixels."""
    height: int
    """In pixels, of all strips together."""
    files: Iterator[Sequence[bytes]]
    """Each strip as a file, or as several that lie side by side, from left to right. Raises what a decoder of the
    format raises of damaged data."""
    about: BinaryIO | None = None
    """For Pillow to open: the file, or one of a single pixel that says the same of itself."""
    notes: tuple[str, ...] = ()
    """What is in the file and not looked at, as far as the strips themselves do not say it."""


def in_strips(
    source: Source, split: Callable[[BinaryIO], Strips | None], read: Callable[[Source], Decoded]
) -> Decoded | None:
    """What a file of one large picture holds; None for others, and for those that do not come in strips.

    Args:
        source: the file.
        split: gives its strips, if it comes in some.
        read: what reads its parts.

    Raises:
        UnreadableImage, UnsupportedImage: as ``joined``, or if it is more than the limits allow.
    """
    if source.is_part:
        return None
    with source.open() as file:
        strips = split(file)
        if strips is None or (strips.about is not None and _is_turned(strips.about, source)):
            return None
        check_frame(source.policy.frame, 1)
        source.check(strips.width, strips.height, cost=OF_STRIPS)
        return joined(strips, source, read)


def _is_turned(about: BinaryIO, source: Source) -> bool:
    """Whether a picture is to be turned upright; what else it says of itself is held to the limit."""
    from PIL import UnidentifiedImageError

    about.seek(0)
    try:
        with opened(about) as image:
            check_info(image.info, source.policy.limits)
            return is_turned(image)
    except UnidentifiedImageError:  # of a kind that Pillow does not read
        return False
    except OF_PILLOW:  # what it says is damaged: whoever reads all of it knows whether that counts
        return True


def joined(strips: Strips, source: Source, read: Callable[[Source], Decoded]) -> Decoded:
    """The picture of its strips.

    Args:
        strips: of a file whose head was held to the limits.
        source: that file.
        read: what reads whole files of its format.

    Raises:
        UnreadableImage, UnsupportedImage: as ``read`` does, or if there is no room for the picture.
    """
    joining, first = Joining(strips.width, strips.height), None
    for files in strips.files:
        found = [read(source.part(data)) for data in files]
        first = first or found[0]
        joining.add(beside([one.frames[0] for one in found]))
    assert first is not None
    return replace(first, frames=(joining.frame(),), notes=(*strips.notes, *first.notes))
