"""A path → the bytes of its file, and what identifies them."""

from __future__ import annotations

import hashlib
import os
import selectors
import shutil
import stat
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.faults import reason_of
from percept_cli.formats.known import format_of
from percept_cli.geometry import FileStamp
from percept_cli.images.limits import USUAL_LIMITS, Limits, check_file
from percept_cli.storage.address import Address, address_in
from percept_cli.system.names import shown
from percept_cli.system.whole import PREFIX

if TYPE_CHECKING:
    from percept_cli.storage.stamp import Fetched

MOST_IN_MEMORY = 64 << 20
"""Bytes of a file that are held in memory, if its picture can be read in strips."""
PATIENCE = 30.0
"""Seconds that a named pipe may go without a byte before it is given up."""
_AT_A_TIME = 1 << 20  # bytes
_TRIES_OF_CACHE = 3
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
            raise UnreadableImage(
                "it changed while it was being read", hint="compare it again when it is complete."
            )
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


def size_of(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> int | None:
    """Bytes of one file, which is not opened: what can be told of it without reading it.

    Of an object elsewhere that is what its store says; None if it does not say.

    Raises:
        UnreadableImage: if it is missing, a directory, a pipe, a device, empty, or may not be read.
        UnsupportedImage: if it is larger than the limit.
    """
    name = shown(path)
    with _reading(name):
        address = address_in(path)
        if address is not None:
            from percept_cli.storage.store import current

            size = current().stat(address).size
            if size is not None:
                check_file(size, limits)
            return size
        status = Path(path).stat()
        _refuse_devices(status.st_mode)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError
        if not os.access(path, os.R_OK):
            raise PermissionError
        check_file(status.st_size, limits)
    if not status.st_size:
        _check_content(b"", name)
    return status.st_size


def read_stamped(path: str | os.PathLike[str], limits: Limits = USUAL_LIMITS) -> tuple[Content, FileStamp]:
    """What is in one file, and what identifies it.

    The times are taken before the content: if the file changes while it is read, its later time tells. A pipe,
    such as a shell makes of ``<(render)``, is read to its end.

    Raises:
        UnreadableImage: if it is missing, a directory, a device, empty, or may not be read, and for a pipe that
            stays silent for ``PATIENCE``.
        UnsupportedImage: if it is larger than the limit, or does not fit the memory.
    """
    name = shown(path)
    with _reading(name):
        address = address_in(path)
        if address is not None:
            content, stamp = _fetched(address, limits)
        else:
            with _opened(path) as file:
                content, stamp = _content(file, Path(path), limits)
    _check_content(content, name)
    return content, stamp


def _content(file: BinaryIO, path: Path, limits: Limits) -> tuple[Content, FileStamp]:
    status = os.fstat(file.fileno())
    _refuse_devices(status.st_mode)
    if stat.S_ISFIFO(status.st_mode):
        data = _to_its_end(lambda: _piped(file.fileno()), limits)
    else:
        check_file(status.st_size, limits)
        if status.st_size > MOST_IN_MEMORY:
            head, size, digest = _digested(file)
            check_file(size, limits)  # once more: it may grow
            stamp = FileStamp(size, status.st_mtime_ns, digest)
            return LargeFile(path, head, stamp), stamp
        data = file.read(status.st_size + 1)
        if len(data) > status.st_size:  # it grows, or is one of the system's, which say no size
            data += _to_its_end(lambda: file.read(_AT_A_TIME), limits, data)
    return data, FileStamp(len(data), status.st_mtime_ns, hashlib.sha256(data).hexdigest())


def _fetched(address: Address, limits: Limits) -> tuple[Content, FileStamp]:
    """What is in an object elsewhere, by the cache where it is there and whole.

    Raises:
        UnreadableImage, UnsupportedImage: if that cannot be read; without its name.
    """
    from percept_cli.storage.store import current  # which most runs need not import

    for _ in range(_TRIES_OF_CACHE):
        found = current().fetch(address, limits.file)
        if found.data is not None:
            return found.data, _stamp_of(found, len(found.data))
        assert found.path is not None
        try:
            with found.path.open("rb") as file:
                content, here = _content(file, found.path, limits)
        except FileNotFoundError:  # another process made room
            continue
        if here.sha256 != found.sha256:  # damaged on this disk
            found.path.unlink(missing_ok=True)
            continue
        if isinstance(content, LargeFile):
            content = _held(content)
        return content, _stamp_of(found, here.size)
    raise UnreadableImage("it does not stay in the cache", hint="give --cache a larger or another disk.")


def _stamp_of(found: Fetched, size: int) -> FileStamp:
    return FileStamp(size, found.stamp.modified_ns, found.sha256, found.stamp.etag)


def _held(content: LargeFile) -> LargeFile:
    """A large file of the cache under a name of its own, for as long as it is needed: others make room there.

    Raises:
        UnreadableImage: if there is no room for it on a disk without links.
    """
    own = content.path.parent.parent / f"{PREFIX}{os.urandom(8).hex()}.tmp"
    try:
        try:
            own.hardlink_to(content.path)
        except OSError:  # the disk has no links
            shutil.copy2(content.path, own)
    except OSError as error:
        own.unlink(missing_ok=True)
        raise UnreadableImage(f"cannot be kept: {error.strerror}", hint="free some disk space.") from None
    held = LargeFile(own, content.head, content.stamp)
    weakref.finalize(held, own.unlink, missing_ok=True)
    return held


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    """A file or a pipe; the latter at once, though nobody may be writing.

    Raises:
        UnreadableImage: if it is a device or a socket; without the file's name.
    """
    mode = Path(path).stat().st_mode
    _refuse_devices(mode)  # before it is opened: that alone can move a tape, or never end
    if not stat.S_ISFIFO(mode):
        return Path(path).open("rb")
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")


def _refuse_devices(mode: int) -> None:
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        kind = "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise UnreadableImage(
            f"this is {kind}, not an image",
            hint="give a file; to read a program's output, pipe it in: <(render), or -.",
        )


