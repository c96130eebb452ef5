"""Which results of a journal may be reused: thresholds are applied anew, gates need the rules to be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, Protocol

from percept_cli.judging.checks import GateJudge
from percept_cli.judging.conditions import Conditions
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair
from percept_cli.recipes import DEFAULT, FIVE_TAPS
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports.data.rows import to_line
from percept_cli.results.pair import PairResult
from percept_cli.results.status import Status
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.names import counted

Use = Literal["result", "other", "older", "error", "none"]
"""``result``: it may be reused. ``other``: it was made by something else. ``older``: by an earlier version.
``error``: it is tried again. ``none``: it costs nothing to make anew, as of an image without a counterpart."""
CONDITIONS = "conditions"
"""The field of a line that says by what an image was checked."""
_MEASURED: tuple[Status, ...] = ("measured", "pass", "fail")
_CHECKED: tuple[Status, ...] = ("pass", "warn", "fail")


class Reuse(Protocol):
    """What a journal asks of the results that stand in it."""

    @property
    def tool(self) -> str:
        """Whose results they are, in words."""

    def is_mine(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is of this command."""

    def use_of(self, row: Mapping[str, Any]) -> Use:
        """What a row may be used for."""

    def recipe_of(self, row: Mapping[str, Any]) -> bytes | None:
        """By what a row is kept apart from others of its pair; None of one that is not worth keeping."""

    def notes(self, uses: Counter[Use], recipes: set[bytes]) -> Iterator[str]:
        """What a person should know of what cannot be reused."""

    def now(self, found: PairResult, pair: Pair) -> PairResult | None:
        """A result of unchanged files as this run has it; None where it must be made anew."""

    def line(self, result: PairResult) -> str:
        """A result as a line."""


def reuse_by(scorer: Scorer) -> Reuse:
    """What a scorer's judge allows."""
    if isinstance(scorer.judge, GateJudge):
        return ByGates(scorer.judge, scorer.spec)
    assert isinstance(scorer.judge, ThresholdJudge)
    return ByThreshold(scorer.judge, scorer.spec)


class ByThreshold:
    """Distances, which are judged by the thresholds of now; several recipes may share a file."""

    tool = "percept batch"

    def __init__(self, judge: ThresholdJudge, spec: DistanceSpec) -> None:
        self._judge, self._spec = judge, spec

    def is_mine(self, row: Mapping[str, Any]) -> bool:
        """Whether it says nothing of rules."""
        return CONDITIONS not in row

    def use_of(self, row: Mapping[str, Any]) -> Use:
        """By the recipe, and by what is stored."""
        if row["fingerprint"] != self._spec.fingerprint:
            return "other"
        if row["status"] in _MEASURED:
            return "result" if "like" in row else "older"
        return "error" if row["status"] == "error" else "none"

    def recipe_of(self, row: Mapping[str, Any]) -> bytes | None:
        """Its fingerprint."""
        if row["status"] not in _MEASURED:
            return None
        return str(row["fingerprint"]).encode("utf-8", "surrogatepass")

    def notes(self, uses: Counter[Use], recipes: set[bytes]) -> Iterator[str]:
        """Of other recipes and versions."""
        if uses["other"]:
            told = f"{counted(uses['other'], 'result')} made with a different recipe, measured again"
            was_default = load_preset(FIVE_TAPS).spec.fingerprint.encode() in recipes
            if was_default and self._spec == load_preset(DEFAULT).spec:
                told += "; --preset five-taps, the default of earlier versions, would reuse them"
            yield told
        if uses["older"]:
            what = counted(uses["older"], "result")
            yield f"{what} of an earlier version, which stored less about a pair, measured again"

    def now(self, found: PairResult, pair: Pair) -> PairResult | None:
        """With the verdict of now."""
        return self._judge.judged_again(found, pair) if found.compared else None

    def line(self, result: PairResult) -> str:
        """As JSON Lines has it."""
        return to_line(result, self._spec.fingerprint)


class ByGates:
    """Verdicts, which hold as long as all that they were made by is the same.

    A line says that as a digest. An image with several references has a line for each of them.
    """

    tool = "percept check"

    def __init__(self, judge: GateJudge, spec: DistanceSpec) -> None:
        self._spec, self._conditions = spec, Conditions(judge, spec)

    def is_mine(self, row: Mapping[str, Any]) -> bool:
        """Whether it says by what it was checked."""
        return isinstance(row.get(CONDITIONS), str)

    def use_of(self, row: Mapping[str, Any]) -> Use:
        """By the rules that its image has now."""
        if row["status"] == "error":
            return "error"
        if row["status"] not in _CHECKED:
            return "none"
        return "result" if row[CONDITIONS] == self._conditions.of(row["name"]) else "other"

    def recipe_of(self, row: Mapping[str, Any]) -> bytes | None:
        """One for all: of a pair, the newest is kept."""
        return b"" if row["status"] in _CHECKED else None

    def notes(self, uses: Counter[Use], recipes: set[bytes]) -> Iterator[str]:  # noqa: ARG002 - as of a threshold
        """Of other rules."""
        if uses["other"]:
            what = counted(uses["other"], "result")
            yield f"{what} made with other settings, or another version of percept, checked again"

    def now(self, found: PairResult, pair: Pair) -> PairResult | None:
        """As it is, but for its place among the references that its image has now."""
        if not found.compared and found.evidence is None:  # it may have been for want of memory
            return None
        return replace(found, matched=pair.matched, variant=pair.variant)

    def line(self, result: PairResult) -> str:
        """As JSON Lines has it, and by what it was checked."""
        return to_line(result, self._spec.fingerprint, **{CONDITIONS: self._conditions.of(result.name)})
