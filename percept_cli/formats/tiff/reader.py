"""TIFF: in strips where it comes in some, by Pillow what that reads at full precision, else by tifffile."""

from __future__ import annotations

from dataclasses import replace

from percept_cli.errors import UnreadableImage
from percept_cli.formats.faults import OF_PILLOW
from percept_cli.formats.light import Check
from percept_cli.formats.pages import OF_LIGHT, Source, decoded
from percept_cli.formats.pillow import frames_of, has_deep_pages, opened
from percept_cli.formats.rows import in_strips
from percept_cli.formats.tiff.deep import read_tiff
from percept_cli.formats.tiff.light import first_page, read_float_tiff
from percept_cli.formats.tiff.strips import tiff_strips
from percept_cli.formats.tiff.tags import UNSPECIFIED, Tag
from percept_cli.images.picture import Decoded


def read(source: Source) -> Decoded:
    """What a TIFF file holds.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        Exception: whatever Pillow raises of damaged data.
    """
    try:
        found = in_strips(source, tiff_strips, read)
    except (UnreadableImage, *OF_PILLOW):  # of a piece that is cut off, libtiff finds the rest where it lies
        found = None
    return found or _whole(source)


def _whole(source: Source) -> Decoded:
    from PIL import UnidentifiedImageError

    try:
        image = opened(source.data)
    except UnidentifiedImageError:
        return _by_tifffile(source)
    with image:
        if has_deep_pages(image):
            return _by_tifffile(source)
        further = sum(kind == UNSPECIFIED for kind in getattr(image, "tag_v2", {}).get(Tag.EXTRA_SAMPLES, ()))
        return _with_note(frames_of(image, source), further)


def _by_tifffile(source: Source) -> Decoded:
    is_float, further = first_page(source.data, source.policy)
    if is_float:
        found = read_float_tiff(source.data, source.name, _check_of_pages(source), source.policy)
    else:
        found = decoded(lambda: read_tiff(source), source)
    return _with_note(found, further)


def _check_of_pages(source: Source) -> Check:
    """What holds pages to the limits, one after the other: they are counted, and held together."""
    sizes: list[tuple[int, int]] = []

    def check(width: int, height: int) -> None:
        sizes.append((width, height))
        widest, highest = (max(side) for side in zip(*sizes, strict=True))
        source.check(widest, highest, len(sizes), cost=OF_LIGHT)

    return check


def _with_note(found: Decoded, further: int) -> Decoded:
    """With what is to be said of channels that are no colour and no alpha."""
    if not further:
        return found
    return replace(found, notes=(*found.notes, f"extra channels that are not compared: {further}"))
