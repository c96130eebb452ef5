"""One order of verdicts, and one worst first."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from percept_cli.errors import ExitCode
from percept_cli.results.found import LEVELS
from percept_cli.results.status import RANK, WORST_FIRST, Status
from tests.support.runs import CHECKED, PAIR, RUN


def test_every_verdict_has_its_place_in_the_order() -> None:
    assert sorted(LEVELS, key=WORST_FIRST.index, reverse=True) == list(LEVELS)
    assert set(WORST_FIRST) == set(RANK) == set(get_args(Status))
    assert sorted(RANK, key=RANK.__getitem__, reverse=True) == list(WORST_FIRST)
    assert list(CHECKED.summary.counts.items()) == [(status, 1) for status in WORST_FIRST]


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
