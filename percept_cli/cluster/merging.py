"""Reports of several jobs → the run that one job would have made.

Results go straight into one spool; what is held of each is a number, or a digest of its name.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from percept_cli.errors import ExitCode, PerceptError
from percept_cli.reports.data.reading import read_run
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.shard import Shard
from percept_cli.results.spool import Spool
from percept_cli.storage.address import is_remote
from percept_cli.system.names import counted, printable, shown

_INTERRUPTED = (ExitCode.HUNG_UP, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
_NUMBERS_TOLD = 8
_DIGEST = 16  # bytes of a name's
_OTHER_FILES = (
    "make all shards from the same files: the jobs had other images, or other options such as --include."
)
_BY_HAND = "run its job again: the report was changed after percept wrote it."


class CannotMerge(PerceptError):
    """Reports do not make one run."""


def merged(paths: Sequence[Path]) -> Run:
    """The run whose parts stand in JSON reports.

    Either all of them are shards of one run, and none is missing: the results come in the order of the run without
    shards. Or none is a shard: the results come in the order of the reports, and no name may be in two of them.

    Raises:
        CannotMerge: if the reports do not belong together, or one is missing or given twice.
        UnreadableReport: if one cannot be read.
        OutputUnwritable: if the folder of temporary files cannot hold the results.
    """
    seen = set[Path]()
    for path in paths:
        place = path if is_remote(path) else path.resolve()
        if place in seen:
            raise CannotMerge(f"{shown(path)} is given twice", hint="give each report once.")
        seen.add(place)
    results = _Gathered()
    try:
        runs = [results.take(path) for path in paths]
        _check_kinds(paths, runs)
        if any(run.shard is not None for run in runs):
            _check_shards(paths, runs)
            results.arrange()
            _check_number(paths, runs, len(results))
        return _whole(runs, results)
    except BaseException:
        results.close()
        raise


class _Gathered(Spool):
    """The results of all reports, without their positions, which are kept apart."""

    def __init__(self) -> None:
        super().__init__()
        self._path = Path()
        self._parts = set[tuple[int, int]]()  # of the report that is being read
        self._without = False
        self._numbers = array("Q")
        self._names = dict[bytes, Path]()

    def take(self, path: Path) -> Run:
        """Read one report, and hold its results to what it says of its shard."""
        self._path, self._without = path, False
        self._parts.clear()
        run = read_run(path, self)
        mine = set() if run.shard is None else {(run.shard.index, run.shard.count)}
        if self._parts - mine or (self._without and run.shard is not None):
            part = "no shard" if run.shard is None else f"shard {run.shard}"
            raise CannotMerge(
                f"{shown(path)}: it says that it is {part}, but not all its results do", hint=_BY_HAND
            )
        return run

    def add(self, result: PairResult) -> None:
        """Take one result in."""
        position = result.position
        if position is None:
            self._without = True
            self._check_name(result.name)
            super().add(result)
            return
        shard = Shard(position.shard, position.shards)
        if not shard.holds(result.name):
            raise CannotMerge(
                f"{shown(self._path)}: {printable(result.name)} does not belong to shard {shard}", hint=_BY_HAND
            )
        self._parts.add((position.shard, position.shards))
        self._numbers.append(position.number)
        super().add(replace(result, position=None))

    def _check_name(self, name: str) -> None:
        """A list may have a name twice, but not two reports."""
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
        first = self._names.setdefault(digest, self._path)
        if first != self._path:
            raise CannotMerge(
                f"{printable(name)} is in {shown(first)} and in {shown(self._path)}",
                hint="reports without --shard are merged if no name is in two of them: compare folders that hold "
                "one folder per job, such as out/firefox/, or keep the reports apart.",
            )

    def arrange(self) -> None:
        """Bring the results of shards into the order of the whole run."""
        order = sorted(range(len(self._numbers)), key=self._numbers.__getitem__)
        for one, other in pairwise(order):
            if self._numbers[one] == self._numbers[other]:
                number = self._numbers[one]
                raise CannotMerge(
                    f"two results are pair {number} of the whole run",
                    hint=_OTHER_FILES,
                )
        self.reorder(order)


def _check_kinds(paths: Sequence[Path], runs: Sequence[Run]) -> None:
    """Refuse what could never have been one run."""
    for path, run in zip(paths, runs, strict=True):
        if run.kind == "compare":
            raise CannotMerge(
                f"{shown(path)}: this report is of percept compare",
                hint="merge reports of percept batch, or of percept check.",
            )
    same = "run all jobs with the same version, settings and options."
    _check_equal(paths, runs, lambda run: f"a report of percept {run.kind}", "merge one kind of reports.")
    _check_equal(paths, runs, lambda run: f"made by the recipe {run.fingerprint}", same)
    _check_equal(paths, runs, lambda run: f"written by percept {printable(run.version)}", same)
    for option in ("allow_empty", "allow_unmatched"):
        _check_equal(paths, runs, partial(_made_with, option), same)


def _made_with(option: str, run: Run) -> str:
    return f"made {'with' if getattr(run, option) else 'without'} --{option.replace('_', '-')}"


def _check_equal(paths: Sequence[Path], runs: Sequence[Run], told: Callable[[Run], str], hint: str) -> None:
    first = told(runs[0])
    for path, run in zip(paths, runs, strict=True):
        if told(run) != first:
            raise CannotMerge(f"{shown(paths[0])} is {first}, but {shown(path)} is {told(run)}", hint=hint)


def _check_shards(paths: Sequence[Path], runs: Sequence[Run]) -> None:
    """Refuse what are not all shards of one run, each once."""
    found = dict[int, Path]()
    for path, run in zip(paths, runs, strict=True):
        shard, first = run.shard, runs[0].shard
        if shard is None and first is None:
            continue  # a shard comes after it
        if shard is None or first is None:
            whole, part = (path, paths[0]) if shard is None else (paths[0], path)
            raise CannotMerge(
                f"{shown(part)} is a shard, but {shown(whole)} is a whole run",
                hint="give only the reports that were made with --shard, or only others.",
            )
        if shard.count != first.count:
            raise CannotMerge(
                f"{shown(paths[0])} is shard {first}, but {shown(path)} is shard {shard}",
                hint="give the reports of one run, whose shards have one count.",
            )
        if shard.index in found:
            raise CannotMerge(
                f"shard {shard} is given twice: {shown(found[shard.index])} and {shown(path)}",
                hint="give each job its own --shard, and each report once.",
            )
        found[shard.index] = path
    shards = [run.shard for run in runs if run.shard is not None]
    missing = [index for index in range(1, shards[0].count + 1) if index not in found]
    if missing:
        what, verb = ("shard", "is") if len(missing) == 1 else ("shards", "are")
        raise CannotMerge(
            f"{what} {_listed(missing)} of {shards[0].count} {verb} missing",
            hint=f"run the missing jobs (--shard {missing[0]}/{shards[0].count}), and give their reports too.",
        )
    of = "give all jobs the same folders, written in the same way."
    _check_equal(paths, runs, lambda run: f"of {_sides(run)}", of)
    thing = "image" if runs[0].kind == "check" else "pair"
    wholes = [(path, run) for path, run in zip(paths, runs, strict=True) if _number_of(run) is not None]
    if wholes:
        of = "give all jobs the same images and lists: they found a different number."
        known, parts = zip(*wholes, strict=True)
        _check_equal(known, parts, lambda run: f"of a run of {counted(_number_of(run) or 0, thing)}", of)


def _number_of(run: Run) -> int | None:
    """Pairs of all shards."""
    return None if run.shard is None else run.shard.whole


def _listed(numbers: Sequence[int]) -> str:
    more = len(numbers) - _NUMBERS_TOLD
    told = [*map(str, numbers[:_NUMBERS_TOLD]), *([f"{more} more"] if more > 0 else [])]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _sides(run: Run) -> str:
    return "lists or single images" if run.origin is None else " and ".join(map(printable, run.origin))


def _check_number(paths: Sequence[Path], runs: Sequence[Run], count: int) -> None:
    """Whether as many results are there as the whole run has."""
    whole = _number_of(runs[0])
    if whole is not None and all(run.complete for run in runs) and whole != count:
        raise CannotMerge(
            f"the {len(paths)} reports have {counted(count, 'result')}, but the whole run has {whole}",
            hint=_OTHER_FILES,
        )


def _whole(runs: Sequence[Run], results: Spool) -> Run:
    first = runs[0]
    engines = dict.fromkeys(run.engine for run in runs if run.engine is not None)
    devices = dict.fromkeys(run.device for run in runs if run.device != "none")
    one_folder, one_origin = (len({getattr(run, name) for run in runs}) == 1 for name in ("folders", "origin"))
    return replace(
        first,
        device=", ".join(devices) or "none",
        engine=", ".join(engines) or None,
        results=results,
        complete=all(run.complete for run in runs),
        folders=first.folders if one_folder else None,
        origin=first.origin if one_origin else None,
        shard=None,
        ended_with=next((run.ended_with for run in runs if run.ended_with in _INTERRUPTED), None),
    )
