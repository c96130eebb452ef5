"""Reports → files: checked before the work, written late, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from percept_cli.errors import OutputUnwritable


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that could not be written, or would overwrite an input, before any work is done.

    Raises:
        OutputUnwritable: if it is a directory, its folder is missing or read-only, or it is one of the inputs.
    """
    name = path.as_posix()
    if path.is_dir():
        raise OutputUnwritable(f"{name}: the output is a directory", hint="name a file in it.")
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise OutputUnwritable(
                f"{name}: the output would overwrite the input {source.as_posix()}", hint="name another file."
            )
    folder = path.resolve().parent
    if not folder.is_dir():
        raise OutputUnwritable(
            f"{name}: the folder does not exist", hint=f"create it: mkdir -p {folder.as_posix()}"
        )
    writable = os.access(path, os.W_OK) if path.exists() else os.access(folder, os.W_OK)
    if not writable:
        raise OutputUnwritable(f"{name}: permission denied", hint="name a file in a folder you may write to.")


def write_output(path: Path, text: str) -> None:
    """Write a report: to a temporary sibling first, then moved into place, so that no reader sees half of it.

    A link is followed; a device or pipe is written to as it is.

    Raises:
        OutputUnwritable: if writing fails, with whatever was there before left as it was.
    """
    data = text.encode("utf-8", "surrogateescape")
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise OutputUnwritable(
            f"{path.as_posix()}: cannot be written: {error.strerror}", hint="nothing was left half-written."
        ) from None


def _replace(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
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
