"""Further fields of a pair: as deep as other readers of JSON take them, and no deeper."""

from __future__ import annotations

from typing import Any

import pytest

from percept_cli.results.extra import check_depth


def nested(levels: int, *, by: str) -> Any:
    value: Any = 1
    for _ in range(levels - 1):
        value = [value, "beside"] if by == "lists" else {"inside": value, "beside": None}
    return value


@pytest.mark.parametrize("by", ["lists", "objects"])
def test_64_levels_may_be_and_65_may_not(by: str) -> None:
    check_depth(nested(64, by=by))
    with pytest.raises(ValueError, match="nested deeper than 64 levels"):
        check_depth(nested(65, by=by))


def test_depth_beyond_the_stack_of_python_is_refused_as_well() -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        check_depth(nested(100_000, by="lists"))


def test_width_does_not_count() -> None:
    check_depth([[number] for number in range(1000)])
