"""A Pillow image → frames of sRGB pixels with their alpha, 8 bits per channel."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.profiles import naming, profile_of, to_srgb
from percept_cli.formats.faults import OF_PILLOW
from percept_cli.formats.pages import Cost, Page, Source, decoded
from percept_cli.formats.png.colours import describes
from percept_cli.formats.tiff.tags import APART, SMALLER_OR_MASK, Tag
from percept_cli.images.joining import Joining, rows_of_strip
from percept_cli.images.limits import check_frames, check_info
from percept_cli.images.picture import Decoded, Frame, levels_of
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from PIL import Image

    from percept_cli.formats.colour.profiles import Conversion

EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"})
_OTHER_COLOURS = {
    "LAB": "convert the image to sRGB first, with PIL.ImageCms.",
    "HSV": 'pass image.convert("RGB").',
}
"""Of Pillow's modes with 8 bits: what to do. Between them and sRGB there are several ways, and values are lost."""
OF_8_BITS = Cost(14)
"""Pillow's own pixels, the same converted, and the result put together."""
WITH_ALPHA = Cost(24, 4)
"""The same of what is laid over something, and frames that are kept."""
OF_LARGE = Cost(9)
"""Pillow's own pixels, the same turned upright, and what is put together of them."""
_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_LARGEST = 65535


def read_by_pillow(source: Source) -> Decoded:
    """What a file holds that Pillow reads at full precision.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        OSError and others: as Pillow raises them.
    """
    with opened(source.data) as image:
        if is_deep(image):
            return decoded(lambda: [_deep_page(image, source)], source)
        return frames_of(image, source)


def opened(data: bytes | BinaryIO) -> Image.Image:
    """A file as Pillow has it, of the formats that percept reads.

    Raises:
        UnidentifiedImageError: if Pillow does not know it.
    """
    from PIL import Image

    from percept_cli.formats import known

    return Image.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=known.PILLOW_FORMATS)


def _deep_page(image: Image.Image, source: Source) -> Page:
    """What Pillow gives of more than 8 bits, which is grey of 16."""
    import numpy as np

    if image.mode not in _DEEP_GREY:
        raise source.refused(f"more than 8 bits per channel are not supported in {image.format}")
    source.check(image.width, image.height)
    image.load()
    values = np.asarray(image)
    if values.min() < 0 or values.max() > _LARGEST:
        raise source.refused("signed samples, or samples of more than 16 bits, are not supported")
    with naming(source.name):
        profile = None if source.policy.ignore_icc else profile_of(image, b"GRAY")
    return Page(levels_of(values[..., None], _LARGEST), None, image.getexif().get(Tag.ORIENTATION, 1), profile)


def frames_of(image: Image.Image, source: Source) -> Decoded:
    """What a file that Pillow has opened holds; of 8 bits per channel or fewer.

    Args:
        image: whose pixels need not be loaded yet.
        source: what it was opened from.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
    """
    policy, count = source.policy, getattr(image, "n_frames", 1)
    check_info(image.info, policy.limits)
    if count == 1 or image.format == "MPO":  # a phone's JPEG with further views inside has one main picture
        check_frame(policy.frame, 1)
        large = check_size_of(image, source)
        notes = notes_of(image)
        frame = frame_of(image, source.name, policy, large=large, in_place=True)
        views = () if count == 1 else (f"only the first of its {count} views is compared",)
        return Decoded((frame,), notes=(*views, *notes))
    if image.format != "TIFF" and policy.frame is None:  # of which not all of them are read
        check_frames(count, policy.limits)
    places = _places(image, count)
    places = places[picked(policy, len(places))]
    width, height = (max(image_side) for image_side in zip(*(size for _, size in places), strict=True))
    large = source.check(width, height, len(places), cost=WITH_ALPHA)
    frames, durations, notes = [], [], notes_of(image)
    for place, _ in places:
        image.seek(place)
        frames.append(frame_of(image, source.name, policy, large=large))
        durations.append(image.info.get("duration"))
    shown = [round(float(duration)) for duration in durations if duration is not None]
    return Decoded(tuple(frames), tuple(shown) if len(shown) == len(frames) else None, notes=notes)


def frames_seen(images: Iterator[Image.Image], frames: slice, source: Source, *, large: bool) -> tuple[Frame, ...]:
    """Frames of an animation, as ``frame_of`` has them.

    Args:
        images: what is seen with each of its frames.
        frames: which of them.
        source: what is read.
        large: as ``frame_of`` takes it.
    """
    return tuple(
        frame_of(image, source.name, source.policy, large=large, in_place=True)
        for image in islice(images, frames.start, frames.stop)
    )


def picked(policy: ImagePolicy, count: int) -> slice:
    """Which of a file's frames are read.

    Raises:
        UnsupportedImage: if there is none of the number that is asked for; without the file's name.
    """
    check_frame(policy.frame, count)
    return slice(0, count) if policy.frame is None else slice(policy.frame - 1, policy.frame)


def check_frame(frame: int | None, count: int) -> None:
    """Refuse a frame that a file does not have.

    Raises:
        UnsupportedImage: without the file's name.
    """
    if frame is not None and frame > count:
        has = "1 frame" if count == 1 else f"{count} frames"
        hint = "leave --frame out." if count == 1 else f"choose from 1 to {count}."
        raise UnsupportedImage(f"it has {has}, so frame {frame} does not exist", hint=hint)


def check_size_of(image: Image.Image, source: Source) -> bool:
    """Refuse an image that is too large, before its pixels are loaded: a small file can unpack to many gigabytes.

    Returns:
        Whether it is large, as ``Source.check`` says.

    Raises:
        UnsupportedImage: without the file's name.
    """
    _check_palette(image)
    cost = WITH_ALPHA if image.has_transparency_data else OF_8_BITS
    return source.check(*image.size, cost=cost, of_large=OF_LARGE)


