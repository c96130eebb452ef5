"""Objects that were fetched, kept in a folder: bounded, the oldest go first, and any number of processes share it.

An object is kept in a file that is called after its address and version, and after the SHA-256 of what it held, so
that whoever reads it also sees whether it is whole. A file is written as a new one and then moved to its place.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.storage.address import Address
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.system.addresses import without_secrets
from percept_cli.system.lock import Lock
from percept_cli.system.names import shown
from percept_cli.system.whole import PREFIX

USUAL_SIZE = 4 << 30
"""Bytes that a folder for kept images may hold."""
_MARK = "CACHEDIR.TAG"
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# Images that percept has fetched; may be deleted.\n"
_LOCK = f"{PREFIX}cache.lock"
_KEPT_WHEN_FULL = 0.9
_ABANDONED = 24 * 3600  # seconds after which a file that is not whole is of a process that was killed


@dataclass(frozen=True)
class KeptObject:
    """One object in the cache."""

    path: Path
    sha256: str
    """Of what was fetched."""


class Cache:
    """A folder of fetched objects.

    Args:
        folder: made if it is not there.
        most: bytes that it may hold.

    Raises:
        OutputUnwritable: if it cannot be written to, or is someone's folder of other things.
    """

    def __init__(self, folder: Path, most: int = USUAL_SIZE) -> None:
        self.folder, self._most = folder, most
        self._using = threading.Lock()
        self._size: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            mark = folder / _MARK
            if not mark.exists():
                if any(not entry.name.startswith(PREFIX) for entry in folder.iterdir()):
                    raise OutputUnwritable(
                        f"{shown(folder)}: this folder holds other files, which are not percept's",
                        hint="give --cache an empty folder, or a new one.",
                    )
                mark.write_text(_SIGNATURE, encoding="ascii")
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "permission denied")
        except OSError as error:
            raise OutputUnwritable(
                f"{shown(folder)}: cannot be used as a cache: {error.strerror}",
                hint="choose a folder that you can write to.",
            ) from None

    def find(self, address: Address, stamp: ObjectStamp) -> KeptObject | None:
        """A version of an object, if it is here; it then counts as used just now."""
        key = _key(address, stamp)
        try:
            with os.scandir(self.folder / key[:2]) as entries:
                name = next((entry.name for entry in entries if entry.name.startswith(f"{key}-")), None)
        except OSError:
            return None
        return None if name is None else self._used(self.folder / key[:2] / name)

    def _used(self, path: Path) -> KeptObject | None:
        try:
            # The time of its last change stays: it shows that nobody wrote to it while it was read.
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        except OSError:  # another process has just deleted it, or the folder is read-only
            if not path.exists():
                return None
        return KeptObject(path, path.name.partition("-")[2])

    def temporary(self) -> Path:
        """Where an object can be written before it is kept."""
        return self.folder / f"{PREFIX}{os.urandom(8).hex()}.tmp"

    def keep(self, address: Address, stamp: ObjectStamp, file: Path, sha256: str) -> KeptObject:
        """Take a whole file in, and make room.

        Args:
            address: of the object.
            stamp: of its version.
            file: in the cache's folder; moved.
            sha256: of the file.

        Raises:
            OSError: if that fails.
        """
        key = _key(address, stamp)
        place = self.folder / key[:2] / f"{key}-{sha256}"
        place.parent.mkdir(exist_ok=True)
        size = file.stat().st_size
        file.replace(place)
        with self._using:
            self._size = self._measured() if self._size is None else self._size + size
            if self._size > self._most:
                self._size = self._trimmed(place)
        return KeptObject(place, sha256)

    def drop(self, kept: KeptObject) -> None:
        """Delete what is damaged."""
        with suppress(OSError):
            kept.path.unlink()

    def make_room(self) -> None:
        """Delete the older half: the disk is full."""
        with self._using:
            self._size = self._trimmed(None, self._measured() // 2)

    def _measured(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _files(self) -> list[tuple[float, int, Path]]:
        """Of all objects: when they were last used, their sizes and their files."""
        found = []
        for folder in self.folder.iterdir():
            if len(folder.name) != 2:
                self._clear(folder)
                continue
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        status = entry.stat()
                        found.append((status.st_atime, status.st_size, Path(entry.path)))
        return found

    @staticmethod
    def _clear(file: Path) -> None:
        """Delete what a killed process has left."""
        with suppress(OSError):
            left = file.name.startswith(PREFIX) and file.suffix == ".tmp"
            if left and file.stat().st_mtime < time.time() - _ABANDONED:
                file.unlink()

    def _trimmed(self, newest: Path | None, most: int | None = None) -> int:
        """Delete the oldest, if no other process is doing so, and say how much there is now."""
        try:
            lock = Lock(self.folder / _LOCK)
        except OSError:  # another process is at it
            return 0 if self._size is None else self._size
        try:
            files = sorted(self._files())
            size = sum(one for _, one, _ in files)
            limit = int(self._most * _KEPT_WHEN_FULL) if most is None else most
            for _, one, path in files:
                if size <= limit:
                    break
                if path != newest:
                    with suppress(OSError):
                        path.unlink()
                        size -= one
            return size
        finally:
            lock.release()


def _key(address: Address, stamp: ObjectStamp) -> str:
    # A signature in an address, which is another the next time, is no part of what it names.
    text = f"{without_secrets(address.text)}\n{stamp.size}\n{stamp.word}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
