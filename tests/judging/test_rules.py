"""Rules of a check: rectangles, levels, shifts."""

from __future__ import annotations

import math

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.geometry import Box, parse_box
from percept_cli.judging.rules import OFF, Levels, Percent, Rules, parse_level


def test_rectangles_and_levels() -> None:
    assert parse_box(" 0, 1,20,3") == Box(0, 1, 20, 3)
    assert str(parse_box("0,1,20,3")) == "0,1,20,3"
    assert parse_level("changed-pixels=3") == ("changed-pixels", 3.0)
    assert parse_level("peak=off") == ("peak", OFF)
    for text in ("changed-pixels=0.5%", "changed-pixels = 0.5 %"):
        gate, level = parse_level(text)
        assert (gate, level, type(level)) == ("changed-pixels", 0.5, Percent)
    for text in ("peak", "peak=x", "peek=1", "=1", "peak=1%", "colour=1%"):
        with pytest.raises(InvalidSetting):
            parse_level(text)
    for text in ("101%", "-1%", "nan%", "%", "1%%", "off%"):
        with pytest.raises(InvalidSetting):
            parse_level(f"changed-pixels={text}")


@pytest.mark.parametrize("level", [math.nan, math.inf, -0.1])
def test_levels_that_would_let_everything_pass_or_fail(level: float) -> None:
    with pytest.raises(InvalidSetting, match="finite number of at least 0"):
        parse_level(f"peak={level}")
    if level != OFF:
        for levels in ((level, None), (None, level)):
            with pytest.raises(InvalidSetting, match="finite number of at least 0"):
                Levels(*levels)
    with pytest.raises(InvalidSetting, match="is above the fail limit"):
        Levels(warn=2, fail=1)


def test_a_shift_that_is_no_shift() -> None:
    for shift in (-1, 65):
        with pytest.raises(InvalidSetting, match="max-shift must be 0 to 64"):
            Rules(max_shift=shift)
