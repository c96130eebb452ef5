"""What decoders raise → errors that name the file and say what to do."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage


@contextmanager
def decoder_errors(name: str) -> Iterator[None]:
    """Turn what libraries raise on bad files into errors that name the file; percept's own get the name in front.

    Args:
        name: of the file, as it is shown.

    Raises:
        UnreadableImage, UnsupportedImage: instead of what was raised.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PerceptError as error:
        if not str(error).startswith(f"{name}: "):
            raise type(error)(f"{name}: {error}", hint=error.hint) from None
        raise
    except UnidentifiedImageError:
        raise UnreadableImage(
            f"{name}: not a picture, or of a format that percept does not read",
            hint="its content counts, not its extension; percept info lists what is read.",
        ) from None
    except Image.DecompressionBombError as error:
        raise UnsupportedImage(
            f"{name}: too many pixels: {reason_of(error)}",
            hint="this is Pillow's own limit, PIL.Image.MAX_IMAGE_PIXELS, which your program can raise.",
        ) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit the memory of this machine", hint="cut the picture into smaller ones."
        ) from None
    # Decoders raise all of these on damaged data.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        EOFError,
        struct.error,
        zlib.error,
    ) as error:
        if "MAX_TEXT_CHUNK" in str(error):
            raise UnsupportedImage(
                f"{name}: its colour profile, or a text in it, unpacks to more than 1 MB",
                hint="--ignore-icc (ignore_icc=True in Python) takes the values as they are.",
            ) from None
        raise UnreadableImage(
            f"{name}: the picture is damaged or cut off: {reason_of(error)}",
            hint="make or copy the file anew.",
        ) from None


def reason_of(error: BaseException) -> str:
    """What an error says, in words."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.strip() or type(error).__name__
