"""TIFF of whole numbers of any number of bits, by tifffile.

Refused in words are kinds of numbers and of colours that would have to be guessed at, and codecs that lose
something.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from percept_cli.formats.colour.levels import unmultiplied
from percept_cli.formats.pages import Page, Source
from percept_cli.formats.tiff import tags
from percept_cli.formats.tiff.pages import alpha_of, opened, pages_to_read, refuse_impossible, values_of
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.picture import levels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffPage

# Photometric interpretation → channels without what is extra.
_CHANNELS = {tags.WHITE_IS_ZERO: 1, tags.BLACK_IS_ZERO: 1, tags.RGB: 3, tags.PALETTE: 1, tags.SEPARATED: 4}
_OTHER_COLOURS = {
    tags.YCBCR: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "camera raw",
    34892: "raw",
}
_NUMBERS = {2: "signed", 3: "floating-point", 4: "untyped", 5: "complex", 6: "complex"}

_PREDICTORS = (tags.NO_PREDICTOR, tags.DIFFERENCES)
_BITS = (*range(2, 17), 32)


def read_tiff(source: Source) -> Iterator[Page]:
    """The pages of a TIFF file, in order, or the one that is asked for; no other one is looked at.

    Read are grey of either direction, RGB, palettes and inks, with alpha of either kind, of 2 to 16 and of 32 bits
    per channel, unsigned, in strips or tiles, in one plane or several, plain or by LZW, deflate, PackBits or
    zstandard.

    Raises:
        UnreadableImage: if it is damaged or cut off.
        UnsupportedImage: if it holds something else than the above, more pages than the limit, or no page
            of the number that is asked for.
        Exception: whatever tifffile raises of damaged data.
    """
    with closing(opened(source.data)) as file:
        pages = pages_to_read(source.data, file, source.policy)
        for page in pages:
            _refuse_unsupported(source, page)
        largest = max(pages, key=lambda page: page.imagewidth * page.imagelength)
        source.check(largest.imagewidth, largest.imagelength, len(pages))
        for page in pages:
            refuse_impossible(source, page)
        for page in pages:
            yield _page(source, page)


def _refuse_unsupported(source: Source, page: TiffPage) -> None:
    """Refuse what cannot be read, in words."""
    colours = page.photometric
    if colours not in _CHANNELS:
        kind = _OTHER_COLOURS.get(colours, f"type-{colours}")
        deep = " with more than 8 bits" if colours == tags.YCBCR and page.bitspersample > 8 else ""
        raise source.refused(f"{kind} colours are not supported in TIFF{deep}")
    if colours == tags.SEPARATED and page.tags.valueof(Tag.INK_SET, 1) != 1:
        raise source.refused("inks other than CMYK are not supported in TIFF")
    if page.sampleformat != 1:
        kind = _NUMBERS.get(int(page.sampleformat), f"of type {page.sampleformat}")
        raise source.refused(
            f"its samples are {kind}, but percept reads only unsigned integers (or floats on every page)"
        )
    # Of 17 to 31 bits, programs disagree on the order of bytes.
    if page.bitspersample not in _BITS or page.dtype is None or page.dtype.kind != "u":
        raise source.refused(f"{page.bitspersample} bits per channel are not supported")
    if page.compression not in tags.UNPACKED:
        raise source.refused(
            f"its compression ({_named(page.compression)}) is not supported for pixels of this kind"
        )
    if page.predictor not in _PREDICTORS:
        raise source.refused(f"its predictor ({_named(page.predictor)}) is not supported")
    if page.imagedepth != 1 or page.tiledepth not in (0, 1):
        raise source.refused("volumetric TIFF images are not supported")
    if page.samplesperpixel < _CHANNELS[colours]:
        raise source.damaged(f"it has {page.samplesperpixel} channels, but its colours need {_CHANNELS[colours]}")


def _named(value: Any) -> str:
    return str(getattr(value, "name", value))


def _page(source: Source, page: TiffPage) -> Page:
    largest = (1 << page.bitspersample) - 1
    values = values_of(page)
    kind = page.photometric
    channels = _CHANNELS[kind]
    if kind == tags.PALETTE:
        colours = levels_of(_looked_up(source, page, values[..., 0]), 65535)
    else:
        colours = levels_of(values[..., :channels], largest)
    if kind == tags.WHITE_IS_ZERO:
        colours = 255 - colours
    alpha = None
    if found := alpha_of(page, values.shape[2] - channels):
        place, associated = found
        alpha = levels_of(values[..., channels + place], largest)
        if associated:
            colours = unmultiplied(colours, alpha, 255)
    profile, orientation = page.tags.valueof(Tag.ICC_PROFILE), page.tags.valueof(Tag.ORIENTATION, tags.UPRIGHT)
    return Page(colours, alpha, orientation, bytes(profile) if profile else None)


def _looked_up(source: Source, page: TiffPage, indices: NDArray[Any]) -> NDArray[np.uint16]:
    """H×W×3, of a palette, whose entries have 16 bits."""
    import numpy as np

    table = np.asarray(page.tags.valueof(Tag.COLOR_MAP, ()), np.uint16).reshape(3, -1)
    if table.shape[1] <= indices.max():
        raise source.damaged(f"its palette has {table.shape[1]} colours, but a pixel uses number {indices.max()}")
    colours: NDArray[np.uint16] = table.T[indices]
    return colours
