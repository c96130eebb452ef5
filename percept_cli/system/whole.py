"""Files that are written whole or not at all: whatever percept puts in the place of another file, it puts so."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.system.beneath import FilePlace
from percept_cli.system.names import shown

PREFIX = ".percept-"
"""What the names of files begin with that are not whole yet."""
# Names under which systems offer a process its own open files.
_OPEN_FILE = re.compile(r"/dev/fd/(\d+)|/proc/self/fd/(\d+)|/dev/std(out|err)")


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that could not be written, or would overwrite an input, before any work is done.

    Raises:
        OutputUnwritable: if it is a directory, its folder is missing or read-only, or it is one of the inputs.
    """
    name = shown(path)
    if _open_file(path) is not None:
        return
    if path.is_dir():
        raise OutputUnwritable(f"{name}: the output is a folder", hint="choose a file in it.")
    if path.exists():
        for source in inputs:
            if source.exists() and path.samefile(source):
                raise OutputUnwritable(
                    f"{name}: the output would overwrite the input {shown(source)}", hint="choose another file."
                )
    if _target(path).is_symlink():
        raise OutputUnwritable(f"{name}: its symbolic links form a loop", hint="choose another file.")
    folder = _target(path).parent
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise OutputUnwritable(
            f"{name}: the folder {shown(folder)} {what}", hint="choose a file in a folder that exists."
        )
    # A file is written as a new one beside it, so the right to write to it is not enough; a device is.
    in_place = path.exists() and not path.is_file()
    if (path.exists() and not os.access(path, os.W_OK)) or not (in_place or os.access(folder, os.W_OK)):
        raise OutputUnwritable(
            f"{name}: permission denied", hint="choose a file in a folder that you can write to."
        )


def write_output(path: Path, pieces: Iterable[str | bytes]) -> None:
    """Write a report: to a temporary sibling first, then moved into place, so that no reader sees half of it.

    A link is followed; a device, a pipe or a file that this process has open is written to as it is.

    Raises:
        OutputUnwritable: if writing fails, with whatever was there before left as it was.
    """
    data = map(encoded, pieces)
    descriptor = _open_file(path)
    try:
        if descriptor is not None:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.writelines(data)
        elif path.exists() and not path.is_file():
            with path.open("wb") as file:
                file.writelines(data)
        else:
            write_whole(_target(path), data)
    except BrokenPipeError:
        pass  # the reader has seen what it wanted
    except OSError as error:
        raise OutputUnwritable(
            f"{shown(path)}: cannot be written: {error.strerror}",
            hint="no partial file was left; check the disk, and the permissions of the folder.",
        ) from None


def encoded(piece: str | bytes) -> bytes:
    r"""A piece of a report as it is written: valid UTF-8; bytes of a name that are no text become ``\udcXX``."""
    return piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace")


def _open_file(path: Path) -> int | None:
    """The descriptor that ``/dev/stdout`` and its like stand for."""
    found = _OPEN_FILE.fullmatch(path.as_posix())
    if found is None:
        return None
    if found[3]:
        return 1 if found[3] == "out" else 2
    return int(found[1] or found[2])


def _target(path: Path) -> Path:
    # Unlike Path.resolve, this does not fail on links in a circle, but gives one of them.
    return Path(os.path.realpath(path))


def write_whole(target: Path, pieces: Iterable[bytes], *, prefix: str = PREFIX) -> None:
    """Write a file down to the disk, and then put it in its place, with the rights of what was there.

    Raises:
        OSError: if that fails, with whatever was there before left as it was.
    """
    with replacing(FilePlace(target.parent, target.name), prefix) as new:
        with new.path.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, new.path)


def write_new(target: Path, pieces: Iterable[bytes]) -> None:
    """Write a file down to the disk, and then put it in its place, where nothing may be.

    Raises:
        FileExistsError: if something is there, also if it came while the file was written; it stays as it was.
        OSError: if writing fails.
    """
    new = FilePlace(target.parent, target.name).beside(f"{PREFIX}{os.urandom(8).hex()}.tmp").path
    try:
        with new.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        _move_to_new(new, target)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()


def _move_to_new(new: Path, target: Path) -> None:
    # On Windows, renaming fails if the name is taken. Elsewhere only linking does, which not every disk can.
    if os.name == "nt":
        new.rename(target)
        return
    try:
        target.hardlink_to(new)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        new.rename(target)


@contextmanager
def replacing(place: FilePlace, prefix: str = PREFIX) -> Iterator[FilePlace]:
    """Where to make a new file: at the end it takes the place of what was there, or is deleted where that fails.

    Args:
        place: of the file; its name may be as long as the system allows, so the new one is not named after it.
        prefix: what the new one's name begins with.
    """
    new = place.beside(f"{prefix}{os.urandom(8).hex()}.tmp")
    try:
        yield new
        new.move_to(place)
    except BaseException:  # Ctrl-C included: the temporary file must not stay
        with suppress(FileNotFoundError):
            new.unlink()
        raise
