"""TIFF of any number of bits, by tifffile, which believes what a header says, so that is held to the file first.

Which of its pages are read is found by ``tiff_pages``. Refused in words are kinds of numbers and of
colours that would have to be guessed at, and codecs that lose something.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from percept_cli.formats.colour.levels import unmultiplied
from percept_cli.formats.pages import Page, Source
from percept_cli.formats.tiff.pages import opened, pages_to_read
from percept_cli.images.picture import levels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffPage

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF

# Photometric interpretation → channels without what is extra.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS = 0, 1, 2, 3, 5
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _INKS: 4}
_YCBCR = 6
_OTHER_COLOURS = {
    _YCBCR: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "a camera's raw",
    34892: "raw",
}
_NUMBERS = {2: "signed", 3: "floating-point", 4: "untyped", 5: "complex", 6: "complex"}

# Compression → how many bytes it can make of one. LZW: 3838 of a code of 12 bits; zstandard: 128 KiB of 4.
_CODECS = {1: 1, 5: 2600, 8: 1032, 32946: 1032, 32773: 64, 50000: 32768}
_PREDICTORS = (1, 2)  # none, differences
_OVERLAP = 16  # times the size of the file: what its pieces may be together, as some share what is alike
_MOST_TILE = 64 << 20  # bytes of a tile, if the picture is smaller

_BITS = (*range(2, 17), 32)

_ASSOCIATED, _UNASSOCIATED = 1, 2  # of ExtraSamples
_EXTRA_SAMPLES, _ORIENTATION, _INK_SET, _PROFILE, _COLOUR_MAP = 338, 274, 332, 34675, 320


def is_tiff(data: bytes) -> bool:
    """Whether a file says that it is one."""
    return data.startswith(_MARKS)


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
            _refuse_impossible(source, page)
        for page in pages:
            yield _page(source, page)


def _refuse_unsupported(source: Source, page: TiffPage) -> None:
    """Refuse what cannot be read, in words."""
    colours = page.photometric
    if colours not in _CHANNELS:
        kind = _OTHER_COLOURS.get(colours, f"of kind {colours}")
        deep = " with more than 8 bits" if colours == _YCBCR and page.bitspersample > 8 else ""
        raise source.refused(f"its colours are {kind}, which is not supported{deep}")
    if colours == _INKS and page.tags.valueof(_INK_SET, 1) != 1:
        raise source.refused("its inks are other ones than CMYK, which are not supported")
    if page.sampleformat != 1:
        kind = _NUMBERS.get(int(page.sampleformat), f"of kind {page.sampleformat}")
        raise source.refused(f"its numbers are {kind}, and only unsigned integers are supported in TIFF")
    # Of 17 to 31 bits, programs disagree on the order of bytes.
    if page.bitspersample not in _BITS or page.dtype is None or page.dtype.kind != "u":
        raise source.refused(f"{page.bitspersample} bits per channel are not supported")
    if page.compression not in _CODECS:
        raise source.refused(f"its compression ({_named(page.compression)}) is not supported with these pixels")
    if page.predictor not in _PREDICTORS:
        raise source.refused(f"its predictor ({_named(page.predictor)}) is not supported")
    if page.imagedepth != 1 or page.tiledepth not in (0, 1):
        raise source.refused("pictures with depth are not supported")
    if page.samplesperpixel < _CHANNELS[colours]:
        raise source.damaged(f"it has {page.samplesperpixel} channels, and its colours need {_CHANNELS[colours]}")


def _refuse_impossible(source: Source, page: TiffPage) -> None:
    """Refuse a file that cannot hold what its header says, which tifffile would take memory for, or fill up."""
    width, height = page.imagewidth, page.imagelength
    if min(width, height) < 1:
        raise source.damaged(f"its header says {width}×{height} pixels")
    offsets, counts = page.dataoffsets, page.databytecounts
    pieces = 1
    for number in page.chunked:
        pieces *= number
    if len(offsets) != pieces or len(counts) != pieces:
        raise source.damaged(f"{min(len(offsets), len(counts))} of its {pieces} pieces are there")
    if min(counts) < 1 or min(offsets) < 1:
        raise source.damaged("a piece is missing")  # which tifffile would make black
    size = len(source.data)
    if max(offset + count for offset, count in zip(offsets, counts, strict=True)) > size:
        raise source.damaged("a piece lies behind its end")
    held = sum(counts)
    if held > _OVERLAP * size:
        raise source.damaged("its pieces are larger than the file")
    bits = page.bitspersample * page.samplesperpixel
    most = _CODECS[page.compression]
    source.expect(width * height * bits / 8, held, most)
    if page.is_tiled:
        tile = page.tilewidth * page.tilelength * bits / 8
        if page.planarconfig == 2:
            tile /= page.samplesperpixel
        if tile > max(_MOST_TILE, 4 * width * height * bits / 8):
            raise source.damaged(f"its tiles are {page.tilewidth}×{page.tilelength} pixels")
        source.expect(tile, max(counts), most)


def _named(value: Any) -> str:
    return str(getattr(value, "name", value))


def _page(source: Source, page: TiffPage) -> Page:
    largest = (1 << page.bitspersample) - 1
    values = _values(page)
    kind = page.photometric
    channels = _CHANNELS[kind]
    if kind == _PALETTE:
        colours = levels_of(_looked_up(source, page, values[..., 0]), 65535)
    else:
        colours = levels_of(values[..., :channels], largest)
    if kind == _WHITE_IS_ZERO:
        colours = 255 - colours
    profile = page.tags.valueof(_PROFILE)
    alpha, associated = _alpha(page, values[..., channels:], largest)
    if alpha is not None and associated:
        colours = unmultiplied(colours, alpha, 255)
    orientation = page.tags.valueof(_ORIENTATION, 1)
    return Page(colours, alpha, orientation, bytes(profile) if profile else None)


def _values(page: TiffPage) -> NDArray[Any]:
    """H×W×C, as they are in the file."""
    import numpy as np

    stored = page.asarray(squeeze=False, maxworkers=1)  # planes × depth × H × W × channels
    found: NDArray[Any] = np.moveaxis(stored[:, 0, :, :, 0], 0, -1) if page.planarconfig == 2 else stored[0, 0]
    return found


def _looked_up(source: Source, page: TiffPage, indices: NDArray[Any]) -> NDArray[np.uint16]:
    """H×W×3, of a palette, whose entries have 16 bits."""
    import numpy as np

    table = np.asarray(page.tags.valueof(_COLOUR_MAP, ()), np.uint16).reshape(3, -1)
    if table.shape[1] <= indices.max():
        raise source.damaged(f"its palette has {table.shape[1]} colours, and it uses number {indices.max()}")
    colours: NDArray[np.uint16] = table.T[indices]
    return colours


def _alpha(page: TiffPage, extra: NDArray[Any], largest: int) -> tuple[NDArray[np.float32] | None, bool]:
    """H×W in 0..255, and whether the colours are multiplied by it. Channels that say nothing are no alpha."""
    stored = page.tags.valueof(_EXTRA_SAMPLES)
    # Without the tag, one more channel is alpha, as Pillow takes it for 8 bits.
    kinds = (_UNASSOCIATED,) if stored is None else stored if isinstance(stored, tuple) else (stored,)
    for number, kind in enumerate(kinds[: extra.shape[2]]):
        if kind in (_ASSOCIATED, _UNASSOCIATED):
            return levels_of(extra[..., number], largest), kind == _ASSOCIATED
    return None, False
