"""Accepting what ``percept check`` found: candidates become references, and only those that were compared."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Literal

from percept_cli.errors import InvalidSetting, OutputUnwritable, PerceptError, UnreadableFolder
from percept_cli.lock import Lock
from percept_cli.names import printable, shown
from percept_cli.pairs.folders import Patterns
from percept_cli.results import PairResult, Run, Status

LOCK = ".percept-approve.lock"
"""In the baseline folder while files are changed. The system's lock on it counts and not that it exists, so one
that a killed process left behind is in nobody's way."""

_NAMES_TOLD = 5

Kind = Literal["changed", "new", "missing"]
_KINDS: dict[Status, Kind] = {"fail": "changed", "warn": "changed", "new": "new", "missing": "missing"}


@dataclass(frozen=True)
class Selection:
    """Which of a run's pictures are accepted."""

    patterns: tuple[str, ...] = ()
    """As in .gitignore, one of which a name must match; without any, all do."""
    only: Literal["changed", "new"] | None = None
    """Of the pictures to be copied, those of one kind."""
    prune: bool = False
    """Whether references without a candidate are deleted."""


@dataclass(frozen=True)
class Step:
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


class Refused(Exception):
    """Why a step is not taken, in words."""


class NothingMatched(PerceptError):
    """A pattern matches no picture: as with ``--include``, more likely a slip than a wish."""


def matching(run: Run, patterns: tuple[str, ...]) -> list[PairResult]:
    """The pictures of a run that are meant, whatever became of them; without patterns, all.

    Raises:
        InvalidSetting: for a pattern that is none.
    """
    wanted = Patterns(patterns) if patterns else None
    return [result for result in run.results if wanted is None or wanted.match(result.name)]


def check_patterns(run: Run, selection: Selection) -> None:
    """Refuse patterns that match no picture of the run, also one that is to leave pictures out.

    Raises:
        NothingMatched: naming each of them, and what there is to approve.
        InvalidSetting: for a pattern that is none, or a run that is none of two folders.
    """
    names = [result.name for result in run.results]
    there = [step.name for step in steps_of(run, replace(selection, patterns=()))]
    useless = [pattern for pattern in selection.patterns if not _is_of_use(pattern, names)]
    if useless:
        told = " or ".join(f"'{printable(pattern)}'" for pattern in useless)
        raise NothingMatched(
            f"no picture of the report matches {told}; {_told(there)}", hint=_hint(useless, there)
        )
    if selection.patterns and not matching(run, selection.patterns):
        raise NothingMatched(
            f"the patterns leave no picture over; {_told(there)}",
            hint="one with ! takes away from those before it: --filter '*' --filter '!charts/**'",
        )


def _is_of_use(pattern: str, names: list[str]) -> bool:
    wanted = Patterns([pattern.removeprefix("!")])
    return any(map(wanted.match, names))


def _told(names: list[str]) -> str:
    """What there is to approve."""
    if not names:
        return "there is nothing to approve"
    more = [] if len(names) <= _NAMES_TOLD else [f"{len(names) - _NAMES_TOLD} more"]
    *others, last = [*map(printable, names[:_NAMES_TOLD]), *more]
    return f"to approve there is {', '.join(others)} and {last}" if others else f"to approve there is {last}"


def _hint(useless: list[str], names: list[str]) -> str:
    """The nearest names, folders and endings; how patterns are written where nothing is near."""
    known: dict[str, str] = {}
    for name in names:
        path = PurePosixPath(name)
        words = [name, path.name, f"*{path.suffix}", *(f"{parent}/**" for parent in path.parents if parent.name)]
        known |= {word.lower(): word for word in words}
    near = dict.fromkeys(
        printable(known[found])
        for pattern in useless
        for found in get_close_matches(pattern.lower().lstrip("!/"), known, n=1)
    )
    if near:
        return f"did you mean {' and '.join(near)}?"
    return "write patterns as in .gitignore: *.png, charts/**; without --filter, --dry-run lists what there is."


def steps_of(run: Run, selection: Selection) -> Iterator[Step]:
    """What accepting a run's pictures comes to, in the order of the run. Nothing is looked at yet.

    Raises:
        InvalidSetting: if the run is none of two folders, or for a pattern that is none.
    """
    if run.folders is None:
        raise InvalidSetting(
            "the report is not of two folders, so it has no baseline",
            hint="make it with percept check -o FILE.json.",
        )
    for result in matching(run, selection.patterns):
        kind = _KINDS.get(result.status)
        if kind is None or (kind == "missing" and not selection.prune):
            continue
        if kind != "missing" and selection.only not in (None, kind):
            continue
        yield _step(result, kind, Path(run.folders[0]))


def _step(result: PairResult, kind: Kind, baseline: Path) -> Step:
    source = None if kind == "missing" or result.candidate is None else Path(result.candidate)
    return Step(
        name=result.name,
        kind=kind,
        target=Path(result.reference) if result.reference is not None else baseline / result.name,
        source=source,
        before=None if result.reference_file is None else result.reference_file.sha256,
        after=None if result.candidate_file is None else result.candidate_file.sha256,
    )


