"""A path → the bytes of its file, and what identifies them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.images.faults import reason_of
from percept_cli.images.limits import USUAL_LIMITS, Limits, check_file
from percept_cli.names import shown
from percept_cli.results import FileStamp

MOST_IN_MEMORY = 64 << 20
"""Bytes of a file that are held in memory, if its picture can be read in strips."""
_AT_A_TIME = 1 << 20  # bytes
_HEAD = 4096  # bytes, enough to know a format by


@dataclass(frozen=True)
class LargeFile:
    """A file that is not held in memory: it is read once more where its picture is made."""

    path: Path
    head: bytes
    """How it begins."""
    stamp: FileStamp

    def open(self) -> BinaryIO:
        """The file, to be closed by the caller.

        Raises:
            OSError: if that fails.
            UnreadableImage: if it is not the same any more; without its name.
        """
        file = self.path.open("rb")
        status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.stamp.size, self.stamp.modified_ns):
            file.close()
            raise UnreadableImage("it changed while it was read", hint="compare it when it is written.")
        return file

    def whole(self) -> bytes:
        """All of it.

        Raises:
            OSError, UnreadableImage: as ``open``.
        """
        with self.open() as file:
            return file.read()


Content: TypeAlias = bytes | LargeFile
"""What is in a file."""


def read_file(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> bytes:
    """The bytes of one file.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
        UnsupportedImage: as ``read_stamped``.
    """
    content = read_stamped(path, limits)[0]
    with _reading(shown(path)):
        return content if isinstance(content, bytes) else content.whole()


def read_stamped(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> tuple[Content, FileStamp]:
    """What is in one file, and what identifies it.

    The times are taken before the content: if the file changes while it is read, its later time tells.

    Raises:
        UnreadableImage: if it is missing, a directory, empty, or may not be read.
        UnsupportedImage: if it is larger than the limit, or does not fit the memory.
    """
    name = shown(path)
    with _reading(name), Path(path).open("rb") as file:
        status = os.fstat(file.fileno())
        check_file(status.st_size, limits)
        if status.st_size > MOST_IN_MEMORY:
            head, size, digest = _digested(file)
            stamp = FileStamp(size, status.st_mtime_ns, digest)
            return LargeFile(Path(path), head, stamp), stamp
        data = file.read()
    _check_content(data, name)
    return data, FileStamp(len(data), status.st_mtime_ns, hashlib.sha256(data).hexdigest())


def _digested(file: BinaryIO) -> tuple[bytes, int, str]:
    """The first bytes of a file, how many there are, and the SHA-256 of all."""
    digest, size, head = hashlib.sha256(), 0, b""
    while part := file.read(_AT_A_TIME):
        head = head or part[:_HEAD]
        size += len(part)
        digest.update(part)
    return head, size, digest.hexdigest()


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what goes wrong with a file into errors that name it."""
    try:
        yield
    except FileNotFoundError:
        raise UnreadableImage(f"{name}: no such file", hint="check the spelling of the path.") from None
    except IsADirectoryError:
        raise UnreadableImage(
            f"{name}: is a directory, not a picture", hint="name one picture file on each side."
        ) from None
    except PermissionError:
        raise UnreadableImage(f"{name}: permission denied", hint="give yourself the right to read it.") from None
    except PerceptError as error:
        raise type(error)(f"{name}: {error}", hint=error.hint) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit the memory of this machine", hint="cut the picture into smaller ones."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadableImage(
            f"{name}: cannot be read: {reason_of(error)}", hint="check the path, and the disk that it is on."
        ) from None


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
