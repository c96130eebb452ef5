"""Accepting what ``percept check`` found: candidates become references, and only those that were compared.

A report is data, and may be anyone's: it says which pictures are meant, and never where. The two folders are the
caller's; nothing outside them is read or written, no link in them leads out, and only pictures are written.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from percept_cli.errors import InvalidSetting, OutputUnwritable, PerceptError, UnreadableFolder, UnusablePair
from percept_cli.formats.decode import decode
from percept_cli.formats.files import LargeFile, read_stamped
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.pairs.alternates import Alternate, alternates_of, owner_of
from percept_cli.runs.steps import (
    BaselineStep,
    Refused,
    check_name,
    copy_and_hash,
    inside,
    mode_of,
    remove_empty_folders,
    sha256_of,
    there,
)
from percept_cli.storage.address import is_remote
from percept_cli.system.beneath import LinkInTheWay, below
from percept_cli.system.lock import Lock
from percept_cli.system.names import posix, printable, shown
from percept_cli.system.whole import replacing

LOCK = ".percept-approve.lock"
"""In the baseline folder while files are changed. The system's lock on it counts and not that it exists, so one
that a killed process left behind is in nobody's way."""

_PREFIX = ".percept-approve-"
_TEMPORARY = re.compile(rf"{re.escape(_PREFIX)}[0-9a-f]{{16}}\.tmp")


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
            if not same_folder(ours, theirs):
                raise InvalidSetting(
                    f"the report is of the {role} folder {shown(theirs)}, not of {shown(ours)}",
                    hint="give the folders that were compared, or check these with -o percept-report.json.",
                )
        self._check_folders()

    def _check_folders(self) -> None:
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
        check_name(step.name)
        target = inside(step.target, self._reported[0], "baseline")
        if step.source is not None:
            source = inside(step.source, self._reported[1], "current")
            if step.source.suffix.lower() != step.target.suffix.lower():
                raise Refused(f"the reference is a {step.target.suffix} file, but {shown(step.source)} is not")
            if source != step.name:
                raise Refused(f"{shown(step.source)} is not the candidate with this name")
        if step.variant is not None:
            return self._alternate(step, target)
        owner = owner_of(target)
        if target != step.name and (owner is None or owner[0] != step.name):
            self._check_further(step, target)
        return target

    def variant_of(self, step: BaselineStep) -> str | None:
        """Of which variant a step's target is an alternate; None if it is a baseline or another reference."""
        if step.variant is not None or not step.target.is_relative_to(self._reported[0]):
            return step.variant
        owner = owner_of(step.target.relative_to(self._reported[0]).as_posix())
        return None if owner is None else owner[1]

    def hash_of(self, place: str) -> str | None:
        """SHA-256 of a file in the baseline folder; None where there is none, or only a link."""
        try:
            return self._sha256_of(place)
        except (OSError, LinkInTheWay, Refused):
            return None

    def alternates_of(self, name: str) -> list[Alternate]:
        """The alternates of an image.

        Raises:
            Refused: if it is not clear which they are.
        """
        check_name(name)
        try:
            return alternates_of(self._baseline, name)
        except UnusablePair as error:
            raise Refused(str(error)) from None

    def _alternate(self, step: BaselineStep, target: str) -> str:
        """Where an alternate is kept, or is."""
        if step.kind == "new" and step.compared is None:
            raise Refused("there is no baseline yet; approve it without --as-alternate first")
        for one in self.alternates_of(step.name):
            if one.variant == step.variant and step.kind == "missing":
                return one.place
            if one.variant.lower() == (step.variant or "").lower() and one.place != target:
                raise Refused(f"there is the alternate {one.variant} already: {shown(one.path)}")
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
            return not self._is_there(target) and (step.variant is not None or not self._is_now(step.name))
        return step.after is not None and self._sha256_of(target) == step.after

    def _sha256_of(self, place: str) -> str | None:
        """Of a file in the baseline folder; None where there is none."""
        return sha256_of(self._baseline, place)

    def _is_there(self, place: str) -> bool:
        """Whether the baseline folder has a file."""
        return there(self._baseline, place)

    def _is_now(self, name: str) -> bool:
        """Whether the folder of candidates has a file."""
        return there(self._current, name)

    def _remove(self, step: BaselineStep, target: str) -> None:
        if step.variant is None:
            self._check_reference(step, target)
            if self._is_now(step.name):
                raise Refused("an image exists now")
        if not self._dry_run:
            self._delete(step, target)

    def _delete(self, step: BaselineStep, target: str) -> None:
        with below(self._baseline, target) as spot:
            spot.unlink()
        if step.variant is not None:
            remove_empty_folders(self._baseline, target)

    def _copy(self, step: BaselineStep, target: str) -> None:
        if step.source is None or step.after is None:
            raise Refused("the report does not say which image was compared")
        self._check_reference(step, target)
        root, source = self._candidate(step.name)
        is_large = self._check_picture(root / source, step.source, step.after)
        if self._dry_run:
            return
        try:
            self._write(step, target, root, source, is_large=is_large)
        finally:
            if step.variant is not None:  # those that were made for what was then refused
                remove_empty_folders(self._baseline, target)

    def _write(self, step: BaselineStep, target: str, root: Path, source: str, *, is_large: bool) -> None:
        assert step.source is not None and step.after is not None
        with below(self._baseline, target, make=True) as spot, replacing(spot, _PREFIX) as new:
            with below(root, source) as candidate:
                # What was written is what is checked, so that a candidate that changes meanwhile is noticed.
                if copy_and_hash(candidate, new, mode_of(spot)) != step.after:
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
        if step.compared is not None:
            self._check_compared(*step.compared)
        if step.kind == "new":
            if self._is_there(target) and step.variant is not None:
                raise Refused(
                    f"there is an alternate {step.variant} already, which is another image; to replace it, run "
                    f"percept check --variant {step.variant} and approve that report"
                )
            if self._is_there(target):
                raise Refused("a baseline exists now")
        elif step.before is None:
            raise Refused("the report does not say which baseline was compared")
        else:
            self._check_hash(target, step.before)

    def _check_compared(self, path: Path, expected: str | None) -> None:
        """What a new alternate was compared with must still be what it was: it may fit by now."""
        reference = inside(path, self._reported[0], "baseline")
        if expected is None:
            raise Refused("the report does not say which baseline was compared")
        self._check_hash(reference, expected)

    def _check_hash(self, reference: str, expected: str) -> None:
        found = self._sha256_of(reference)
        if found is None:
            raise Refused("the baseline was removed since it was compared")
        if found != expected:
            raise Refused("the baseline has changed since it was compared")


def same_folder(first: Path, second: Path) -> bool:
    """Whether two paths are one folder."""
    if is_remote(first) or is_remote(second):
        return posix(first) == posix(second)
    try:
        return os.path.normcase(first.resolve()) == os.path.normcase(second.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no folder can have; RuntimeError: links in a circle
        return False
