"""Which pictures of a report are meant by ``percept approve``, and what accepting them comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Literal

from percept_cli.errors import InvalidSetting, PerceptError
from percept_cli.pairs.alternates import place_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.runs.steps import BaselineStep, Kind
from percept_cli.system.names import printable
from percept_cli.system.patterns import Patterns

_NAMES_TOLD = 5
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
    keep_as: Callable[[str], str] | None = None
    """By the name of a picture, of which variant it is kept as an alternate; None to replace the baseline."""


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
        raise NothingMatched(f"no image of the report matches {told}; {_told(there)}", hint=_hint(useless, there))
    if selection.patterns and not matching(run, selection.patterns):
        raise NothingMatched(
            f"the patterns leave no image; {_told(there)}",
            hint="a pattern with ! removes what those before it match: --filter '*' --filter '!charts/**'",
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
    return f"to approve: {', '.join(others)} and {last}" if others else f"to approve: {last}"


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
    return (
        "write patterns as in .gitignore, such as *.png or charts/**; to list what can be approved, use "
        "--dry-run without --filter."
    )


def steps_of(run: Run, selection: Selection) -> Iterator[BaselineStep]:
    """What accepting a run's pictures comes to, in the order of the run. Nothing is looked at yet.

    Raises:
        InvalidSetting: if the run is none of two folders, or for a pattern that is none.
    """
    if run.folders is None:
        raise InvalidSetting(
            "the report does not compare two folders, so it has no baseline",
            hint="create a report with percept check -o percept-report.json.",
        )
    used = Counter(result.reference for result in run.results if result.reference is not None)
    for result in matching(run, selection.patterns):
        kind = _KINDS.get(result.status)
        if kind is None or (kind == "missing" and not selection.prune):
            continue
        if kind != "missing" and selection.only not in (None, kind):
            continue
        baseline = Path(run.folders[0])
        shared = result.reference is not None and used[result.reference] > 1
        step = _step(result, kind, baseline, shared=shared)
        yield step if selection.keep_as is None else _kept(step, result, baseline, selection.keep_as(result.name))


def _kept(step: BaselineStep, result: PairResult, baseline: Path, variant: str) -> BaselineStep:
    """As ``step``, with the candidate beside its baseline, and not in its place."""
    target = baseline / place_of(step.name, variant)
    if result.reference is not None and target == Path(result.reference):
        return replace(step, target=target, variant=variant)
    compared = None if result.reference is None else (Path(result.reference), step.before)
    return replace(step, kind="new", target=target, before=None, variant=variant, compared=compared)


def drops_of(
    run: Run, selection: Selection, variant: str, has: Callable[[str, str], bool]
) -> Iterator[BaselineStep]:
    """Dropping the alternates of a variant, of all pictures that are meant and have one, whatever became of them.

    Args:
        run: which names pictures.
        selection: of them.
        variant: of the alternates.
        has: by a picture's name and the variant, whether there is anything to drop, or to refuse.
    """
    assert run.folders is not None
    for result in matching(run, selection.patterns):
        if has(result.name, variant):
            target = Path(run.folders[0]) / place_of(result.name, variant)
            yield BaselineStep(result.name, "missing", target, None, None, None, variant=variant)


def _step(result: PairResult, kind: Kind, baseline: Path, *, shared: bool) -> BaselineStep:
    source = None if kind == "missing" or result.candidate is None else Path(result.candidate)
    return BaselineStep(
        name=result.name,
        kind=kind,
        target=Path(result.reference) if result.reference is not None else baseline / result.name,
        source=source,
        before=None if result.reference_file is None else result.reference_file.sha256,
        after=None if result.candidate_file is None else result.candidate_file.sha256,
        shared=shared,
    )