def is_turned(image: Image.Image) -> bool:
    """Whether a picture is to be turned upright."""
    return image.getexif().get(Tag.ORIENTATION, 1) in range(2, 9)


def _check_palette(image: Image.Image) -> None:
    """Pillow takes for granted that there is one."""
    if image.mode == "P" and image.palette is None:
        raise OSError("its palette is missing")


def is_deep(image: Image.Image) -> bool:
    """Whether it holds, where it is, more than the 8 bits per channel that Pillow gives without a word."""
    if image.mode not in EIGHT_BIT_MODES or _is_deep_page(image):
        return True
    for codec, _, _, arguments in getattr(image, "tile", ()):
        first, *rest = arguments if isinstance(arguments, tuple) else (arguments,)
        if codec.startswith("ppm") and rest and rest[0] > 255:  # the file's largest value, if it says one
            return True
        # The raw mode tells: "RGB;16B" is 16 bits per channel, "BGR;16" is BMP's 5 + 6 + 5 bits per pixel.
        if ";16" in str(first) and first != "BGR;16":
            return True
    return False


def _is_deep_page(image: Image.Image) -> bool:
    """Whether the page of a TIFF has more than 8 bits, or is of a kind that Pillow mistakes."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return False
    apart = tags.get(Tag.PLANAR_CONFIGURATION) == APART
    return max(tags.get(Tag.BITS_PER_SAMPLE, (1,))) > 8 or (apart and image.mode in ("LA", "PA"))


def has_deep_pages(image: Image.Image) -> bool:
    """Whether that holds for any page of a file, or Pillow does not know its kind; goes to the first page again.

    Args:
        image: just opened: changes that were made to its pixels would be lost.
    """
    if image.format != "TIFF":
        return False
    try:
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            if is_deep(image):
                return True
        image.seek(0)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return True
    return False


def check_deep(image: Image.Image) -> None:
    """Refuse an image of more than 8 bits per channel.

    Raises:
        UnsupportedImage: without the file's name.
    """
    if image.mode in _OTHER_COLOURS:
        raise UnsupportedImage(
            f"percept does not convert colours of mode {image.mode}", hint=_OTHER_COLOURS[image.mode]
        )
    if is_deep(image):
        raise UnsupportedImage(
            f"it has more than 8 bits per channel (mode {image.mode}), which Pillow would reduce to 8",
            hint="pass the path of a file, or a uint16 array.",
        )


def _places(image: Image.Image, count: int) -> list[tuple[int, tuple[int, int]]]:
    """Where Pillow has each frame, and its size."""
    places = range(count)
    if image.format != "TIFF":  # all are as large as the first, and going to one would unpack those before it
        return [(place, image.size) for place in places]
    found = []
    for place in places:
        image.seek(place)
        if not getattr(image, "tag_v2", {}).get(Tag.NEW_SUBFILE_TYPE, 0) & SMALLER_OR_MASK:
            found.append((place, image.size))
    image.seek(0)
    return found or [(0, image.size)]


def notes_of(image: Image.Image) -> tuple[str, ...]:
    """What an image says of itself that describes nothing, which ``frame_of`` leaves out.

    To be asked before that: Pillow complains of broken EXIF only once.
    """
    notes = []
    if not _has_sound_exif(image):
        notes.append("its EXIF data cannot be read and is ignored")
    gamma, colours = image.info.get("gamma"), image.info.get("chromaticity")  # only PNG has them
    if not describes(gamma, None):
        notes.append("its gAMA chunk is invalid and is ignored")
    if not describes(None, colours):
        notes.append("its cHRM chunk is invalid and is ignored")
    return tuple(notes)


def _has_sound_exif(image: Image.Image) -> bool:
    try:
        image.getexif()
    except OF_PILLOW:
        return False
    return True


def frame_of(
    image: Image.Image,
    name: str,
    policy: ImagePolicy,
    *,
    large: bool,
    in_place: bool = False,
    in_memory: bool = False,
) -> Frame:
    """The frame that an image is at.

    Args:
        image: of 8 bits per channel or fewer.
        name: for messages.
        policy: what the recipe says of it.
        large: whether it is converted in strips.
        in_place: whether the image may be changed.
        in_memory: whether it is an image of Pillow's and no file.

    Raises:
        UnreadableImage, UnsupportedImage: for colours that cannot be converted.
        OSError and others: as Pillow raises them for damaged files.
    """
    from PIL import ImageOps

    image.load()
    _check_palette(image)
    if not _has_sound_exif(image):
        pass
    elif in_place:
        ImageOps.exif_transpose(image, in_place=True)
    else:
        image = ImageOps.exif_transpose(image)
    conversion = None if policy.ignore_icc else to_srgb(image, name, in_memory=in_memory)
    width, height = image.size
    if not large:
        return _converted(image, conversion)
    joining, rows = Joining(width, height), rows_of_strip(width)
    for top in range(0, height, rows):
        joining.add(_converted(image.crop((0, top, width, min(top + rows, height))), conversion))
    return joining.frame()


def _converted(image: Image.Image, conversion: Conversion | None) -> Frame:
    if conversion is not None:
        image = conversion(image)
    if not image.has_transparency_data:
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        return Frame(rgb.width, rgb.height, rgb.tobytes())
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A")
    opaque = alpha.getextrema() == (255, 255)
    return Frame(rgba.width, rgba.height, rgba.convert("RGB").tobytes(), None if opaque else alpha.tobytes())
