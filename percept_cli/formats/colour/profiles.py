"""What a picture's numbers mean as colours → the same picture in sRGB, by littleCMS.

Colours are converted relative to the white of each space, with black point compensation: white stays white, black
stays black, and every colour that sRGB has is the colour that was measured, which is what a comparison is about.
(Perceptual tables move colours by taste, differently in every profile.) Colours outside sRGB are clipped.

littleCMS is told not to simplify the conversion. Of 2 million random colours in Display P3 and Adobe RGB, its
short cut for 8 bits was off by up to 0.72 levels, and about 1 % of the values were not the nearest; without it, by
0.57 levels and 0.2 %; grey gammas by 1.5 and 0.5 levels. It costs a quarter of a second per megapixel.

A profile that moves no colour by more than a level is sRGB, whatever it is called, and leaves every value alone.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NoReturn

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.faults import AS_SRGB
from percept_cli.formats.png.colours import describes, profile_of_chunks

if TYPE_CHECKING:
    from PIL import Image, ImageCms

    Conversion = Callable[[Image.Image], Image.Image]

_SPACES = {b"GRAY": "greyscale", b"RGB ": "RGB", b"CMYK": "CMYK"}
_GREY_MODES = frozenset({"1", "L", "LA", "La"})
_CLASSES = frozenset({b"scnr", b"mntr", b"prtr", b"spac"})  # scanner, monitor, printer, space: what is embedded
_HEADER = 128  # bytes
_SRGB_BY_CODE = (1, 13, 0, 1)  # BT.709's primaries, sRGB's curve, RGB, all 256 levels (ITU-T H.273)
_TOLERANCE = 1  # level
_MOST_TAGS = 100  # those of printers have some 30
_DARKEST_WHITE = 200  # level: papers that a scanner sees as grey are lighter
_FEWEST = 1 / 8  # of the samples, that must come out different from all others
_HINT_IN_MEMORY = (
    "if its values are sRGB, del image.info['icc_profile'] or pass ignore_icc=True; Pillow keeps old profiles."
)


def to_srgb(image: Image.Image, name: str, *, in_memory: bool = False) -> Conversion | None:
    """How a picture's colours, or those of a part of it, come to sRGB; alpha, and what is transparent, stay.

    Args:
        image: a loaded image of 8 bits per channel or fewer.
        name: where it came from, for messages.
        in_memory: whether it is an image of Pillow's and no file.

    Returns:
        None where its values are sRGB already, or it does not say what they are.

    Raises:
        UnreadableImage: for a profile that is broken.
        UnsupportedImage: for one of another kind than the picture, and for a PNG that says by cICP that it is not
            sRGB.
    """
    space = b"GRAY" if image.mode in _GREY_MODES else b"CMYK" if image.mode == "CMYK" else b"RGB "
    with naming(name, in_memory=in_memory):
        profile = profile_of(image, space, in_memory=in_memory)
        found = None if profile is None else conversion_of(profile, space)
    return None if found is None else found[1]


@contextmanager
def naming(name: str, *, in_memory: bool = False) -> Iterator[None]:
    """Let the errors about a profile say whose it is, and what can be done.

    Args:
        name: where the picture came from.
        in_memory: whether it is an image of Pillow's and no file.
    """
    try:
        yield
    except PerceptError as error:
        raise type(error)(f"{name}: {error}", hint=_HINT_IN_MEMORY if in_memory else AS_SRGB) from None


def conversion_of(profile: bytes, space: bytes) -> tuple[bytes, Conversion] | None:
    """How pictures of a profile come to sRGB: the profile without what is never used, and the conversion by it.

    Args:
        profile: ICC bytes, as a file has them.
        space: what the picture is, as ICC calls it: ``b"GRAY"``, ``b"RGB "`` or ``b"CMYK"``.

    Returns:
        None where the values are those of sRGB already.

    Raises:
        UnreadableImage: for a profile that is broken.
        UnsupportedImage: for one of another kind than the picture.
    """
    profile = _checked(profile)
    own = profile[16:20]
    if own == space:
        conversion = _conversion(profile, space)
        return None if conversion is None else (profile, conversion)
    # Programs that make a picture grey leave its RGB profile in. Readers differ in what that means, unless it
    # is sRGB, which grey is by itself.
    if own == b"RGB " and space == b"GRAY" and _conversion(profile, own) is None:
        return None
    raise UnsupportedImage(f"its colour profile is for {_named(own)}, but the image is {_named(space)}")


def profile_of(image: Image.Image, space: bytes, *, in_memory: bool = False) -> bytes | None:
    """The ICC profile that holds, or None for sRGB; the first of a PNG's chunks counts, in the order here.

    Args:
        image: as Pillow opens it, or ``png.said`` does; its pixels are not looked at.
        space: what the picture is, as ICC calls it; grey has no use for cHRM.
        in_memory: whether it is an image of Pillow's and no file.

    Raises:
        UnreadableImage: for a profile that cannot be unpacked.
        UnsupportedImage: for a PNG that says by cICP that it is not sRGB.
    """
    points = image.info.get("cICP")
    if points == _SRGB_BY_CODE:
        return None
    if points is not None:
        codes = "/".join(map(str, points))
        raise UnsupportedImage(f"its cICP chunk states {codes} (ITU-T H.273), but only sRGB is supported there")
    profile = image.info.get("icc_profile")
    if profile:
        return bytes(profile)
    if "icc_profile" in image.info and not in_memory:  # Pillow's None: there was one, and it was in pieces
        _broken("it cannot be decompressed")
    if "srgb" in image.info:
        return None
    # What describes no colours counts as absent, with a note of who reads the picture.
    gamma, colours = image.info.get("gamma"), image.info.get("chromaticity")
    return profile_of_chunks(
        gamma if describes(gamma, None) else None,
        colours if describes(None, colours) else None,
        grey=space == b"GRAY",
    )


def _checked(profile: bytes) -> bytes:
    """A profile without the tables that no picture here needs; refused if it is no whole one.

    Those are D2B0 and the like, of version 4.3: they can make every pixel go through any number of elements, so
    that a file of two kilobytes takes hours. What they say in floats, A2B0 and its like say as well.
    """
    if len(profile) < _HEADER or profile[36:40] != b"acsp":
        _broken("it is not an ICC profile")
    (size,) = struct.unpack_from(">I", profile)
    # littleCMS takes what is left of one, and other tables where those it wants are lost.
    if size > len(profile):
        _broken(f"only {len(profile)} of its {size} bytes are present")
    if profile[12:16] not in _CLASSES:
        raise UnsupportedImage(f"its colour profile is of class {_text(profile[12:16])}, which is not for images")
    (count,) = struct.unpack_from(">I", profile.ljust(_HEADER + 4, b"\0"), _HEADER)
    if count > _MOST_TAGS:
        _broken(f"it has too many tags ({count:,})")
    table = bytearray(profile)
    for place in range(_HEADER + 4, min(_HEADER + 4 + 12 * count, len(profile) - 3), 12):
        if bytes(table[place : place + 3]) in (b"D2B", b"B2D"):
            table[place] = ord("x")  # each another name, and none that is known
    return bytes(table)


def _broken(why: str) -> NoReturn:
    raise UnreadableImage(f"its colour profile is damaged: {why}")


def _named(space: bytes) -> str:
    return _SPACES.get(space, _text(space))


def _text(signature: bytes) -> str:
    return repr(signature.decode("latin-1").strip())


@lru_cache(maxsize=8)
def _conversion(profile: bytes, space: bytes) -> Conversion | None:
    """What brings pictures of a profile to sRGB; None if they are sRGB. Kept: the pictures of a folder have few.

    Args:
        profile: ICC bytes.
        space: its colour space, as ICC calls it.
    """
    from PIL import ImageChops, ImageCms

    mode = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}.get(space)
    if mode is None:
        raise UnsupportedImage(f"its colour profile is for {_named(space)}, which is not supported")
    try:
        found = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE,
        )
    # PyCMSError: something that it needs is missing in it.
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError) as error:
        _broken(f"littleCMS: {error}")
    except ImportError:
        raise UnsupportedImage("it has a colour profile, but this Pillow was built without littleCMS") from None
    samples = _samples(mode)
    converted = found.apply(samples)
    _check_colours(samples, converted)
    if mode == "CMYK":
        return found.apply
    moved = ImageChops.difference(samples.convert("RGB"), converted).tobytes()
    if max(moved) <= _TOLERANCE:
        return None
    if mode == "L":
        levels = [level for band in converted.split() for level in band.tobytes()]
        return lambda image: _by_table(image, levels)
    return lambda image: _by_transform(image, found)


def _check_colours(samples: Image.Image, converted: Image.Image) -> None:
    """Refuse a profile that makes pictures alike which are not: one damaged bit can do that.

    White is the last of the samples but for inks, where it is the first; relative to itself it is white.
    """
    values = converted.tobytes()
    colours = {values[place : place + 3] for place in range(0, len(values), 3)}
    white = values[:3] if samples.mode == "CMYK" else values[-3:]
    if min(white) < _DARKEST_WHITE or len(colours) < _FEWEST * samples.width:
        _broken("it maps different colours to one")


def _samples(mode: str) -> Image.Image:
    """Colours all over the cube, every level of each channel, and of grey up to white; of inks, first none."""
    from PIL import Image

    if mode == "L":
        return Image.frombytes(mode, (256, 1), bytes(range(256)))
    if mode == "CMYK":
        inks = [bytes(colour) for colour in product(range(0, 256, 51), repeat=4)]
        return Image.frombytes(mode, (len(inks), 1), b"".join(inks))
    steps = range(0, 256, 15)
    colours = [*product(steps, steps, steps)]
    for mask in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
        colours += [(level * mask[0], level * mask[1], level * mask[2]) for level in range(256)]
    return Image.frombytes("RGB", (len(colours), 1), bytes(level for colour in colours for level in colour))


def _by_transform(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    alpha = None
    if image.has_transparency_data:  # a channel, a palette's, or one colour that stands for nothing
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    colours = image.convert("RGB")  # a copy
    transform.apply_in_place(colours)
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _by_table(image: Image.Image, table: list[int]) -> Image.Image:
    if image.has_transparency_data:
        return image.convert("RGBA").point([*table, *range(256)])
    return image.convert("RGB").point(table)