class Approval:
    """Takes steps within two folders.

    Raises:
        UnreadableFolder: if the folder of candidates is not there.
    """

    def __init__(self, folders: tuple[str, str], *, dry_run: bool = False) -> None:
        self._baseline, self._current = map(Path, folders)
        self._dry_run = dry_run
        if not self._current.is_dir():
            raise UnreadableFolder(
                f"{shown(self._current)}: no such folder",
                hint="call percept approve where percept check was called, while its pictures are there.",
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While it lasts, no other process approves in the same baseline folder.

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
                f"{shown(self._baseline)}: another percept approve is at work in it",
                hint="wait until it has ended, and run percept check again.",
            ) from None
        except OSError as error:
            raise OutputUnwritable(
                f"{shown(error.filename or self._baseline)}: cannot be written: {error.strerror}",
                hint="give yourself the right to write to the baseline folder; nothing was changed.",
            ) from None
        try:
            yield
        finally:
            lock.release()

    def take(self, step: Step) -> bool:
        """Copy or delete one file, or only see whether that may be done.

        Returns:
            False where the baseline is as the step would leave it, as it is when a report is approved twice.

        Raises:
            Refused: if it may not, or fails; the reference is then as it was.
        """
        try:
            self._check_place(step)
            if self._is_taken(step):
                return False
            if step.kind == "missing":
                self._remove(step)
            else:
                self._copy(step)
        except OSError as error:
            raise Refused(f"{shown(error.filename or step.target)}: {error.strerror}") from None
        return True

    def _is_taken(self, step: Step) -> bool:
        if step.kind == "missing":
            return not os.path.lexists(step.target) and not os.path.lexists(self._current / step.name)
        return step.after is not None and step.target.is_file() and _sha256(step.target) == step.after

    def _check_place(self, step: Step) -> None:
        """Neither a name nor a link may lead out of the two folders, whoever wrote the report."""
        if ".." in PurePosixPath(step.name).parts:
            raise Refused("the name leads out of the baseline folder")
        places = [(self._baseline, step.target, "baseline")]
        if step.source is not None:
            places.append((self._current, step.source, "current"))
            if step.source.suffix.lower() != step.target.suffix.lower():
                raise Refused(f"the reference is a {step.target.suffix} file, which {shown(step.source)} is not")
        for folder, file, role in places:
            if not file.is_relative_to(folder) or ".." in file.relative_to(folder).parts:
                raise Refused(f"{shown(file)} is not in the {role} folder {shown(folder)}")
        if step.target != self._baseline / step.name:
            raise Refused(f"it was compared with {shown(step.target)}, which is not the reference of its name")
        # Links within the baseline count too: what lies behind them may be a picture that passed.
        if self._baseline.resolve() / step.target.relative_to(self._baseline) != step.target.resolve():
            raise Refused(
                f"{shown(step.target)} is, or lies behind, a symbolic link; change what it leads to by hand"
            )

    def _remove(self, step: Step) -> None:
        self._check_reference(step)
        if os.path.lexists(self._current / step.name):
            raise Refused("there is a candidate now")
        if not self._dry_run:
            step.target.unlink()

    def _copy(self, step: Step) -> None:
        if step.source is None or step.after is None:
            raise Refused("the report does not say which candidate was compared")
        self._check_reference(step)
        if self._dry_run:
            if _sha256(step.source) != step.after:
                raise Refused("the candidate has changed since it was compared")
            return
        step.target.parent.mkdir(parents=True, exist_ok=True)
        temporary = step.target.with_name(f".percept-{os.urandom(8).hex()}.tmp")
        try:
            # What was written is what is checked, so that a candidate that changes meanwhile is noticed.
            if _copy_and_hash(step.source, temporary) != step.after:
                raise Refused("the candidate has changed since it was compared")
            shutil.copymode(step.source if step.before is None else step.target, temporary)
            self._check_reference(step)
            temporary.replace(step.target)
        except BaseException:  # Ctrl-C included: the temporary file must not stay
            temporary.unlink(missing_ok=True)
            raise

    @staticmethod
    def _check_reference(step: Step) -> None:
        """The reference must still be the one that was compared."""
        if step.kind == "new":
            if os.path.lexists(step.target):
                raise Refused("there is a reference now")
        elif step.before is None:
            raise Refused("the report does not say which reference was compared")
        elif not step.target.exists():
            raise Refused("the reference is gone since it was compared")
        elif _sha256(step.target) != step.before:
            raise Refused("the reference has changed since it was compared")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_and_hash(source: Path, target: Path) -> str:
    """Copy a file's bytes, down to the disk, and return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while piece := reading.read(1 << 20):
            digest.update(piece)
            writing.write(piece)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()
