"""TIFF of floating point, by tifffile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from percept_cli.errors import PerceptError, UnsupportedImage
from percept_cli.formats.faults import damaged, decoder_errors
from percept_cli.formats.light import Check, as_float32, check_memory, frame_of_light
from percept_cli.formats.tiff.pages import opened, pages_to_read
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HINT = "save grey, RGB or RGBA as float16, float32 or float64."
_ORIENTATION = 274  # tag
_UNSPECIFIED, _ASSOCIATED = 0, 1  # ExtraSamples
_MINISBLACK, _RGB = 1, 2  # PhotometricInterpretation
_SAMPLES = {_MINISBLACK: 1, _RGB: 3}


def read_float_tiff(data: bytes, name: str, check: Check, policy: ImagePolicy = AS_SEEN) -> Decoded:
    """The pages of a TIFF of floating point, or the one that is asked for, as linear light in BT.709's primaries.

    Grey or RGB; as a further sample alpha, multiplied into the colours or not, as ExtraSamples says: where that
    tag is missing the sample is alpha and not multiplied, where it is unspecified the sample is something else and
    left out. Thumbnails and masks are left out, pages are turned upright. float64 becomes float32; what that does
    not hold becomes infinite. An ICC profile is not applied.

    Args:
        data: the whole file.
        name: for messages.
        check: called with each page's width and height before anything is allocated.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage: if it is damaged or cut off, or some of its strips were never written.
        UnsupportedImage: for other values, colours, or numbers of samples; for more pages than the limit, and
            where there is no page of the number that is asked for.
    """
    # It logs what it finds damaged; here that is an error.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with decoder_errors(name, anything=True), opened(data) as file:
        pages = pages_to_read(data, file, policy)
        for page in pages:
            _check(page, len(data), check)
        return Decoded(tuple(_frame(page) for page in pages), scene=True)


def first_page(data: bytes, policy: ImagePolicy) -> tuple[bool, int]:
    """Whether the first page to be read is of floating point, and how many of its channels may be anything.

    Of a damaged one that is not known, and not said.
    """
    try:
        with decoder_errors("", anything=True), opened(data) as file:
            page = pages_to_read(data, file, policy)[0]
            further = sum(int(kind) == _UNSPECIFIED for kind in page.extrasamples or ())
            return page.dtype is not None and page.dtype.kind == "f", further
    except PerceptError:  # whoever reads it will say what is wrong
        return False, 0


def _check(page: Any, size: int, check: Check) -> None:
    width, height, samples = page.imagewidth, page.imagelength, page.samplesperpixel
    if page.dtype is None or page.dtype.kind != "f" or page.bitspersample not in (16, 32, 64):
        raise UnsupportedImage("not only floating point of 16, 32 or 64 bits", hint=_HINT)
    if page.photometric not in _SAMPLES or page.imagedepth != 1:
        raise UnsupportedImage("other colours than grey and RGB", hint=_HINT)
    extra = samples - _SAMPLES[page.photometric]
    if extra < 0 or (extra > 1 and not page.extrasamples):
        raise UnsupportedImage(f"{samples} samples in each pixel", hint=_HINT)
    if min(width, height) < 1:
        raise damaged("it has no pixels")
    check(width, height)
    check_memory(width * height * samples * page.dtype.itemsize, f"its {samples} samples in each pixel")
    _check_strips(page, size)


def _check_strips(page: Any, size: int) -> None:
    """See that all pixels are there: tifffile fills in zeros for what is missing."""
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    if page.is_tiled:
        pieces = -(-page.imagelength // page.tilelength) * -(-page.imagewidth // page.tilewidth)
        rows, width = page.tilelength, page.tilewidth
    else:
        rows, width = min(page.rowsperstrip, page.imagelength), page.imagewidth
        pieces = -(-page.imagelength // rows)
    offsets, counts = page.dataoffsets, page.databytecounts
    if len(offsets) != len(counts) or len(offsets) != pieces * planes:
        raise damaged(f"it has {len(offsets)} strips or tiles, and its size asks for {pieces * planes}")
    if any(not 0 < offset <= size - count or count < 1 for offset, count in zip(offsets, counts, strict=True)):
        raise damaged("some of its strips or tiles are missing")
    if page.compression == 1:
        each = width * page.dtype.itemsize * (1 if page.planarconfig == 2 else page.samplesperpixel)
        last = rows if page.is_tiled else page.imagelength - (pieces - 1) * rows
        for place, count in enumerate(counts):
            if count < each * (last if place % pieces == pieces - 1 else rows):
                raise damaged("some of its strips or tiles are too short")


def _frame(page: Any) -> Frame:
    import numpy as np

    found = page.asarray(maxworkers=1)
    values = found.reshape(page.imagelength, page.imagewidth, -1)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        values = np.moveaxis(found.reshape(-1, page.imagelength, page.imagewidth), 0, 2)
    if values.shape[2] != page.samplesperpixel:
        raise damaged("its pixels have another number of samples than it says")
    values = _upright(values, page.tags.valueof(_ORIENTATION, 1))
    colours = _SAMPLES[page.photometric]
    light = as_float32(np.broadcast_to(values[..., :colours], (*values.shape[:2], 3)))
    kind = _alpha(page, values.shape[2] - colours)
    alpha = None if kind is None else as_float32(values[..., colours])
    return frame_of_light(light, alpha, associated=kind == _ASSOCIATED)


def _alpha(page: Any, extra: int) -> int | None:
    """What ExtraSamples says of the first further sample, None where there is none, or it is no alpha."""
    if not extra:
        return None
    kinds = [int(kind) for kind in page.extrasamples]
    if not kinds:
        return 2
    return None if kinds[0] == _UNSPECIFIED else kinds[0]


def _upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """TIFF 6.0, Orientation: where a row's and a column's begin are."""
    if orientation in (5, 6, 7, 8):
        values = values.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return values[::-1] if orientation in (3, 4, 7, 8) else values
