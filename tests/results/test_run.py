"""One order of verdicts, and one worst first."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

from percept_cli.results.found import LEVELS
from percept_cli.results.run import SEVERITY, WORST_FIRST, Status, badness
from tests.runs import CHECKED, PAIR


def test_every_verdict_has_its_place_in_the_order() -> None:
    assert sorted(LEVELS, key=WORST_FIRST.index, reverse=True) == list(LEVELS)
    assert set(WORST_FIRST) == set(SEVERITY) == set(get_args(Status))
    assert sorted(SEVERITY, key=SEVERITY.__getitem__, reverse=True) == list(WORST_FIRST)
    assert list(CHECKED.summary.counts.items()) == [(status, 1) for status in WORST_FIRST]


def test_pairs_are_ordered_by_verdict_then_by_excess_then_by_distance_then_by_threshold() -> None:
    fail, warn, passed, *_ = CHECKED.results
    near, far = replace(PAIR, threshold=1.0), replace(PAIR, threshold=0.1)
    smaller, no_number = replace(PAIR, distance=PAIR.distance / 2), replace(PAIR, distance=math.nan)
    ordered = [fail, no_number, far, near, smaller, warn, passed]
    backwards = ordered[::-1]
    assert sorted(backwards, key=badness) == ordered
