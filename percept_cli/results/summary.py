"""The pairs of a run in numbers: counts of verdicts, and statistics of distances."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from percept_cli.results.numbers import total
from percept_cli.results.pair import PairResult
from percept_cli.results.status import COMPARED, WORST_FIRST, Status


@dataclass(frozen=True)
class Summary:
    """A run in numbers. Statistics are float64 over the scored pairs; None where there is none."""

    pairs: int
    """Pairs that were compared, or could not be: passed + measured + tolerated + warned + failed + errors."""
    passed: int
    measured: int
    """Compared, and no limit was given."""
    tolerated: int
    """Above a limit, and a decision covers exactly this change."""
    warned: int
    failed: int
    errors: int
    new: int
    """Candidates without a reference."""
    missing: int
    """References without a candidate."""
    allowed: int
    """How many of the new and the missing are no failure by their own setting."""
    warns: int
    """How many of these are a warning."""
    count: int
    """Scored pairs: those with a finite distance, which the statistics are over."""
    identical: int
    """Passed or measured pairs whose distance is exactly 0, and of which nothing had moved or was left out."""
    not_compared: int
    """Pairs that passed without being judged as a whole: two sizes that are allowed, or all pixels left out."""
    judged: int
    """Scored pairs that have a threshold."""
    mean: float | None
    median: float | None
    p90: float | None
    """The distance that 90 % of the scored pairs do not exceed, interpolated linearly between neighbours."""
    p95: float | None
    p99: float | None
    max: float | None
    weighted_mean: float | None
    """Σ weight × distance ÷ Σ weight."""
    layers: Mapping[str, float]
    """Mean distance per layer, not weighted."""

    @property
    def counts(self) -> dict[Status, int]:
        """How many pairs have each verdict, the worst first."""
        names = {"error": "errors", "fail": "failed", "warn": "warned", "pass": "passed"}
        return {status: getattr(self, names.get(status, status)) for status in WORST_FIRST}

    @property
    def within(self) -> int:
        """Pairs that were compared, and passed."""
        return self.passed - self.not_compared


def summarise(results: Collection[PairResult]) -> Summary:
    """A run's results in numbers, in one pass; independent of their order."""
    statuses: Counter[str] = Counter()
    judged = allowed = warns = identical = unseen = 0
    distances, weights = array("d"), array("d")
    layers: dict[str, array[float]] = {}
    for result in results:
        statuses[result.status] += 1
        allowed += result.allowed
        warns += result.warns
        unseen += result.unseen
        if not result.scored or result.fingerprint is not None:
            continue
        judged += result.threshold is not None
        identical += result.identical
        distances.append(result.distance)
        weights.append(result.weight)
        for layer in result.layers:
            layers.setdefault(layer.name, array("d")).append(layer.distance)
    ordered = sorted(distances)
    # In parts of the largest, since the sum of huge ones would overflow.
    largest = max(weights, default=0.0)
    parts = [weight / largest for weight in weights] if largest else []
    return Summary(
        pairs=sum(statuses[status] for status in COMPARED),
        passed=statuses["pass"],
        measured=statuses["measured"],
        tolerated=statuses["tolerated"],
        warned=statuses["warn"],
        failed=statuses["fail"],
        errors=statuses["error"],
        new=statuses["new"],
        missing=statuses["missing"],
        allowed=allowed,
        warns=warns,
        count=len(ordered),
        identical=identical,
        not_compared=unseen,
        judged=judged,
        mean=_mean(distances),
        median=_quantile(ordered, 0.5),
        p90=_quantile(ordered, 0.9),
        p95=_quantile(ordered, 0.95),
        p99=_quantile(ordered, 0.99),
        max=ordered[-1] if ordered else None,
        weighted_mean=_weighted_mean(parts, distances) if parts else None,
        layers={name: mean for name, values in layers.items() if (mean := _mean(values)) is not None},
    )


def _mean(values: Sequence[float]) -> float | None:
    # Divided first: the sum of the largest numbers would overflow.
    return total([value / len(values) for value in values]) if values else None


def _weighted_mean(weights: Sequence[float], values: Sequence[float]) -> float:
    weight = total(weights)
    return total([w * value / weight for w, value in zip(weights, values, strict=True)])


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Linear interpolation between the two nearest of the ordered values, as numpy's default (Hyndman & Fan 7)."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
