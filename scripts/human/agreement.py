"""How often distances order two pairs as people did, how ranks correlate, and what chance may have added to both.

Only the photographs are resampled: people saw the same 24, and what is said of them is to hold for others. Every
metric is judged on the same resamples, so that the difference of two has an interval of its own, which is narrower
than theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 4000
SEED = 17
_EDGES = (2.5, 97.5)  # per cent: an interval of 95 %

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its interval."""

    value: float
    low: float
    high: float


def scores(first: Values, second: Values, said_second: NDArray[np.bool_]) -> Values:
    """Of each answer 1 if the pair of the larger distance was chosen, 0 if the other was, ½ for equal distances.

    Args:
        first: N distances of the first pairs.
        second: N distances of the second pairs.
        said_second: N, whether the second was said to differ more.
    """
    return np.where(first == second, 0.5, (second > first) == said_second)


def resamples(groups: int, count: int = RESAMPLES, seed: int = SEED) -> NDArray[np.int64]:
    """How often each group is drawn: count × groups, as many draws as there are groups."""
    return np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=count)


def mean_over(values: Values, group: NDArray[np.int64], draws: NDArray[np.int64]) -> tuple[float, Values]:
    """The mean of values, and that of each resample of their groups.

    Args:
        values: N.
        group: N places, below the number of groups.
        draws: as ``resamples`` gives them.
    """
    groups = draws.shape[1]
    sums, sizes = np.bincount(group, values, groups), np.bincount(group, minlength=groups)
    return float(values.mean()), (draws @ sums) / (draws @ sizes)


def spearman_over(one: Values, other: Values, group: NDArray[np.int64], draws: NDArray[np.int64]) -> Values:
    """Spearman's rank correlation of each resample; what is drawn twice counts twice."""
    found = []
    for drawn in draws:
        times = drawn[group]
        ranks = [_weighted_ranks(values, times) for values in (one, other)]
        mean = [np.average(rank, weights=times) for rank in ranks]
        apart = [rank - middle for rank, middle in zip(ranks, mean, strict=True)]
        shared = np.sum(times * apart[0] * apart[1])
        found.append(shared / np.sqrt(np.prod([np.sum(times * side**2) for side in apart])))
    return np.array(found)


def _weighted_ranks(values: Values, times: NDArray[np.int64]) -> Values:
    """Mean ranks, as if each value were there so many times."""
    distinct, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, times, len(distinct))
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place])


def estimate(value: float, resampled: Values) -> Estimate:
    """A number with the interval of its resamples."""
    low, high = np.percentile(resampled, _EDGES)
    return Estimate(value, float(low), float(high))


def rank_correlations(one: Values, other: Values) -> tuple[float, float]:
    """Spearman's ρ and Kendall's τ-b."""
    return float(stats.spearmanr(one, other).statistic), float(stats.kendalltau(one, other).statistic)
