"""One file → what it holds: frames of sRGB pixels and alpha, or an error that names the file and what to do.

What a file's bytes mean is decided here and nowhere else:

- EXIF orientation is applied.
- Colours that an ICC profile, or a PNG's chunks, say are not sRGB are converted to it (``colour_profiles``).
  Without either, values are sRGB. CMYK without a profile becomes RGB by R = (255 - C) · (255 - K) / 255, and
  likewise G and B. Not read: profiles in BMP, GIF, TGA and PPM, and EXIF's ColorSpace.
- More than 8 bits per channel are kept (``deep``), and light without a limit (``scenes``).
- Frames of animations are what a viewer shows, each on top of those before it. Pages of a TIFF that are smaller
  copies or masks of others are left out, and so is the picture of an APNG for programs that show no animations.
- Only the formats in ``formats`` are read, whatever else Pillow could do with a file (run Ghostscript on it).

How transparency, light and sizes are dealt with is decided when a pair is looked at (``views``).
"""

from __future__ import annotations

import io
import os

from percept_cli.images.faults import decoder_errors
from percept_cli.images.formats import PILLOW_FORMATS, format_of
from percept_cli.images.frames import check_frame, frames_of, is_deep
from percept_cli.images.limits import check_pixels
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.names import shown

_DEEP_BYTES_PER_PIXEL = 48  # four channels as they are stored, in float32, and what is made of them
_PNG_END = b"IEND\xaeB`\x82"  # the closing chunk with its checksum, the same in every file


def decode(data: bytes, path: str | os.PathLike[str], policy: ImagePolicy = AS_SEEN) -> Decoded:
    """What a file's bytes hold.

    Args:
        data: the whole file.
        path: where it came from, for messages.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage: if it is no picture, or a truncated or damaged one.
        UnsupportedImage: if it is a sound picture that percept would have to cut down, or more than the limits.
    """
    name = shown(path)
    form = format_of(data)
    with decoder_errors(name):
        if form is not None and form.name in _SCENES:
            return _chosen(_scene(data, name, policy, form.name), policy.frame)
        return _by_pillow(data, name, policy)


def _by_pillow(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from PIL import Image, UnidentifiedImageError

    from percept_cli.images.deep_tiff import is_tiff
    from percept_cli.images.png_colours import is_png, without_colours

    if policy.ignore_icc and is_png(data):
        data = without_colours(data)
    try:
        image = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
    except UnidentifiedImageError:
        if is_tiff(data):  # it has many kinds of pixels that Pillow does not know
            return _chosen(_deep(data, name, policy), policy.frame)
        raise
    with image:
        if is_deep(image):
            return _chosen(_deep(data, name, policy), policy.frame)
        found = frames_of(image, name, data, policy)
        if image.format == "PNG" and _PNG_END not in data:  # Pillow does not mind a lost end
            raise OSError("its end is missing")
        return found


def _deep(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.images.deep import read_deep
    from percept_cli.images.deep_tiff import is_tiff
    from percept_cli.images.scenes.float_tiff import is_float

    if is_tiff(data) and is_float(data):
        return _scene(data, name, policy, "float TIFF")

    def check(width: int, height: int, frames: int) -> None:
        check_pixels(width, height, frames, policy.limits, _DEEP_BYTES_PER_PIXEL)

    return read_deep(data, name, policy, check)


def _chosen(found: Decoded, frame: int | None) -> Decoded:
    """With that frame alone which is asked for."""
    check_frame(frame, len(found.frames))
    return found if frame is None else Decoded(found.frames[frame - 1 : frame], scene=found.scene)


_SCENES = frozenset({"OpenEXR", "Radiance HDR", "NumPy .npy"})


def _scene(data: bytes, name: str, policy: ImagePolicy, form: str) -> Decoded:
    """What a file of light holds."""
    from percept_cli.images import scenes

    readers = {
        "OpenEXR": scenes.read_exr,
        "Radiance HDR": scenes.read_hdr,
        "NumPy .npy": scenes.read_npy,
        "float TIFF": scenes.read_float_tiff,
    }

    def check(width: int, height: int) -> None:
        check_pixels(width, height, 1, policy.limits, _DEEP_BYTES_PER_PIXEL)

    return readers[form](data, name, check)
