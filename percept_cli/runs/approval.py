"""Accepting what ``percept check`` found: candidates become references, and only those that were compared.

A report is data, and may be anyone's: it says which pictures are meant, and never where. The two folders are the
caller's; nothing outside them is read or written, no link in them leads out, and only pictures are written.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from percept_cli.errors import InvalidSetting, OutputUnwritable, PerceptError, UnreadableFolder
from percept_cli.formats.decode import decode
from percept_cli.formats.files import LargeFile, read_stamped
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.system.beneath import FilePlace, LinkInTheWay, below, leads_out
from percept_cli.system.lock import Lock
from percept_cli.system.names import printable, shown
from percept_cli.system.whole import replacing

LOCK = ".percept-approve.lock"
"""In the baseline folder while files are changed. The system's lock on it counts and not that it exists, so one
that a killed process left behind is in nobody's way."""

_ENDINGS = PICTURE_ENDINGS | {".npy"}
"""Of files that are written or deleted. Bytes can be a picture and a program; its name says what it is used as."""
_PREFIX = ".percept-approve-"
_TEMPORARY = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{16}}\.tmp")

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


class Refused(Exception):
    """Why a step is not taken, in words."""


class Approval:
    """Takes steps within two folders.

    Args:
        folders: baseline and current, as the person who approves names them.
        reported: the same as the report has them, which its paths begin with.
        policy: how candidates are read, to see that they are pictures.
        references: by the name of a picture, its further references in the baseline folder, and whether other
            pictures may have the same.
        dry_run: whether nothing is done.

    Raises:
        InvalidSetting: if the report is of other folders.
        UnreadableFolder: if the folder of candidates is not there.
    """

    def __init__(
        self,
        folders: tuple[str, str],
        reported: tuple[str, str] | None = None,
        *,
        policy: ImagePolicy = AS_SEEN,
        references: Callable[[str], Mapping[str, bool]] = lambda _: {},
        dry_run: bool = False,
    ) -> None:
        self._baseline, self._current = map(Path, folders)
        self._reported = (self._baseline, self._current) if reported is None else tuple(map(Path, reported))
        self._policy, self._references, self._dry_run = policy, references, dry_run
        for ours, theirs, role in zip(map(Path, folders), self._reported, ("baseline", "current"), strict=True):
            if not _same(ours, theirs):
                raise InvalidSetting(
                    f"the report is of the {role} folder {shown(theirs)}, not of {shown(ours)}",
                    hint="give the folders that were compared, or check these with -o percept-report.json.",
                )
        if ".git" in (part.lower() for part in self._baseline.resolve().parts):
            raise InvalidSetting(
                f"{shown(self._baseline)} is inside a .git folder, which cannot hold baselines",
                hint="give the folder of the baseline images; nothing was changed.",
            )
        if not self._current.is_dir():
            raise UnreadableFolder(
                f"{shown(self._current)}: no such folder",
                hint="run percept approve in the folder where percept check ran, while its images are still "
                "there.",
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it lasts, no other process approves in the same baseline folder.

        What one that was killed has left there is removed.

        Raises:
            OutputUnwritable: if another one does, or the folder cannot be written to.
        """
        if self._dry_run:
            yield
            return
        try:
            self._baseline.mkdir(parents=True, exist_ok=True)
            lock = Lock(self._baseline / LOCK)
        except BlockingIOError:
            raise OutputUnwritable(
                f"{shown(self._baseline)}: another percept approve is working in this folder",
                hint="wait until it ends, then run percept check again.",
            ) from None
        except OSError as error:
            raise OutputUnwritable(
                f"{shown(error.filename or self._baseline)}: cannot be written: {error.strerror}",
                hint="check the permissions of the baseline folder; nothing was changed.",
            ) from None
        try:
            self._clear()
            yield
        finally:
            lock.release()

    def _clear(self) -> None:
        for folder, _, names in os.walk(self._baseline):
            for name in filter(_TEMPORARY.fullmatch, names):
                with suppress(OSError):
                    Path(folder, name).unlink()

    def take(self, step: BaselineStep) -> bool:
        """Copy or delete one file, or only see whether that may be done.

        Returns:
            False where the baseline is as the step would leave it, as it is when a report is approved twice.

        Raises:
            Refused: if it may not, or fails; the reference is then as it was.
        """
        try:
            target = self._target_of(step)
            if self._is_taken(step, target):
                return False
            if step.kind == "missing":
                self._remove(step, target)
            else:
                self._copy(step, target)
        except OSError as error:
            raise Refused(f"{shown(error.filename or step.target)}: {error.strerror}") from None
        except UnicodeError:
            raise Refused("no file can have this name") from None
        except LinkInTheWay:
            raise Refused(
                f"{shown(self._baseline / target)} is a symbolic link, or is reached through one; change the "
                "file that it leads to by hand"
            ) from None
        return True

    def _target_of(self, step: BaselineStep) -> str:
        """The reference's place in the baseline folder, if the step may be taken there, whoever says so."""
        _check_name(step.name)
        target = _inside(step.target, self._reported[0], "baseline")
        if step.source is not None:
            source = _inside(step.source, self._reported[1], "current")
            if step.source.suffix.lower() != step.target.suffix.lower():
                raise Refused(f"the reference is a {step.target.suffix} file, but {shown(step.source)} is not")
            if source != step.name:
                raise Refused(f"{shown(step.source)} is not the candidate with this name")
        if target != step.name:
            self._check_further(step, target)
        return target

    def _check_further(self, step: BaselineStep, target: str) -> None:
        """Another reference than that of its name is replaced if the settings say it is this picture's."""
        its_own = self._references(step.name).get(target)
        told = "" if step.source is None else f"copy {shown(step.source)} to {shown(self._baseline / step.name)}"
        if its_own is None:
            raise Refused(
                f"it was compared with {shown(step.target)}, which the settings do not name as one of its "
                f"references; use the settings of the check with --config, or {told} by hand"
            )
        if step.shared or not its_own:
            raise Refused(
                f"it was compared with {shown(step.target)}, which is also a reference of other images; "
                f"{told} by hand to give it its own"
            )

    def _is_taken(self, step: BaselineStep, target: str) -> bool:
        if step.kind == "missing":
            return not _there(self._baseline, target) and not _there(self._current, step.name)
        return step.after is not None and _sha256(self._baseline, target) == step.after

    def _remove(self, step: BaselineStep, target: str) -> None:
        self._check_reference(step, target)
        if _there(self._current, step.name):
            raise Refused("an image exists now")
        if not self._dry_run:
            with below(self._baseline, target) as spot:
                spot.unlink()

    def _copy(self, step: BaselineStep, target: str) -> None:
        if step.source is None or step.after is None:
            raise Refused("the report does not say which image was compared")
        self._check_reference(step, target)
        root, source = self._candidate(step.name)
        is_large = self._check_picture(root / source, step.source, step.after)
        if self._dry_run:
            return
        with below(self._baseline, target, make=True) as spot, replacing(spot, _PREFIX) as new:
            with below(root, source) as candidate:
                # What was written is what is checked, so that a candidate that changes meanwhile is noticed.
                if _copy_and_hash(candidate, new, _mode_of(spot)) != step.after:
                    raise Refused("the image has changed since it was compared")
            if is_large:  # it was decoded from its file, and not from bytes whose hash is known
                self._check_picture(new.path, step.source, step.after)
            self._check_reference(step, target)

    def _candidate(self, name: str) -> tuple[Path, str]:
        """The real folder and the real name of a candidate: links are followed as long as they stay inside."""
        try:
            root, path = self._current.resolve(), (self._current / name).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise Refused(f"{shown(self._current / name)}: {getattr(error, 'strerror', error)}") from None
        if not path.is_relative_to(root):
            raise Refused(f"{shown(self._current / name)} is a link that leads out of {shown(self._current)}")
        return root, path.relative_to(root).as_posix()

    def _check_picture(self, path: Path, called: Path, expected: str) -> bool:
        """See that a file is what was compared, and a picture; whether it is too large to be held in memory."""
        if not stat.S_ISREG(path.stat().st_mode):
            raise Refused(f"{shown(called)} is not a regular file")
        try:
            content, stamp = read_stamped(path, self._policy.limits)
            if stamp.sha256 != expected:
                raise Refused("the image has changed since it was compared")
            decode(content, called, self._policy)
        except PerceptError as error:
            raise Refused(printable(str(error)).replace(shown(path), shown(called))) from None
        return isinstance(content, LargeFile)

    def _check_reference(self, step: BaselineStep, target: str) -> None:
        """The reference must still be the one that was compared."""
        if step.kind == "new":
            if _there(self._baseline, target):
                raise Refused("a baseline exists now")
        elif step.before is None:
            raise Refused("the report does not say which baseline was compared")
        else:
            found = _sha256(self._baseline, target)
            if found is None:
                raise Refused("the baseline was removed since it was compared")
            if found != step.before:
                raise Refused("the baseline has changed since it was compared")


def _same(first: Path, second: Path) -> bool:
    try:
        return os.path.normcase(first.resolve()) == os.path.normcase(second.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no folder can have; RuntimeError: links in a circle
        return False


def _inside(file: Path, folder: Path, role: str) -> str:
    """A file's path relative to its folder, both as the report has them, if it may be acted on."""
    if not file.is_relative_to(folder):
        raise Refused(f"{shown(file)} is not in the {role} folder {shown(folder)}")
    name = file.relative_to(folder).as_posix()
    if leads_out(name):
        raise Refused(f"{shown(file)} is not in the {role} folder {shown(folder)}")
    _check_name(name)
    return name


def _check_name(name: str) -> None:
    if leads_out(name):
        raise Refused("the name leads out of the baseline folder")
    path = PurePosixPath(name)
    if any(part.startswith(".") for part in path.parts):
        raise Refused(f"{printable(name)} is hidden, or in a hidden folder, and hidden files are never approved")
    if path.suffix.lower() not in _ENDINGS:
        raise Refused(f"{printable(name)} is not named like an image")


def _there(folder: Path, name: str) -> bool:
    """Whether there is anything of this name, be it a link."""
    try:
        with below(folder, name) as spot:
            return spot.status() is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


def _sha256(folder: Path, name: str) -> str | None:
    """Of a file that is no link, nor behind one; None where there is none."""
    try:
        with below(folder, name) as spot, os.fdopen(spot.open(os.O_RDONLY), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _mode_of(reference: FilePlace) -> int | None:
    """What a file that takes its place gets: who may read and write it, and never that it can be run."""
    found = reference.status()
    return None if found is None else stat.S_IMODE(found.st_mode) & 0o666


def _copy_and_hash(source: FilePlace, target: FilePlace, mode: int | None) -> str:
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
