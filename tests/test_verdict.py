"""Verdicts and exit codes, without any command line."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.results import ExitCode, Run, Status
from percept_cli.verdict import check_threshold, judge
from tests.runs import RUN


@pytest.mark.parametrize(
    ("distance", "threshold", "status"),
    [
        (0.0, 0.0, "pass"),
        (0.5, 0.5, "pass"),  # a value equal to the threshold passes
        (math.nextafter(0.5, 1), 0.5, "fail"),
        (0.1, None, "pass"),
        (math.nan, None, "error"),
        (math.nan, 1e9, "error"),  # not-a-number never passes
        (math.inf, 1e9, "error"),
    ],
)
def test_status(distance: float, threshold: float | None, status: Status) -> None:
    found, reason = judge(distance, threshold, "command line")
    assert found == status
    assert repr(distance) in reason or threshold is None


def test_the_reason_has_both_numbers_unrounded_and_the_source() -> None:
    assert judge(0.1 + 0.2, 0.25, "percept.toml") == (
        "fail",
        "distance 0.30000000000000004 is above the threshold 0.25 (percept.toml)",
    )


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf, -1e-9])
def test_thresholds_that_judge_nothing_are_refused(threshold: float) -> None:
    with pytest.raises(InvalidSetting, match="the threshold must be a finite number of at least 0"):
        check_threshold(threshold)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], ExitCode.WITHIN),
        (["pass", "pass"], ExitCode.WITHIN),
        (["pass", "fail"], ExitCode.ABOVE),
        (["fail", "error", "pass"], ExitCode.INPUT),
    ],
)
def test_the_worst_that_happened_is_the_exit_code(statuses: list[Status], code: ExitCode) -> None:
    results = tuple(replace(RUN.results[0], status=status) for status in statuses)
    run = replace(RUN, results=results)
    assert run.exit_code is code
    assert (run.summary.pairs, run.summary.failed) == (len(statuses), statuses.count("fail"))


def test_statistics_are_over_finite_distances() -> None:
    results = tuple(replace(RUN.results[0], distance=distance) for distance in (1.0, math.nan, 2.5))
    summary = Run(RUN.version, RUN.spec, RUN.device, results).summary
    assert (summary.mean, summary.max) == (1.75, 2.5)
    assert replace(RUN, results=()).summary.mean is None
