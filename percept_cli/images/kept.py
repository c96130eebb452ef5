"""Where pixels are kept: in memory, or those of very large pictures in a temporary file."""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from percept_cli.errors import UnsupportedImage
from percept_cli.system.machine import free_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_IN_MEMORY = 256 << 20
"""Bytes of one picture, or of its alpha, that are held in memory."""
_AT_A_TIME = 4 << 20  # bytes
_SHARE_OF_MEMORY = 1 / 4  # of what is free, for one of two pictures and what else a comparison takes


class Kept:
    """Bytes in a temporary file, which no folder lists and which is gone with this object, however that ends.

    A slice is read from the file when it is asked for. Safe between threads.

    Args:
        file: open for reading and writing; belongs to this object from now on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._size = file.seek(0, os.SEEK_END)

    def __del__(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        first, last, step = part.indices(self._size)
        assert step == 1
        with self._lock:
            self._file.seek(first)
            return self._file.read(max(0, last - first))

    def mapped(self) -> mmap.mmap:
        """All bytes, of which the system holds in memory what is looked at, as long as it has no better use."""
        with self._lock:
            return mmap.mmap(self._file.fileno(), self._size, access=mmap.ACCESS_READ)


Pixels: TypeAlias = bytes | Kept
"""What frames and pictures are made of; both have a length and give bytes for a slice."""


def array_of(pixels: Pixels) -> NDArray[np.uint8]:
    """All bytes, not to be written to; of a file, as they are looked at."""
    import numpy as np

    return np.frombuffer(pixels if isinstance(pixels, bytes) else pixels.mapped(), np.uint8)


def chunks(pixels: Pixels) -> Iterator[bytes]:
    """All bytes, a few megabytes at a time."""
    return (pixels[place : place + _AT_A_TIME] for place in range(0, len(pixels), _AT_A_TIME))


def same(first: Pixels, second: Pixels) -> bool:
    """Whether two hold the same bytes."""
    if isinstance(first, bytes) and isinstance(second, bytes):
        return first == second
    if first is second or len(first) != len(second):
        return first is second
    return all(one == other for one, other in zip(chunks(first), chunks(second), strict=True))


class Room:
    """Where bytes are put one after the other until they are all there.

    Args:
        size: how many will come at most.

    Raises:
        UnsupportedImage: if the temporary folder has no room for them; without the file's name.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._file = io.BytesIO() if size <= MOST_IN_MEMORY else _temporary(size)

    def add(self, data: bytes) -> None:
        """Put bytes behind those that are there.

        Raises:
            UnsupportedImage: if the temporary folder is full; without the file's name.
        """
        try:
            self._file.write(data)
        except OSError as error:
            raise _no_room(self._size, str(error.strerror or error)) from None

    def kept(self) -> Pixels:
        """All of them; nothing can be added any more.

        Raises:
            UnsupportedImage: as ``add``.
        """
        file = self._file
        if isinstance(file, io.BytesIO):
            return file.getvalue()
        try:
            file.flush()
        except OSError as error:
            raise _no_room(self._size, str(error.strerror or error)) from None
        self._file = io.BytesIO()  # this one is not ours any more
        return Kept(file)

    def __del__(self) -> None:
        file: BinaryIO | None = self.__dict__.get("_file")
        if file is not None:
            with contextlib.suppress(OSError):  # of a full disk it was told already
                file.close()


def _temporary(size: int) -> BinaryIO:
    """A file for so many bytes; memory where the folder has no room and that has plenty."""
    try:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free >= size:
            return tempfile.TemporaryFile(prefix="percept-")
        why = f"only {free / 1e9:.1f} GB are free"
    except OSError as error:
        why = str(error.strerror or error)
    if size <= free_memory() * _SHARE_OF_MEMORY:
        return io.BytesIO()
    raise _no_room(size, why)


def _no_room(size: int, why: str) -> UnsupportedImage:
    return UnsupportedImage(
        f"its pixels need {size / 1e9:.1f} GB in the temporary folder {tempfile.gettempdir()}: {why}",
        hint="point TMPDIR (TEMP on Windows) to a folder with more room, or split it into smaller images.",
    )
