"""Where the bytes of an object go as they come: a file, or the memory where the disk is full."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import BinaryIO

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.storage.faults import NoRoom

MOST_IN_MEMORY = 64 << 20
"""Bytes of an object that is read though the disk is full."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What systems say of a full disk."""


class Sink:
    """Takes an object in, as far as it may be taken.

    Args:
        most: bytes that may come.
        path: where they go; None for the memory.
    """

    def __init__(self, most: int | None, path: Path | None = None) -> None:
        self._most, self._path = most, path
        self._file: BinaryIO | None = None
        self._size = 0
        self.data = bytearray()
        self.digest = hashlib.sha256()

    def __enter__(self) -> Sink:
        if self._path is not None:
            self._file = self._path.open("wb", buffering=0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, piece: bytes) -> None:
        """The next bytes.

        Raises:
            UnsupportedImage: if that is too much.
            NoRoom: if the disk is full.
        """
        self._size += len(piece)
        check_size(self._size, self._most)
        self.digest.update(piece)
        if self._file is None:
            if self._size > MOST_IN_MEMORY:
                raise UnreadableImage("no space is left on the disk to fetch it", hint="free some disk space.")
            self.data += piece
            return
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            if error.errno in NO_ROOM:
                raise NoRoom from None
            raise UnreadableImage(f"cannot be saved: {error.strerror}", hint="check the disk.") from None


def check_size(size: int | None, most: int | None) -> None:
    """Refuse an object by its size.

    Raises:
        UnsupportedImage: without its name.
    """
    if size is not None and most is not None and size > most:
        raise UnsupportedImage(
            f"it has more than the limit of {most:,} bytes",
            hint="if you trust the source, allow it with --limits file=off.",
        )
