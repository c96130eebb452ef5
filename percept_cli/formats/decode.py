"""One file → what it holds: frames of sRGB pixels and alpha, or an error that names the file and what to do.

Which reader a file goes to is decided here, by its content. Whatever the reader:

- EXIF orientation is applied.
- Colours that an ICC profile, or a PNG's chunks, say are not sRGB are converted to it (``colour_profiles``).
  Without either, values are sRGB. CMYK without a profile becomes RGB by R = (255 - C) · (255 - K) / 255, and
  likewise G and B. Not read: profiles in BMP, GIF, TGA and PPM, and EXIF's ColorSpace.
- More than 8 bits per channel are kept (``deep``), and light without a limit (``scenes``).
- Of a PNG, what the picture is made of must be sound, to the last checksum; what else is damaged, or says nothing,
  counts as absent, with a note (``png_chunks``, ``png_said``).
- Frames of animations are what a viewer shows, each on top of those before it (``composing``). Pages of a TIFF
  that are smaller copies or masks of others are left out, and so is the picture of an APNG for programs that show
  no animations.
- A large picture is read in strips where its format comes in some (``strips``), with the same result.
- Only the formats in ``formats`` are read, whatever else Pillow could do with a file (run Ghostscript on it).

How transparency, light and sizes are dealt with is decided when a pair is looked at (``views``).
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import BinaryIO

from percept_cli.formats.files import Content
from percept_cli.formats.known import PILLOW_FORMATS, format_of
from percept_cli.formats.pillow import check_frame, frames_of, has_deep_pages, is_deep
from percept_cli.formats.stated import check_claims
from percept_cli.formats.strips import strips_in
from percept_cli.formats.tiff.tags import UNSPECIFIED, Tag
from percept_cli.images.faults import decoder_errors
from percept_cli.images.joining import Joining, beside
from percept_cli.images.limits import check_info, check_pixels
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.system.names import shown

_BYTES_PER_PIXEL_OF_LIGHT = 48  # four channels as they are stored, in float32, and what is made of them
_PNG_DEPTH = 24  # where the bits per channel stand


def decode(content: Content, path: str | os.PathLike[str], policy: ImagePolicy = AS_SEEN) -> Decoded:
    """What a file holds.

    Args:
        content: the whole file, or one that is read here.
        path: where it came from, for messages.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage: if it is no picture, or a truncated or damaged one.
        UnsupportedImage: if it is a sound picture that percept would have to cut down, or more than the limits.
    """
    name = shown(path)
    with decoder_errors(name):
        if isinstance(content, bytes):
            check_claims(content, policy.limits)
        found = _in_strips(content, name, policy)
        if found is not None:
            return found
        if not isinstance(content, bytes):  # held only now, since it does not come in strips
            content = content.whole()
            check_claims(content, policy.limits)
        return _in_one_go(content, name, policy)


def _in_strips(content: Content, name: str, policy: ImagePolicy) -> Decoded | None:
    """What a file of one large picture holds; None for others, and for those that do not come in strips."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open() as file:
        strips = strips_in(file, policy)
        if strips is None or (strips.about is not None and _is_turned(strips.about, policy)):
            return None
        check_frame(policy.frame, 1)
        check_pixels(strips.width, strips.height, 1, policy.limits, 0)
        joining, first = Joining(strips.width, strips.height), None
        for files in strips.files:
            found = [_in_one_go(data, name, policy) for data in files]
            first = first or found[0]
            joining.add(beside([one.frames[0] for one in found]))
        assert first is not None
        return replace(first, frames=(joining.frame(),), notes=(*strips.notes, *first.notes))


def _is_turned(about: BinaryIO, policy: ImagePolicy) -> bool:
    """Whether a picture is to be turned upright; what else it says of itself is held to the limit."""
    from PIL import Image, UnidentifiedImageError

    about.seek(0)
    try:
        with Image.open(about, formats=PILLOW_FORMATS) as image:
            check_info(image.info, policy.limits)
            return image.getexif().get(Tag.ORIENTATION, 1) in range(2, 9)
    except UnidentifiedImageError:  # of a kind that Pillow does not read
        return False
    except ValueError:  # texts or a profile that are too large for Pillow
        return True


