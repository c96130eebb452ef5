"""One line a pair, for shells."""

from __future__ import annotations

from percept_cli.reports import Style
from tests.support.reported import MANY, PASSED, render
from tests.support.runs import PAIR, RUN


def test_score() -> None:
    assert render(RUN, "score", Style()) == f"{PAIR.distance!r}\tout/[red].png\n"
    found = [line.split("\t") for line in render(MANY, "score", Style()).splitlines()]
    scores = ["0.0", repr(PASSED.distance), repr(PAIR.distance), "new", "error", "missing"]
    assert [score for score, _ in found] == scores
