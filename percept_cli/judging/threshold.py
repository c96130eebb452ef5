"""Thresholds → verdicts, with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import PerceptError
from percept_cli.evidence.sight import Sight
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.judging.likeness import likeness_of
from percept_cli.pairs import Pair
from percept_cli.recipes.ladder import Ladder
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.numbers import beside
from percept_cli.results.pair import PairResult
from percept_cli.results.status import Status

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.fitting import Fitted


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
    ladder: Ladder | None = None
    """That of the preset, which says what distances are like; that of a built-in one is found without it."""

    def preset_of(self, pair: Pair) -> str | None:  # noqa: ARG002 - all pairs have the run's recipe
        """None: the run's recipe."""
        return None

    @property
    def fits_sizes(self) -> bool:
        """False: two sizes have no distance."""
        return False

    def changes(
        self,
        pair: Pair,  # noqa: ARG002 - of each the same
        look: Look,  # noqa: ARG002
        spec: DistanceSpec,  # noqa: ARG002
        fitted: Fitted | None = None,  # noqa: ARG002
    ) -> Changes | None:
        """None: the whole view counts."""
        return None

    def judged(
        self,
        result: PairResult,
        pair: Pair,
        sight: Sight,
        found: Sequence[Contribution],
        spec: DistanceSpec,
    ) -> PairResult:
        """The result with its verdict by its distance alone, and what that is like."""
        result = self._with_threshold(result, pair)
        status, reason = judge(result.distance, result.threshold, result.threshold_source)
        like = likeness_of(result, sight, found, spec, self.ladder)
        return replace(result, status=status, reason=reason, like=like)

    def judged_again(self, result: PairResult, pair: Pair) -> PairResult:
        """The result of an earlier run, with the verdict of now for it and for each of its views."""
        result = self._with_threshold(result, pair)
        limit = result.threshold, result.threshold_source
        status, reason = judge(result.distance, *limit)
        views = [(one, *judge(one.distance, *limit)) for one in result.views]
        views_now = tuple(replace(one, status=now, reason=why) for one, now, why in views)
        return replace(result, status=status, reason=reason, views=views_now)

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:  # noqa: ARG002
        """An error, whatever kept it from being compared."""
        return self._with_threshold(result, pair)

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits | None) -> PairResult:  # noqa: ARG002
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
        threshold: the largest distance that passes, or None where no verdict is asked for.
        source: where the threshold came from, for the reason.

    Returns:
        The status, ``measured`` without a threshold, and the reason in words.
    """
    if not math.isfinite(distance):
        return (
            "error",
            f"the distance is {distance!r}: the arithmetic overflowed, by half precision or huge weights",
        )
    if threshold is None:
        return "measured", "no limit was given"
    value, limit = beside(distance, threshold)
    if distance <= threshold:
        return "pass", f"distance {value} is within the threshold {limit} ({source})"
    return "fail", f"distance {value} exceeds the threshold {limit} ({source})"
