"""TIFF of floating point, by tifffile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from percept_cli.errors import PerceptError, UnsupportedImage
from percept_cli.formats.faults import decoder_errors
from percept_cli.formats.light import Check, as_float32, check_memory, frame_of_light
from percept_cli.formats.pages import Source, turned
from percept_cli.formats.tiff.pages import alpha_of, opened, pages_to_read, refuse_impossible, values_of
from percept_cli.formats.tiff.tags import BLACK_IS_ZERO, RGB, UNSPECIFIED, UPRIGHT, Tag
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy

if TYPE_CHECKING:
    from tifffile import TiffPage

_HINT = "save grey, RGB or RGBA as float16, float32 or float64."
_SAMPLES = {BLACK_IS_ZERO: 1, RGB: 3}


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
    source = Source(data, name, policy)
    with decoder_errors(name, anything=True), opened(data) as file:
        pages = pages_to_read(data, file, policy)
        for page in pages:
            _check(page, source, check)
        return Decoded(tuple(_frame(page) for page in pages), scene=True)


def first_page(data: bytes, policy: ImagePolicy) -> tuple[bool, int]:
    """Whether the first page to be read is of floating point, and how many of its channels may be anything.

    Of a damaged one that is not known, and not said.
    """
    try:
        with decoder_errors("", anything=True), opened(data) as file:
            page = pages_to_read(data, file, policy)[0]
            further = sum(int(kind) == UNSPECIFIED for kind in page.extrasamples or ())
            return page.dtype is not None and page.dtype.kind == "f", further
    except PerceptError:  # whoever reads it will say what is wrong
        return False, 0


def _check(page: TiffPage, source: Source, check: Check) -> None:
    width, height, samples = page.imagewidth, page.imagelength, page.samplesperpixel
    if page.dtype is None or page.dtype.kind != "f" or page.bitspersample not in (16, 32, 64):
        raise UnsupportedImage("not all of its samples are float16, float32 or float64", hint=_HINT)
    if page.photometric not in _SAMPLES or page.imagedepth != 1:
        raise UnsupportedImage("floating-point TIFF is only supported in grey and RGB", hint=_HINT)
    extra = samples - _SAMPLES[page.photometric]
    if extra < 0 or (extra > 1 and not page.extrasamples):
        raise UnsupportedImage(
            f"floating-point TIFF with {samples} samples per pixel is not supported", hint=_HINT
        )
    check(width, height)
    check_memory(width * height * samples * page.dtype.itemsize, f"its {samples} samples per pixel")
    refuse_impossible(source, page)


def _frame(page: TiffPage) -> Frame:
    import numpy as np

    values = turned(values_of(page), page.tags.valueof(Tag.ORIENTATION, UPRIGHT))
    colours = _SAMPLES[page.photometric]
    light = as_float32(np.broadcast_to(values[..., :colours], (*values.shape[:2], 3)))
    found = alpha_of(page, values.shape[2] - colours)
    if found is None:
        return frame_of_light(light)
    place, associated = found
    return frame_of_light(light, as_float32(values[..., colours + place]), associated=associated)