def _in_one_go(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    """What the bytes of a whole file hold."""
    form = format_of(data)
    return _READERS.get("" if form is None else form.name, _by_pillow)(data, name, policy)


def _png(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.png.frames import read_png_of_8_bits

    if data[_PNG_DEPTH : _PNG_DEPTH + 1] == b"\x10":
        return _deep(data, name, policy)
    return read_png_of_8_bits(data, name, policy)


def _gif(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.gif import read_gif

    return read_gif(data, name, policy)


def _by_pillow(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    """What Pillow reads; or, of a kind that it would cut down or does not know, another reader."""
    from PIL import Image, UnidentifiedImageError

    from percept_cli.formats.tiff.deep import is_tiff

    if data.startswith(b"P7"):  # PAM, of which Pillow knows another one
        return _deep(data, name, policy)
    try:
        image = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
    except UnidentifiedImageError:
        if is_tiff(data):
            return _deep(data, name, policy)
        raise
    with image:
        if is_deep(image) or has_deep_pages(image):
            return _deep(data, name, policy)
        further = sum(kind == UNSPECIFIED for kind in getattr(image, "tag_v2", {}).get(Tag.EXTRA_SAMPLES, ()))
        return _with_note(frames_of(image, name, data, policy), further)


def _deep(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.deep import read_deep
    from percept_cli.formats.tiff.deep import is_tiff
    from percept_cli.formats.tiff.light import first_page, read_float_tiff

    if not is_tiff(data):
        return _of_one(read_deep(data, name, policy, _limits_of_levels(policy)), policy)
    is_float, further = first_page(data, policy)
    if is_float:
        found = read_float_tiff(data, name, _limits_of_pages(policy), policy)
    else:
        found = read_deep(data, name, policy, _limits_of_levels(policy))
    return _with_note(found, further)


def _with_note(found: Decoded, further: int) -> Decoded:
    """With what is to be said of channels of a TIFF that are no colour and no alpha."""
    if not further:
        return found
    return replace(found, notes=(*found.notes, f"{further} more of its channels not compared"))


def _exr(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.scenes import read_exr

    return _of_one(read_exr(data, name, _limits_of_light(policy), policy), policy)


def _radiance(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.scenes import read_hdr

    return _of_one(read_hdr(data, name, _limits_of_light(policy)), policy)


def _npy(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.scenes import read_npy

    return _of_one(read_npy(data, name, _limits_of_light(policy)), policy)


def _heic(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.heif.heic import read_heic

    return _of_one(read_heic(data, name, policy, _limits_of_levels(policy)), policy)


def _jxl(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.jxl.frames import read_jxl

    return _of_one(read_jxl(data, name, policy, _limits_of_levels(policy)), policy)


def _avif(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    from percept_cli.formats.heif.avif import avif_depth, read_deep_avif

    if avif_depth(data) <= 8:
        return _by_pillow(data, name, policy)
    return _of_one(read_deep_avif(data, name, policy, _limits_of_levels(policy)), policy)


_READERS: Mapping[str, Callable[[bytes, str, ImagePolicy], Decoded]] = {
    "PNG": _png,
    "GIF": _gif,
    "OpenEXR": _exr,
    "Radiance HDR": _radiance,
    "NumPy .npy": _npy,
    "HEIC": _heic,
    "JPEG XL": _jxl,
    "AVIF": _avif,
}
"""By the names of ``formats``; Pillow reads the others."""


def _limits_of_levels(policy: ImagePolicy) -> Callable[[int, int, int], None]:
    """What refuses pictures of more than 8 bits by their width, height and number of frames."""
    from percept_cli.formats.deep import BYTES_PER_PIXEL, BYTES_PER_PIXEL_KEPT

    def check(width: int, height: int, frames: int) -> None:
        each = BYTES_PER_PIXEL + BYTES_PER_PIXEL_KEPT * (frames - 1)
        check_pixels(width, height, frames, policy.limits, -(-each // frames))

    return check


def _limits_of_light(policy: ImagePolicy) -> Callable[[int, int], None]:
    """What refuses pictures of light by their width and height."""
    return lambda width, height: check_pixels(width, height, 1, policy.limits, _BYTES_PER_PIXEL_OF_LIGHT)


def _limits_of_pages(policy: ImagePolicy) -> Callable[[int, int], None]:
    """The same for files of several pages, one after the other: they are counted, and held together."""
    sizes: list[tuple[int, int]] = []

    def check(width: int, height: int) -> None:
        sizes.append((width, height))
        widest, highest = (max(side) for side in zip(*sizes, strict=True))
        check_pixels(widest, highest, len(sizes), policy.limits, _BYTES_PER_PIXEL_OF_LIGHT)

    return check


def _of_one(found: Decoded, policy: ImagePolicy) -> Decoded:
    """What a file of one frame holds, unless another one is asked for."""
    check_frame(policy.frame, len(found.frames))
    return found
