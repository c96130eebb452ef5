"""One file → one picture: 8-bit sRGB pixels, or an error that names the file and says what to do.

What a file's bytes mean is decided here and nowhere else:

- EXIF orientation is applied.
- Transparency is laid over white.
- Colours that an ICC profile, or a PNG's chunks, say are not sRGB are converted to it (``colour_profiles``), and
  then transparency is laid over white. Without either, values are sRGB. CMYK without a profile becomes RGB by
  R = (255 - C) · (255 - K) / 255, and likewise G and B. Not read: profiles in BMP, GIF, TGA and
  PPM, and EXIF's ColorSpace.
- Only the formats in ``FORMATS`` are read, whatever else Pillow could do with a file (run Ghostscript on it).
- Pictures of more than 8 bits per channel, and animations, are refused: cutting them down would lie.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.machine import free_memory
from percept_cli.names import shown
from percept_cli.results import FileStamp

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "TGA")
"""What is read, by Pillow's names, those first that Pillow loads first; PPM stands for PBM, PGM and PPM."""

_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"})
_BYTES_PER_PIXEL = 14  # while it is read: Pillow's own pixels, the same converted, and the result put together
_BYTES_PER_PIXEL_WITH_ALPHA = 24  # which is laid over white
_PNG_END = b"IEND\xaeB`\x82"  # the closing chunk with its checksum, the same in every file
_SUPPORTED = "save it as 8-bit greyscale, RGB or RGBA"


@dataclass(frozen=True)
class Picture:
    """A decoded picture."""

    width: int
    """In pixels, after the EXIF turn."""
    height: int
    """In pixels, after the EXIF turn."""
    pixels: bytes
    """height × width × 3 bytes, rows from the top, R G B in 0..255, sRGB."""


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of one file.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
    """
    return read_stamped(path)[0]


def read_stamped(path: str | os.PathLike[str]) -> tuple[bytes, FileStamp]:
    """The bytes of one file, and what identifies them.

    The times are taken before the content: if the file changes while it is read, its later time tells.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
        UnsupportedImage: if it does not fit the memory.
    """
    name = shown(path)
    try:
        with Path(path).open("rb") as file:
            modified_ns = os.fstat(file.fileno()).st_mtime_ns
            data = file.read()
    except FileNotFoundError:
        raise UnreadableImage(f"{name}: no such file", hint="check the spelling of the path.") from None
    except IsADirectoryError:
        raise UnreadableImage(
            f"{name}: is a directory, not a picture", hint="name one picture file on each side."
        ) from None
    except PermissionError:
        raise UnreadableImage(f"{name}: permission denied", hint="give yourself the right to read it.") from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit the memory of this machine", hint="cut the picture into smaller ones."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadableImage(
            f"{name}: cannot be read: {_reason(error)}", hint="check the path, and the disk that it is on."
        ) from None
    if not data:
        raise UnreadableImage(
            f"{name}: the file is empty (0 bytes)",
            hint="the program that made it may have failed; make it anew.",
        )
    return data, FileStamp(len(data), modified_ns, hashlib.sha256(data).hexdigest())


def decode(data: bytes, path: str | os.PathLike[str], policy: ImagePolicy = AS_SEEN) -> Picture:
    """The picture in a file's bytes.

    Args:
        data: the whole file.
        path: where it came from, for messages.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage: if it is no picture, or a truncated or damaged one.
        UnsupportedImage: if it is a sound picture that percept would have to cut down.
    """
    from PIL import Image, ImageOps

    from percept_cli.images.colour_profiles import in_srgb
    from percept_cli.images.png_colours import is_png, without_colours

    name = shown(path)
    if policy.ignore_icc and is_png(data):
        data = without_colours(data)
    with _decoder_errors(name), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _refuse_unsupported(image, name)
        _refuse_too_large(image, name)
        image.load()
        if image.format == "PNG" and _PNG_END not in data:  # Pillow does not mind a lost end
            raise OSError("its end is missing")
        ImageOps.exif_transpose(image, in_place=True)
        rgb = _over_white(image if policy.ignore_icc else in_srgb(image, name, data))
        return Picture(rgb.width, rgb.height, rgb.tobytes())


@contextmanager
def _decoder_errors(name: str) -> Iterator[None]:
    """Turn what Pillow raises into errors that name the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError:
        raise UnreadableImage(
            f"{name}: not a picture, or of a format that percept does not read",
            hint=f"its content counts, not its extension; percept reads {', '.join(FORMATS)}.",
        ) from None
    except Image.DecompressionBombError as error:
        raise UnsupportedImage(
            f"{name}: too many pixels: {_reason(error)}", hint="cut the picture into smaller ones."
        ) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit the memory of this machine", hint="cut the picture into smaller ones."
        ) from None
    # Pillow's decoders raise all of these on damaged data.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        EOFError,
        struct.error,
    ) as error:
        if "MAX_TEXT_CHUNK" in str(error):
            raise UnsupportedImage(
                f"{name}: its colour profile, or a text in it, unpacks to more than 1 MB",
                hint="--ignore-icc (ignore_icc=True in Python) takes the values as they are.",
            ) from None
        raise UnreadableImage(
            f"{name}: the picture is damaged or cut off: {_reason(error)}",
            hint="make or copy the file anew.",
        ) from None


def _reason(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.strip() or type(error).__name__


def _refuse_unsupported(image: Image.Image, name: str) -> None:
    if image.mode not in _EIGHT_BIT_MODES or _is_deep(image):
        raise UnsupportedImage(
            f"{name}: more than 8 bits per channel or another kind of pixels (mode {image.mode}) are not "
            "supported yet",
            hint=f"{_SUPPORTED}, both pictures the same way.",
        )
    # A phone's JPEG with further views inside (MPO) has one main picture, which is the first.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        frames = getattr(image, "n_frames", "several")
        raise UnsupportedImage(
            f"{name}: has {frames} frames; animations and multi-page files are not supported yet",
            hint="save the frame you mean as a picture of its own.",
        )


def _refuse_too_large(image: Image.Image, name: str) -> None:
    # Before anything is allocated: a file of some hundred bytes can unpack to many gigabytes.
    each = _BYTES_PER_PIXEL_WITH_ALPHA if image.has_transparency_data else _BYTES_PER_PIXEL
    needed, free = image.width * image.height * each, free_memory()
    if needed > free:
        raise UnsupportedImage(
            f"{name}: {image.width}×{image.height} pixels need {needed / 1e9:.1f} GB of memory to be read, and "
            f"{free / 1e9:.1f} GB are free",
            hint="cut the picture into smaller ones.",
        )


def _is_deep(image: Image.Image) -> bool:
    """Whether a file holds more than the 8 bits per channel that Pillow gives without a word."""
    for codec, _, _, arguments in getattr(image, "tile", ()):
        first, *rest = arguments if isinstance(arguments, tuple) else (arguments,)
        if codec.startswith("ppm") and rest[0] > 255:  # the file's largest value
            return True
        # The raw mode tells: "RGB;16B" is 16 bits per channel, "BGR;16" is BMP's 5 + 6 + 5 bits per pixel.
        if ";16" in str(first) and first != "BGR;16":
            return True
    return False


def _over_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB")
