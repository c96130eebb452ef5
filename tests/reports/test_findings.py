"""What reports for pipelines say of a pair."""

from __future__ import annotations

from dataclasses import replace

import pytest

from percept_cli.reports import Style
from percept_cli.results.pair import badness
from percept_cli.results.run import Run
from tests.support.ci_runs import EMPTY, ENDED_EARLY
from tests.support.reported import MANY, render


@pytest.mark.parametrize("form", ["junit", "github", "gitlab", "tap"])
@pytest.mark.parametrize(
    ("run", "words"),
    [(EMPTY, "nothing was compared"), (ENDED_EARLY, "the run ended before its last pair")],
    ids=["empty", "early"],
)
def test_a_run_that_fails_without_a_failed_pair_fails(form: str, run: Run, words: str) -> None:
    text = render(run, form, Style())
    assert words in text
    mark = {"junit": "<error", "github": "::error ", "gitlab": '"critical"', "tap": "not ok"}[form]
    assert mark in text
    whole = replace(run, complete=True, allow_empty=True)
    assert mark not in render(whole, form, Style())


def test_the_worst_come_first() -> None:
    ranked = [result.status for result in sorted(MANY.results, key=badness)]
    assert ranked == ["error", "fail", "missing", "new", "pass", "pass"]
