"""Thresholds → verdicts, with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import ExitCode, PerceptError
from percept_cli.evidence.sight import Sight
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.pairs import Pair
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.run import PairResult, Run, Status
from percept_cli.system.names import counted

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.changes import Changes


@dataclass(frozen=True)
class ThresholdJudge:
    """Compares each pair's distance with one threshold; a ``Judge``."""

    threshold: float | None = None
    """The largest distance that passes, as a ``Recipe`` has it, or None; a pair's own is above it."""
    source: str = ""
    """Where the threshold came from, in words."""
    keeps_maps: bool = False
    """Whether the distance of every position is wanted all the same."""
    keeps_pictures: bool = False
    """Whether pictures are wanted even where they are equal."""

    def preset_of(self, pair: Pair) -> str | None:  # noqa: ARG002 - all pairs have the run's recipe
        """None: the run's recipe."""
        return None

    def changes(self, pair: Pair, look: Look, spec: DistanceSpec) -> Changes | None:  # noqa: ARG002 - of each the same
        """None: the whole view counts."""
        return None

    def judged(
        self,
        result: PairResult,
        pair: Pair,
        sight: Sight,  # noqa: ARG002 - the distance says all that is asked here
        found: Sequence[Contribution],  # noqa: ARG002
        spec: DistanceSpec,  # noqa: ARG002
    ) -> PairResult:
        """The result with its verdict by its distance alone."""
        result = self._with_threshold(result, pair)
        status, reason = judge(result.distance, result.threshold, result.threshold_source)
        return replace(result, status=status, reason=reason)

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:  # noqa: ARG002
        """An error, whatever kept it from being compared."""
        return self._with_threshold(result, pair)

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits) -> PairResult:  # noqa: ARG002
        """As it is: new or missing."""
        return self._with_threshold(result, pair)

    def _with_threshold(self, result: PairResult, pair: Pair) -> PairResult:
        """The pair's own threshold, or else the run's."""
        threshold, source = self.threshold, self.source
        if pair.threshold is not None:
            threshold, source = pair.threshold, pair.threshold_source
        return replace(result, threshold=threshold, threshold_source=source)


def judge(distance: float, threshold: float | None, source: str) -> tuple[Status, str]:
    """Decide on one distance. A value equal to the threshold passes; not-a-number never does.

    Args:
        distance: the pair's distance, ≥ 0, or not finite where the arithmetic overflowed.
        threshold: the largest distance that passes, or None to pass any finite distance.
        source: where the threshold came from, for the reason.

    Returns:
        The status and the reason in words, numbers unrounded.
    """
    if not math.isfinite(distance):
        return (
            "error",
            f"the distance is {distance!r}: the arithmetic overflowed, by half precision or huge weights",
        )
    if threshold is None:
        return "pass", "no threshold was given, so any distance passes"
    limit = f"threshold {threshold!r} ({source})"
    if distance <= threshold:
        return "pass", f"distance {distance!r} is within the {limit}"
    return "fail", f"distance {distance!r} is above the {limit}"


def is_check(run: Run) -> bool:
    """Whether a run's pairs were judged by gates, as ``percept check`` does: then all are, or none."""
    return run.kind == "check"


def judge_run(run: Run) -> tuple[Status, str]:
    """A whole run in one line, as its exit code says it: the word, and the reason."""
    found = run.summary
    gated = is_check(run)
    limit = "levels" if gated else "threshold"
    facts = []
    if found.errors:
        facts.append(f"{found.errors} of {counted(found.pairs, 'pair')} could not be compared")
    if found.failed:
        above = "failed" if gated else f"above the {limit}"
        facts.append(f"{found.failed} of {counted(found.pairs, 'pair')} {above}")
    if found.warned:
        facts.append(f"{found.warned} of {counted(found.pairs, 'pair')} warned")
    if found.new or found.missing:
        facts.append(f"{found.missing} missing, {found.new} new")
    if not found.pairs or found.not_compared == found.pairs:
        facts.insert(0, "nothing was compared" + (f" of {counted(found.pairs, 'pair')}" if found.pairs else ""))
    elif not found.failed and not found.warned and found.count:
        within = "compared, without a threshold"
        if gated or found.judged:
            all_judged = gated or found.judged == found.count
            within = f"within the {limit}" if all_judged else "compared, not all with a threshold"
        facts.append(f"{counted(found.count, 'pair')} {within}")
    if 0 < found.not_compared < found.pairs:
        facts.append(f"nothing was compared of {counted(found.not_compared, 'pair')}")
    if not run.complete:
        facts.append("the run ended before its last pair")
    words: dict[ExitCode, Status] = {ExitCode.ABOVE: "fail"}
    words |= dict.fromkeys((ExitCode.INPUT, ExitCode.UNAVAILABLE), "error")
    status = words.get(run.exit_code, "pass" if run.complete else "error")  # half a run has passed nothing
    return status, "; ".join(facts)
