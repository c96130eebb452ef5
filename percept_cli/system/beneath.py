"""Files below a folder, reached without following a link on the way: for paths that somebody else wrote.

Where the system can open a file relative to an open folder, that is how it is done, so that a link which takes a
folder's place meanwhile is not followed either.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

_CAN_STAY = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether folders can be held open; Windows cannot, and there links are looked for before each step."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""No link, no waiting for the writer of a pipe, bytes as they are."""


class LinkInTheWay(Exception):
    """A file is, or lies behind, a symbolic link."""


def leads_out(name: str, *, windows: bool = os.name == "nt") -> bool:
    """Whether a relative path, with ``/`` as separator, could be a file elsewhere, or none at all."""
    path = PurePosixPath(name)
    if "\0" in name or path.is_absolute() or ".." in path.parts or not path.parts:
        return True
    # There a backslash separates as well, and a colon names a drive or a hidden stream of a file.
    return windows and ("\\" in name or ":" in name or bool(PureWindowsPath(name).anchor))


@dataclass(frozen=True)
class FilePlace:
    """Where a file is, or could be."""

    folder: Path
    name: str
    _held: int | None = None
    """The folder, open; None where it cannot be held."""

    @property
    def path(self) -> Path:
        """For messages, and for libraries that open it themselves."""
        return self.folder / self.name

    def beside(self, name: str) -> FilePlace:
        """Another file in the same folder."""
        return FilePlace(self.folder, name, self._held)

    def status(self) -> os.stat_result | None:
        """Of what is there, be it a link; None where nothing is."""
        with suppress(FileNotFoundError), _naming(self.path):
            return os.stat(self._at, dir_fd=self._held, follow_symlinks=False)
        return None

    def open(self, flags: int) -> int:
        """A descriptor of it.

        Raises:
            LinkInTheWay: if it is a link.
            OSError: if that fails, or it is neither new nor a regular file.
        """
        found = self.status()
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise LinkInTheWay
        with _naming(self.path):
            file = os.open(self._at, flags | _FILE, 0o666, dir_fd=self._held)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                raise OSError(errno.EINVAL, "it is not a regular file")
        return file

    def unlink(self) -> None:
        """Delete it."""
        with _naming(self.path):
            os.unlink(self._at, dir_fd=self._held)

    def remove_folder(self) -> None:
        """Delete it if it is an empty folder.

        Raises:
            OSError: if it is not.
        """
        with _naming(self.path):
            os.rmdir(self._at, dir_fd=self._held)

    def move_to(self, other: FilePlace) -> None:
        """Put it in the place of another file of the same folder."""
        with _naming(other.path):
            os.replace(self._at, other._at, src_dir_fd=self._held, dst_dir_fd=self._held)

    @property
    def _at(self) -> str:
        return str(self.path) if self._held is None else self.name


@contextmanager
def below(folder: Path, name: str, *, make: bool = False) -> Iterator[FilePlace]:
    """The place of a file below a folder, while it lasts.

    Args:
        folder: trusted as it is, be it a link.
        name: relative to it, with ``/`` as separator; not trusted.
        make: whether folders that are missing on the way are made.

    Raises:
        LinkInTheWay: if a folder on the way is a link.
        FileNotFoundError: if one is missing.
        OSError: if one is none, or cannot be opened.
    """
    if leads_out(name):
        raise ValueError("the name leads out of the folder")
    *parents, last = PurePosixPath(name).parts
    here, held = folder, _opened(folder)
    try:
        for part in parents:
            inner = _step(here, part, held, make=make)
            if held is not None:
                os.close(held)
            here, held = here / part, inner
        yield FilePlace(here, last, held)
    finally:
        if held is not None:
            os.close(held)


def _opened(folder: Path) -> int | None:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if _CAN_STAY else None


def _step(here: Path, part: str, held: int | None, *, make: bool) -> int | None:
    """From one folder into the next."""
    spot = FilePlace(here, part, held)
    found = spot.status()
    if found is None and make:
        with _naming(spot.path), suppress(FileExistsError):
            os.mkdir(spot._at, dir_fd=held)
        found = spot.status()
    if found is not None and (stat.S_ISLNK(found.st_mode) or _is_junction(spot.path)):
        raise LinkInTheWay
    with _naming(spot.path):
        if held is not None:
            return os.open(part, _FOLDER, dir_fd=held)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return None


def _is_junction(path: Path) -> bool:
    """Of Windows: a link between folders that is no symbolic link; Python knows them from 3.12 on."""
    look = getattr(os.path, "isjunction", None)
    return look is not None and bool(look(path))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors name the whole path, and not what of it the system was given."""
    try:
        yield
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
