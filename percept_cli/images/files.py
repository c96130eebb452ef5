"""A path → the bytes of its file, and what identifies them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.images.faults import reason_of
from percept_cli.images.limits import USUAL_LIMITS, Limits, check_file
from percept_cli.names import shown
from percept_cli.results import FileStamp


def read_file(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> bytes:
    """The bytes of one file.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
        UnsupportedImage: as ``read_stamped``.
    """
    return read_stamped(path, limits)[0]


def read_stamped(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> tuple[bytes, FileStamp]:
    """The bytes of one file, and what identifies them.

    The times are taken before the content: if the file changes while it is read, its later time tells.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
        UnsupportedImage: if it is larger than the limit, or does not fit the memory.
    """
    name = shown(path)
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            check_file(status.st_size, limits)
            data = file.read()
    except FileNotFoundError:
        raise UnreadableImage(f"{name}: no such file", hint="check the spelling of the path.") from None
    except IsADirectoryError:
        raise UnreadableImage(
            f"{name}: is a directory, not a picture", hint="name one picture file on each side."
        ) from None
    except PermissionError:
        raise UnreadableImage(f"{name}: permission denied", hint="give yourself the right to read it.") from None
    except UnsupportedImage as error:
        raise UnsupportedImage(f"{name}: {error}", hint=error.hint) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit the memory of this machine", hint="cut the picture into smaller ones."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadableImage(
            f"{name}: cannot be read: {reason_of(error)}", hint="check the path, and the disk that it is on."
        ) from None
    _check_content(data, name)
    return data, FileStamp(len(data), status.st_mtime_ns, hashlib.sha256(data).hexdigest())


def read_stream(stream: BinaryIO, name: str, limits: Limits = USUAL_LIMITS) -> bytes:
    """All that comes in on a stream.

    Args:
        stream: read to its end, or to the limit of a file.
        name: for messages.
        limits: what holds.

    Raises:
        UnreadableImage: if nothing comes, or it breaks off.
        UnsupportedImage: if more than the limit comes.
    """
    try:
        data = stream.read() if limits.file is None else stream.read(limits.file + 1)
        check_file(len(data), limits)
    except UnsupportedImage:
        raise UnsupportedImage(
            f"{name}: more than the limit of {limits.file:,} bytes",
            hint="--limits file=off allows it, if you trust what comes in.",
        ) from None
    except OSError as error:
        raise UnreadableImage(f"{name}: cannot be read: {reason_of(error)}", hint="name a file instead.") from None
    _check_content(data, name)
    return data


def _check_content(data: bytes, name: str) -> None:
    if not data:
        raise UnreadableImage(
            f"{name}: empty (0 bytes)", hint="the program that made it may have failed; make it anew."
        )
