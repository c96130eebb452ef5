"""Scores and labels → areas, thresholds and confusion matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Confusion:
    """How many pairs were judged rightly and wrongly."""

    found: int
    """Labelled `differs`, and failed."""
    missed: int
    """Labelled `differs`, and passed."""
    passed: int
    """Labelled `same`, and passed."""
    alarms: int
    """Labelled `same`, and failed."""

    @property
    def pairs(self) -> int:
        return self.found + self.missed + self.passed + self.alarms

    @property
    def accuracy(self) -> float:
        return (self.found + self.passed) / self.pairs if self.pairs else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy: as many pairs as these tell no more."""
        z, n, share = 1.96, self.pairs, self.accuracy
        if not n:
            return math.nan, math.nan
        middle = share + z * z / (2 * n)
        reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


def confusion(differs: Sequence[bool], failed: Sequence[bool]) -> Confusion:
    """Count labels against verdicts."""
    both = list(zip(differs, failed, strict=True))
    return Confusion(*(both.count(kind) for kind in ((True, True), (True, False), (False, False), (False, True))))


def _sides(scores: Sequence[float], differs: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, labels = np.asarray(scores, np.float64), np.asarray(differs, bool)
    return values[labels], values[~labels]


def roc_area(scores: Sequence[float], differs: Sequence[bool]) -> float:
    """How often a pair that differs scores above one that is the same, ties counting half; NaN without both."""
    high, low = _sides(scores, differs)
    if not high.size or not low.size:
        return math.nan
    above = (high[:, None] > low[None]).sum() + (high[:, None] == low[None]).sum() / 2
    return float(above / (high.size * low.size))


def best_threshold(scores: Sequence[float], differs: Sequence[bool]) -> float:
    """The threshold that judges most pairs rightly when scores above it fail; of several the middle one.

    Thresholds lie half way between neighbouring scores, or below all of them.
    """
    values = np.unique(np.asarray(scores, np.float64))
    candidates = np.concatenate(([values[0] - 1], (values[:-1] + values[1:]) / 2, [values[-1]]))
    high, low = _sides(scores, differs)
    right = (high[None] > candidates[:, None]).sum(1) + (low[None] <= candidates[:, None]).sum(1)
    best = candidates[right == right.max()]
    return float(best[len(best) // 2])
