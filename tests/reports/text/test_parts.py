"""Parts of tables: bars in eighths of a column, and verdicts in their colours."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from percept_cli.reports.text.parts import COLOURS, bar, verdict
from percept_cli.results.status import Status


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, ""), (1, "████"), (0.5, "██"), (1 / 32, "▏"), (7 / 32, "▉"), (9 / 32, "█▏"), (2, "████"), (-1, "")],
)
def test_a_bar_is_as_long_as_its_share(share: float, drawn: str) -> None:
    assert str(bar(share, 4)) == drawn


@pytest.mark.parametrize("share", [math.nan, math.inf, -math.inf])
def test_what_is_no_share_has_no_bar(share: float) -> None:
    assert str(bar(share, 4)) == ""


def test_every_status_has_a_colour() -> None:
    assert set(COLOURS) == {*get_args(Status), "empty"}


def test_reasons_in_verdicts_are_harmless() -> None:
    told = verdict("fail", "a\x1b[2J.png is above it")
    assert told.plain.startswith("FAIL: a")
    assert "\x1b" not in told.plain
