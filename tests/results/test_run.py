"""One order of verdicts, and one worst first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from percept_cli.errors import ExitCode
from percept_cli.results.found import LEVELS
from percept_cli.results.run import Run, badness
from percept_cli.results.status import RANK, WORST_FIRST, Status
from tests.support.runs import CHECKED, PAIR, RUN


def test_every_verdict_has_its_place_in_the_order() -> None:
    assert sorted(LEVELS, key=WORST_FIRST.index, reverse=True) == list(LEVELS)
    assert set(WORST_FIRST) == set(RANK) == set(get_args(Status))
    assert sorted(RANK, key=RANK.__getitem__, reverse=True) == list(WORST_FIRST)
    assert list(CHECKED.summary.counts.items()) == [(status, 1) for status in WORST_FIRST]


def test_pairs_are_ordered_by_verdict_then_by_severity_then_by_distance() -> None:
    fail, warn, passed, measured, tolerated, new, missing, error = CHECKED.results
    far, near = replace(PAIR, threshold=0.1), replace(PAIR, threshold=1.0)
    two_sizes = replace(PAIR, layers=(), distance=math.nan)
    farther, nearer = (replace(measured, evidence=None, distance=distance) for distance in (2.0, 1.5))
    ordered = [error, two_sizes, far, fail, near, missing, new, warn, tolerated, farther, nearer, measured, passed]
    backwards = ordered[::-1]
    assert sorted(backwards, key=badness) == ordered


def test_severity_is_by_how_many_times_the_worst_limit_is_exceeded() -> None:
    fail, warn, *_ = CHECKED.results
    assert fail.severity == 1.75 / 0.5
    assert warn.severity == PAIR.distance / 2.0  # within what fails: below 1
    assert replace(PAIR, threshold=0.5).severity == PAIR.distance / 0.5
    assert replace(PAIR, threshold=None).severity == PAIR.distance
    assert replace(PAIR, threshold=0.0).severity == math.inf
    assert replace(PAIR, distance=0.0, threshold=0.0).severity == 0
    assert replace(PAIR, distance=math.nan, layers=()).severity == math.inf
    assert replace(PAIR, status="new", distance=math.nan, layers=()).severity == 0


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], ExitCode.INPUT),
        (["new", "missing"], ExitCode.INPUT),
        (["pass", "new"], ExitCode.ABOVE),
        (["missing", "pass"], ExitCode.ABOVE),
        (["pass", "pass"], ExitCode.WITHIN),
        (["pass", "fail"], ExitCode.ABOVE),
        (["fail", "error", "pass"], ExitCode.INPUT),
    ],
)
def test_the_worst_that_happened_is_the_exit_code(statuses: list[Status], code: ExitCode) -> None:
    results = tuple(replace(PAIR, status=status) for status in statuses)
    run = replace(RUN, results=results)
    assert run.exit_code is code
    compared = [status for status in statuses if status not in ("new", "missing")]
    assert (run.summary.pairs, run.summary.failed) == (len(compared), statuses.count("fail"))


def test_statistics_are_numpys() -> None:
    values = np.random.default_rng(0).gamma(0.5, size=137)
    weights = np.random.default_rng(1).random(137)
    results = tuple(
        replace(PAIR, distance=value, weight=weight)
        for value, weight in zip(values.tolist(), weights.tolist(), strict=True)
    )
    found = replace(RUN, results=results).summary
    # Last-bit differences of the order of summation.
    assert found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.weighted_mean == pytest.approx(np.average(values, weights=weights), rel=1e-14)
    quantiles = (found.median, found.p90, found.p95, found.p99, found.max)
    assert quantiles == pytest.approx(np.quantile(values, [0.5, 0.9, 0.95, 0.99, 1]), rel=1e-14)
    assert found.count == 137
    assert found.layers == pytest.approx({layer.name: layer.distance for layer in PAIR.layers}, rel=1e-14)
    assert replace(RUN, results=results[::-1]).summary == found


def test_statistics_are_over_finite_distances() -> None:
    results = tuple(replace(PAIR, distance=distance) for distance in (1.0, math.nan, 2.5))
    summary = Run(RUN.version, RUN.spec, RUN.device, results).summary
    assert (summary.mean, summary.max) == (1.75, 2.5)
    assert replace(RUN, results=()).summary.mean is None
