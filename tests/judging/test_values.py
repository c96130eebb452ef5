"""Values of [check] that are wrong: the message has all forms, and the hint can be typed as it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.judging.rulebook import read_check
from percept_cli.judging.values import read_level


def refused(key: str, value: object) -> tuple[str, str]:
    with pytest.raises(InvalidSetting) as error:
        read_check({key: value}, "percept.toml", Path())
    return str(error.value), error.value.hint


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("colour", "3", "colour must be a number, \"off\" or a table { warn = …, fail = … }, not '3'"),
        ("colour", True, 'colour must be a number, "off" or a table'),
        ("colour", [1], 'colour must be a number, "off" or a table'),
        ("colour", -1, "colour must be a finite number of at least 0"),
        ("colour", "2%", "the limit of colour cannot be in per cent"),
        ("colour", {"warn": "x"}, "colour.warn must be a number or \"off\", not 'x'"),
        ("changed-pixels", "many", 'changed-pixels must be a number, "1%", "off" or a table'),
        ("changed-pixels", "200%", "the limit of changed-pixels must be a number from 0 to 100"),
        ("ignore", "0,0", "ignore: '0,0' is not a rectangle"),
        ("ignore", [0, 0, 200, 40], "ignore must be a string or a list of strings, not [0, 0, 200, 40]"),
        ("ignore", [["0,0,1,1"]], "ignore must be a string or a list of strings"),
        ("mask", 1, "mask must be a string"),
        ("baseline", "", "baseline must be a string"),
        ("max-shift", "2", "max-shift must be a whole number"),
        ("noise", "loud", "noise must be one of"),
        ("new", True, "new must be one of"),
        ("references", 3, "references must be a string or a list of strings"),
    ],
)
def test_hints_can_be_typed(key: str, value: object, message: str) -> None:
    told, hint = refused(key, value)
    assert told.startswith(f"[check]: {message}")
    assert hint.startswith(f"write {key} = ")
    for line in re.split(rf"(?:,| or) (?={key} = )", hint.removeprefix("write ")):
        read_check(tomllib.loads(line), "percept.toml", Path())


def test_hints_of_gates_and_rectangles() -> None:
    assert refused("changed-pixels", "x")[1] == (
        'write changed-pixels = 50, changed-pixels = "1%", changed-pixels = "off" or '
        "changed-pixels = { warn = 50, fail = 50 }"
    )
    assert 'colour = "off"' in refused("colour", "x")[1]
    assert refused("ignore", 5)[1] == 'write ignore = ["0,0,200,40"]'
    assert refused("colour", {"wran": 1})[1] == "did you mean warn?"


def test_a_limit_of_a_caller_in_python() -> None:
    value: Any = None
    with pytest.raises(InvalidSetting, match='the limit of peak must be a number or "off", not None'):
        read_level(value, "peak", "the limit of peak")