def _piped(descriptor: int) -> bytes:
    """What comes next in a pipe, nothing at its end.

    Raises:
        UnreadableImage: if nothing comes for ``PATIENCE``; without the file's name.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(PATIENCE):
                raise UnreadableImage(
                    f"nothing arrived through this pipe for {PATIENCE:g} s",
                    hint="check that the program that writes to it is running, or save the image as a file.",
                )
            try:
                return os.read(descriptor, _AT_A_TIME)
            except BlockingIOError:  # somebody else was faster
                continue


def _to_its_end(read: Callable[[], bytes], limits: Limits, before: bytes = b"") -> bytes:
    """All that comes, or its beginning where that is no image: then whoever decodes it says so.

    Args:
        read: gives what comes next, nothing at the end.
        limits: what holds.
        before: what came before, which counts.

    Raises:
        UnsupportedImage: as soon as more than the limit has come; without the file's name.
    """
    parts, size = list[bytes](), len(before)
    while part := read():
        parts.append(part)
        size += len(part)
        if size - len(part) < _HEAD <= size and format_of((before + b"".join(parts))[:_HEAD]) is None:
            break
        if limits.file is not None and size > limits.file:
            raise UnsupportedImage(
                f"it has more than the limit of {limits.file:,} bytes",
                hint="if you trust the source, allow it with --limits file=off.",
            )
    return b"".join(parts)


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
            f"{name} is a folder, not an image", hint="give one image file for each side."
        ) from None
    except PermissionError:
        raise UnreadableImage(f"{name}: permission denied", hint="check the file's permissions.") from None
    except PerceptError as error:
        raise type(error)(f"{name}: {error}", hint=error.hint) from None
    except MemoryError:
        raise UnsupportedImage(
            f"{name}: does not fit into the memory of this machine", hint="split it into smaller images."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise UnreadableImage(
            f"{name}: cannot be read: {reason_of(error)}", hint="check the path and the disk."
        ) from None


def read_stream(stream: BinaryIO, name: str, limits: Limits = USUAL_LIMITS) -> bytes:
    """All that comes in on a stream, however long that takes: whoever started the pipe can end it.

    Args:
        stream: read to its end, or to the limit of a file.
        name: for messages.
        limits: what holds.

    Raises:
        UnreadableImage: if nothing comes, it breaks off, or is a device.
        UnsupportedImage: if more than the limit comes.
    """
    with _reading(name):
        try:
            mode = os.fstat(stream.fileno()).st_mode
        except (OSError, AttributeError):  # it has no file, or a closed one
            mode = 0
        _refuse_devices(mode)
        try:
            data = _to_its_end(lambda: stream.read(_AT_A_TIME), limits)
        except OSError as error:
            raise UnreadableImage(f"cannot be read: {reason_of(error)}", hint="give a file instead.") from None
    _check_content(data, name)
    return data


def _check_content(data: Content, name: str) -> None:
    if not data:
        raise UnreadableImage(
            f"{name}: empty (0 bytes)", hint="the program that wrote it may have failed; create the file again."
        )
