"""Thresholds → verdicts, with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.errors import PerceptError
from percept_cli.evidence.sight import Sight, sight_of
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import check_threshold
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.run import PairResult, Status

if TYPE_CHECKING:
    from percept_cli.engine.measure import Contribution


class ThresholdJudge:
    """Compares each pair's distance with one threshold; a ``Judge``.

    Args:
        threshold: the largest distance that passes, or None; a pair's own threshold is above it.
        source: where the threshold came from, in words.
        keeps_maps: whether the distance of every position is wanted all the same.

    Raises:
        InvalidSetting: for a threshold that is negative or not finite.
    """

    def __init__(self, threshold: float | None = None, source: str = "", *, keeps_maps: bool = False) -> None:
        self.threshold = None if threshold is None else check_threshold(threshold)
        self.source = source
        self.keeps_maps = keeps_maps

    def preset_of(self, pair: Pair) -> str | None:  # noqa: ARG002 - all pairs have the run's recipe
        """None: the run's recipe."""
        return None

    def threshold_of(self, pair: Pair) -> tuple[float | None, str]:
        """The pair's own threshold, or else the run's."""
        return (self.threshold, self.source) if pair.threshold is None else (pair.threshold, pair.threshold_source)

    def sight(self, pair: Pair, look: Look, spec: DistanceSpec) -> Sight:  # noqa: ARG002 - of each pair the same
        """The whole view."""
        return sight_of(look, spec)

    def judged(
        self,
        result: PairResult,
        pair: Pair,
        sight: Sight,  # noqa: ARG002 - the distance says all that is asked here
        found: Sequence[Contribution],  # noqa: ARG002
        spec: DistanceSpec,  # noqa: ARG002
    ) -> PairResult:
        """The result with its verdict by its distance alone."""
        status, reason = judge(result.distance, *self.threshold_of(pair))
        return replace(result, status=status, reason=reason)

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:  # noqa: ARG002
        """An error, whatever kept it from being compared."""
        return result

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits) -> PairResult:  # noqa: ARG002
        """As it is: new or missing."""
        return result


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
