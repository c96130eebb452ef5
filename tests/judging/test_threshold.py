"""Verdicts by a threshold, without any command line."""

from __future__ import annotations

import math

import pytest

from percept_cli.judging.threshold import judge
from percept_cli.results.status import Status


@pytest.mark.parametrize(
    ("distance", "threshold", "status"),
    [
        (0.0, 0.0, "pass"),
        (0.5, 0.5, "pass"),  # a value equal to the threshold passes
        (math.nextafter(0.5, 1), 0.5, "fail"),
        (0.1, None, "measured"),
        (math.nan, None, "error"),
        (math.nan, 1e9, "error"),  # not-a-number never passes
        (math.inf, 1e9, "error"),
    ],
)
def test_status(distance: float, threshold: float | None, status: Status) -> None:
    found, reason = judge(distance, threshold, "command line")
    assert found == status
    assert f"{distance:.6g}" in reason or threshold is None


def test_the_reason_has_both_numbers_and_the_source() -> None:
    assert judge(0.1 + 0.2, 0.25, "percept.toml") == (
        "fail",
        "distance 0.3 exceeds the threshold 0.25 (percept.toml)",
    )
    assert judge(0.1 + 0.2, 0.3, "here")[1] == "distance 0.30000000000000004 exceeds the threshold 0.3 (here)"
    assert judge(0.25, None, "") == ("measured", "no limit was given")
