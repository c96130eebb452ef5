"""Reports → files: checked before the work, written late, whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.names import shown

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
        raise OutputUnwritable(f"{name}: the output is a directory", hint="name a file in it.")
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise OutputUnwritable(
                f"{name}: the output would overwrite the input {shown(source)}", hint="name another file."
            )
    if _target(path).is_symlink():
        raise OutputUnwritable(f"{name}: its links lead in a circle", hint="name another file.")
    folder = _target(path).parent
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise OutputUnwritable(
            f"{name}: the folder {shown(folder)} {what}", hint="name a file in a folder that exists."
        )
    writable = os.access(path, os.W_OK) if path.exists() else os.access(folder, os.W_OK)
    if not writable:
        raise OutputUnwritable(f"{name}: permission denied", hint="name a file in a folder you may write to.")


def write_output(path: Path, text: str) -> None:
    """Write a report: to a temporary sibling first, then moved into place, so that no reader sees half of it.

    A link is followed; a device, a pipe or a file that this process has open is written to as it is.

    Raises:
        OutputUnwritable: if writing fails, with whatever was there before left as it was.
    """
    data = text.encode("utf-8", "surrogateescape")
    descriptor = _open_file(path)
    try:
        if descriptor is not None:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
        elif path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(_target(path), data)
    except BrokenPipeError:
        pass  # the reader has seen what it wanted
    except OSError as error:
        raise OutputUnwritable(
            f"{shown(path)}: cannot be written: {error.strerror}", hint="nothing was left half-written."
        ) from None


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


def _replace(target: Path, data: bytes) -> None:
    # Not named after the target, whose name may be as long as the system allows.
    temporary = target.with_name(f".percept-{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:  # Ctrl-C included: the temporary file must not stay
        temporary.unlink(missing_ok=True)
        raise
