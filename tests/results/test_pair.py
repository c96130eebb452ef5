"""How bad a pair is, and which comes first."""

from __future__ import annotations

import math
from dataclasses import replace

from percept_cli.results.pair import badness
from tests.support.runs import CHECKED, PAIR


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
