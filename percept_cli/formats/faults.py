"""What decoders raise → errors that name the file and say what to do."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.system.libraries import library_at_fault
from percept_cli.system.names import printable

AS_SRGB = "re-export it as sRGB, or use --ignore-icc (ignore_icc=True in Python) to read its values as sRGB."
"""Of colours that cannot be converted."""
_ANEW = "re-export or re-download the file."
OF_PILLOW = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError),
    *(RuntimeError, struct.error, zlib.error),  # the first of AVIF
)
"""What Pillow's decoders raise on damaged data."""
_UNKNOWN = ("unsupported", "not supported", "security limit", "unknown nclx")
"""A library's words for what it was not built to read, and for its own limits."""


@contextmanager
def decoder_errors(name: str, *, anything: bool = False) -> Iterator[None]:
    """Turn what libraries raise on bad files into errors that name the file; percept's own get the name in front.

    Args:
        name: of the file, as it is shown.
        anything: whether a library is at work that may raise whatever there is: tifffile meets damaged data with
            AttributeError, AssertionError and many more, and those in C++ and Rust do not say.

    Raises:
        UnreadableImage, UnsupportedImage: instead of what was raised.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PerceptError as error:
        # What it quotes of the file stands on one line: no word of the file's can look like one of percept's.
        message = printable(str(error))
        if message.startswith(f"{name}: "):
            raise type(error)(message, hint=error.hint) from None
        raise type(error)(f"{name}: {message}", hint=error.hint or _ANEW) from None
    except UnidentifiedImageError:
        raise UnreadableImage(
            f"{name}: not an image, or in a format that percept does not read",
            hint="its content decides the format, not its extension; percept info lists the formats.",
        ) from None
    except Image.DecompressionBombError as error:
        raise UnsupportedImage(
            f"{name}: too many pixels: {reason_of(error)}",
            hint="this is Pillow's own limit; your program can raise PIL.Image.MAX_IMAGE_PIXELS.",
        ) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit into the memory of this machine", hint="split it into smaller images."
        ) from None
    except Exception as error:
        # A library that cannot be loaded says nothing of the file, and anything unknown is a defect of percept.
        if library_at_fault(error) is not None or not (anything or isinstance(error, OF_PILLOW)):
            raise
        raise _typed(name, error) from None
    except BaseException as error:  # Ctrl-C and the like go on; only a panic of Rust, which is none, is a bad file
        if type(error).__name__ == "PanicException":
            raise _typed(name, error) from None
        raise


def damaged(reason: str, name: str = "") -> UnreadableImage:
    """The error of a file that breaks its format's rules, or ends too early."""
    before = f"{name}: " if name else ""
    return UnreadableImage(f"{before}the image is damaged or truncated: {reason}", hint=_ANEW)


def _typed(name: str, error: BaseException) -> PerceptError:
    reason = reason_of(error)
    if "MAX_TEXT" in reason:  # of an image in memory; of files texts are unpacked by hand
        return UnsupportedImage(
            f"{name}: it contains a text that is too large: {reason}",
            hint="this is Pillow's own limit, in PIL.PngImagePlugin; your program can raise it.",
        )
    if reason.startswith("Generic Error"):  # and then advice on how to build it
        reason = "libjxl does not say why"
    if any(word in reason.lower() for word in _UNKNOWN):
        return UnsupportedImage(
            f"{name}: cannot be read: {reason}", hint="export both images in another format, for example as PNG."
        )
    return damaged(reason, name)


def reason_of(error: BaseException) -> str:
    """What an error says, in words."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(" ".join(text.split())) or type(error).__name__


def quiet_libraries() -> None:
    """Keep what the libraries say of damaged files off stderr; loggers of a user's own still get it."""
    import logging

    for library in ("tifffile", "imagecodecs"):
        logger = logging.getLogger(library)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
