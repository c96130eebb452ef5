"""Verdicts and exit codes, without any command line."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from percept_cli.errors import ExitCode, InvalidSetting
from percept_cli.judging.threshold import judge
from percept_cli.recipes.presets import check_threshold
from percept_cli.results.run import Run, Status
from percept_cli.results.verdict import judge_run
from tests.runs import PAIR, RUN


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


def test_what_is_allowed_is_no_failure() -> None:
    assert replace(RUN, results=(), allow_empty=True).exit_code is ExitCode.WITHIN
    passed = replace(PAIR, status="pass")
    unmatched = replace(passed, status="new", distance=math.nan)
    run = replace(RUN, results=(passed, unmatched), allow_unmatched=True)
    assert run.exit_code is ExitCode.WITHIN
    assert judge_run(run) == ("pass", "0 missing, 1 new; 1 pair within the threshold")


def test_a_run_in_words() -> None:
    passed, failed = replace(PAIR, status="pass"), PAIR
    error = replace(passed, status="error", distance=math.nan)
    assert judge_run(replace(RUN, results=(passed, passed))) == ("pass", "2 pairs within the threshold")
    assert judge_run(replace(RUN, results=(passed, failed))) == ("fail", "1 of 2 pairs above the threshold")
    assert judge_run(replace(RUN, results=(error, failed), complete=False)) == (
        "error",
        "1 of 2 pairs could not be compared; 1 of 2 pairs above the threshold; the run ended before its last pair",
    )
    assert judge_run(replace(RUN, results=())) == ("error", "nothing was compared")
    free = replace(passed, threshold=None)
    assert judge_run(replace(RUN, results=(free,))) == ("pass", "1 pair compared, without a threshold")


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
