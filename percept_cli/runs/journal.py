"""Results of an earlier run, so that a run that was ended goes on: a JSON Lines report that grows line by line.

A line is written when its pair is handed out, so a process that is killed leaves at most one torn line, the last;
it is cut off when the file is opened again. When a run ends, the file holds exactly its results, in their order.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from array import array
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.geometry import FileStamp
from percept_cli.pairs import Pair
from percept_cli.reports.data.rows import FAULTS, from_row
from percept_cli.results.pair import PairResult
from percept_cli.runs.reusing import Use, reuse_by
from percept_cli.runs.unchanged import unchanged_elsewhere
from percept_cli.scoring.scorer import Scorer
from percept_cli.storage.address import is_remote
from percept_cli.system.lock import hold
from percept_cli.system.names import counted, posix, shown
from percept_cli.system.whole import write_output

By = Literal["stat", "hash"]
"""What shows that a file is unchanged: its size and time of change, or the SHA-256 of its content."""

_BEGINNING = b'{"name": '
_Key = bytes
"""A digest of a pair's name and files: of all pairs of a run, the names themselves would take the most memory."""
_DIGEST = 16  # bytes; two pairs of a billion have one digest once in 10²⁰ runs


class Journal:
    """A JSON Lines report that is read first and then added to.

    Args:
        path: the file; made if it is not there.
        scorer: by whose recipe and judge rows are compared.
        by: what shows that a file is unchanged.
        read_only: whether the file stays as it is; then it need not be there, and another run may have it open.

    Raises:
        InvalidSetting: if the file holds anything but results of the same command; it is then left as it is.
        OutputUnwritable: if it cannot be opened, or another run has it open.
    """

    def __init__(self, path: Path, scorer: Scorer, *, by: By = "stat", read_only: bool = False) -> None:
        self.path = path
        self._spec, self._reuse = scorer.spec, reuse_by(scorer)
        self._by, self._read_only = by, read_only
        self._places = array("Q")  # where each line begins, and where the last one ends
        self._rows: dict[_Key, int] = {}  # lines of this recipe, by their ordinals
        self._others: dict[bytes, int] = {}  # scored pairs not seen yet, by pair and recipe
        self._recipes: set[bytes] = set()
        self._count = 0
        self._next = 0
        self._in_order = True
        self._using = threading.Lock()
        self.reused = 0
        """How many results were taken from the file."""
        self.notes: list[str] = []
        """What a person should know of the file."""
        if path.exists() and not path.is_file():
            raise OutputUnwritable(f"{shown(path)} is not a file", hint="choose a file, such as results.jsonl.")
        try:
            self._file: BinaryIO = _opened(path, read_only=read_only)
        except OSError as error:
            raise _unwritable(path, error) from None
        try:
            if not read_only:
                _lock(self._file, path)
            self._read()
        except BaseException:  # Ctrl-C included: the file, and with it its lock, must not stay
            self._file.close()
            raise

    def _read(self) -> None:
        self._file.seek(0)
        offset, uses = 0, Counter[Use]()
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            for number, line in enumerate(lines, start=1):
                row = self._parse(line)
                if row is None and not line.endswith(b"\n") and _could_be_ours(line):
                    self._cut(offset, line)
                    break
                if row is None:
                    raise InvalidSetting(
                        f"{shown(self.path)}, line {number}: not a result of percept",
                        hint="choose a file that percept wrote as JSON Lines, or a new file.",
                    )
                if not self._reuse.is_mine(row):
                    raise InvalidSetting(
                        f"{shown(self.path)}, line {number}: not a result that {self._reuse.tool} --resume saved",
                        hint=f"choose a file that {self._reuse.tool} --resume has written, or a new file.",
                    )
                key = _key(row["name"], row["reference"], row["candidate"])
                recipe = self._reuse.recipe_of(row)
                if recipe is not None:
                    self._recipes.add(recipe)
                    self._others[key + recipe] = self._count
                use = self._reuse.use_of(row)
                uses[use] += 1
                if use == "result":
                    self._rows[key] = self._count
                self._count += 1
                self._places.append(offset)
                offset += len(line)
                if not line.endswith(b"\n") and not self._read_only:
                    self._write(b"\n")
        self._places.append(offset)
        self.notes += [f"{shown(self.path)}: {note}" for note in self._reuse.notes(uses, self._recipes)]
        if uses["error"]:
            self.notes.append(f"{shown(self.path)}: {counted(uses['error'], 'error')}, tried again")

    @staticmethod
    def _parse(line: bytes) -> dict[str, Any] | None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return None
        wanted = ("name", "reference", "candidate", "status", "fingerprint")
        ours = isinstance(row, dict) and all(isinstance(row.get(key, 0), str | None) for key in wanted)
        return row if ours else None

    def _cut(self, offset: int, line: bytes) -> None:
        removed = "is not used" if self._read_only else "was removed"
        if not self._read_only:
            os.ftruncate(self._file.fileno(), offset)
        self.notes.append(f"{shown(self.path)}: its last line was truncated after {len(line)} bytes and {removed}")

    def look_up(self, pair: Pair) -> PairResult | None:
        """The pair's result, judged by the present rules, if both of its files are what they were.

        May be called by several threads.
        """
        if pair.reference is None or pair.candidate is None:
            return None
        ordinal = self._rows.get(_key(pair.name, posix(pair.reference), posix(pair.candidate)))
        if ordinal is None:
            return None
        try:
            found = from_row(json.loads(self._line(ordinal)), self._spec)
        except FAULTS:  # written by hand, or by another version
            return None
        files = [
            self._if_unchanged(path, stamp)
            for path, stamp in ((pair.reference, found.reference_file), (pair.candidate, found.candidate_file))
        ]
        if None in files:
            return None
        found = replace(found, reference_file=files[0], candidate_file=files[1])
        found = replace(found, weight=pair.weight, extra=pair.extra, position=pair.position)
        return self._reuse.now(found, pair)

    def _if_unchanged(self, path: Path, stamp: FileStamp | None) -> FileStamp | None:
        """The file's stamp as it is now, if its content is what it was."""
        if stamp is None:
            return None
        if is_remote(path):
            return unchanged_elsewhere(path, stamp, self._by)
        try:
            found = path.stat()
            if self._by == "stat":
                same = (found.st_size, found.st_mtime_ns) == (stamp.size, stamp.modified_ns)
            else:
                with path.open("rb") as file:
                    same = hashlib.file_digest(file, "sha256").hexdigest() == stamp.sha256
        except (OSError, ValueError):  # reading it will say what is wrong
            return None
        return replace(stamp, modified_ns=found.st_mtime_ns) if same else None

    def _line(self, ordinal: int) -> bytes:
        begin, end = self._places[ordinal : ordinal + 2]
        with self._using:
            self._file.seek(begin)
            return self._file.read(end - begin)

    def add(self, result: PairResult, *, reused: bool) -> None:
        """Take in the next result of the run; one that is not in the file yet is written at once.

        Raises:
            OutputUnwritable: if it cannot be written.
        """
        line = self._reuse.line(result).encode("utf-8", "surrogateescape")
        key = _key(result.name, result.reference, result.candidate)
        for recipe in self._recipes:
            self._others.pop(key + recipe, None)
        if reused:
            ordinal = self._rows[key]
            self.reused += 1
            # Judged anew, or of a file that was touched, it may read otherwise than it did.
            same = self._line(ordinal).rstrip(b"\n") == line.rstrip(b"\n")
            self._in_order = self._in_order and same and ordinal == self._next
            self._next += 1
            return
        if self._next != self._count:
            self._in_order = False
        self._write(line)
        self._count += 1
        self._next += 1

    def _write(self, data: bytes) -> None:
        try:
            with self._using:  # writing moves the place that another thread is about to read from
                while data:
                    data = data[self._file.write(data) :]
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def close(self) -> None:
        """Let others write to the file."""
        self._file.close()

    def finish(self, results: Iterable[PairResult]) -> None:
        """Make the file hold these results in their order: what an uninterrupted run would have written.

        Results of pairs that are no part of this run are kept, behind them: another run may want them.

        Raises:
            OutputUnwritable: if that is not possible; the file then still holds all of them, in another order.
        """
        if self._in_order and self._next == self._count:
            return
        kept = list(self._others.values())
        if kept:
            count = counted(len(kept), "result")
            self.notes.append(f"{shown(self.path)}: {count} of pairs that are not in this run, kept at its end")
        lines = map(self._reuse.line, results)
        write_output(self.path, chain(lines, (self._line(ordinal) for ordinal in kept)))


def _key(name: str, reference: str | None, candidate: str | None) -> _Key:
    text = json.dumps((name, reference, candidate))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()


def _could_be_ours(line: bytes) -> bool:
    """Whether a line without an end may be the beginning of a result; a disk that lost power may add zeros."""
    start = line[: len(_BEGINNING)].rstrip(b"\0")
    return _BEGINNING.startswith(start)


def _opened(path: Path, *, read_only: bool) -> BinaryIO:
    if not read_only:
        return path.open("a+b", buffering=0)
    try:
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        return Path(os.devnull).open("rb", buffering=0)


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other runs from writing to the same file; where the file system has no locks, nothing does."""
    with suppress(OSError):
        try:
            hold(file.fileno())
        except BlockingIOError:
            raise OutputUnwritable(
                f"{shown(path)}: another run is writing to it", hint="wait for it, or choose another file."
            ) from None


def _unwritable(path: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(
        f"{shown(path)}: cannot be written: {error.strerror}",
        hint="the results so far are kept; run the same command again to continue.",
    )
