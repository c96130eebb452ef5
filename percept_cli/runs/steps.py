"""One step of an approval: a file of the baseline, what is to become of it, and what it may never touch."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from percept_cli.pairs.alternates import ENDINGS, OWN_FOLDER, owner_of
from percept_cli.system.beneath import FilePlace, below, leads_out
from percept_cli.system.names import printable, shown

Kind = Literal["changed", "new", "missing"]


@dataclass(frozen=True)
class BaselineStep:
    """What is to be done to one file of the baseline."""

    name: str
    kind: Kind
    target: Path
    """The reference."""
    source: Path | None
    """The candidate that takes its place; None where the reference is deleted."""
    before: str | None
    """SHA-256 of the reference as it was compared; None where there was none."""
    after: str | None
    """SHA-256 of the candidate as it was compared."""
    shared: bool = False
    """Whether another picture was compared with this reference as well."""
    variant: str | None = None
    """Of the alternate that the candidate is kept as, or that is dropped; None where a baseline is meant."""
    compared: tuple[Path, str | None] | None = None
    """The reference that the candidate was compared with, and its SHA-256, where the target is another file."""


class Refused(Exception):
    """Why a step is not taken, in words."""


def inside(file: Path, folder: Path, role: str) -> str:
    """A file's path relative to its folder, both as the report has them, if it may be acted on."""
    if not file.is_relative_to(folder):
        raise Refused(f"{shown(file)} is not in the {role} folder {shown(folder)}")
    name = file.relative_to(folder).as_posix()
    if leads_out(name):
        raise Refused(f"{shown(file)} is not in the {role} folder {shown(folder)}")
    owner = owner_of(name)
    check_name(name if owner is None else owner[0])
    return name


def check_name(name: str) -> None:
    """Refuse an image that could be something else, or be elsewhere."""
    if leads_out(name):
        raise Refused("the name leads out of the baseline folder")
    path = PurePosixPath(name)
    if any(part.startswith(".") for part in path.parts):
        raise Refused(f"{printable(name)} is hidden, or in a hidden folder, and hidden files are never approved")
    # Bytes can be a picture and a program; its name says what it is used as.
    if path.suffix.lower() not in ENDINGS:
        raise Refused(f"{printable(name)} is not named like an image")


def there(folder: Path, name: str) -> bool:
    """Whether there is anything of this name, be it a link."""
    try:
        with below(folder, name) as spot:
            return spot.status() is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


def sha256_of(folder: Path, name: str) -> str | None:
    """Of a file that is no link, nor behind one; None where there is none."""
    try:
        with below(folder, name) as spot, os.fdopen(spot.open(os.O_RDONLY), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def mode_of(reference: FilePlace) -> int | None:
    """What a file that takes its place gets: who may read and write it, and never that it can be run."""
    found = reference.status()
    return None if found is None else stat.S_IMODE(found.st_mode) & 0o666


def copy_and_hash(source: FilePlace, target: FilePlace, mode: int | None) -> str:
    """Copy a file's bytes, down to the disk, and return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with (
        os.fdopen(source.open(os.O_RDONLY), "rb") as reading,
        os.fdopen(target.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as writing,
    ):
        while piece := reading.read(1 << 20):
            digest.update(piece)
            writing.write(piece)
        writing.flush()
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(writing.fileno(), mode)
        os.fsync(writing.fileno())
    return digest.hexdigest()


def remove_empty_folders(folder: Path, place: str) -> None:
    """Delete the folders of an alternate that are empty now, up to percept's own in the baseline folder."""
    with suppress(OSError):  # one is not empty, or is not there: nor are those above it
        for parent in PurePosixPath(place).parents:
            if parent.is_relative_to(OWN_FOLDER):
                with below(folder, parent.as_posix()) as spot:
                    spot.remove_folder()
