"""TAP, read by its own parser."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace

import pytest
from tap.line import Line, Plan, Result
from tap.parser import Parser

from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.system.names import printable
from tests.support.ci_runs import ALLOWED, HOSTILE_NAMES, RUNS, hostile
from tests.support.reported import render
from tests.support.runs import CHECKED


def points(run: Run) -> tuple[list[Line], list[Result]]:
    lines = list(Parser().parse(io.StringIO(render(run, "tap", Style()))))
    return lines, [line for line in lines if isinstance(line, Result)]


@pytest.mark.parametrize("run", RUNS)
def test_tap_has_a_point_for_every_pair(run: str) -> None:
    lines, found = points(RUNS[run])
    assert not [line for line in lines if line.category == "unknown"]
    (plan,) = [line for line in lines if isinstance(line, Plan)]
    assert plan.expected_tests == len(found)
    assert [point.number for point in found] == list(range(1, len(found) + 1))


def test_tap_says_what_failed_and_where() -> None:
    _, found = points(CHECKED)
    assert [point.ok for point in found] == [False, True, True, True, True, False, False, False]
    told = found[0].yaml_block
    assert told["severity"] == "fail"
    assert told["gates"][1] == {
        "name": "peak",
        "value": 1.75,
        "warn": 0.4,
        "fail": 0.5,
        "source": "automatic limit; noise floor 0.19",
        "status": "fail",
        "at": "16,0,16,16",
    }
    assert told["regions"][0]["box"] == "17,3,12,9"
    assert told["regions"][0]["layers"] == {"relu1_2": 0.4, "relu3_3": 0.5}
    assert told["regions"][1]["shift"] == [0, 1]
    assert [(point.ok, point.skip) for point in points(ALLOWED)[1]][5:7] == [(True, True), (True, True)]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_tap_keeps_hostile_names(name: str) -> None:
    _, (found,) = points(replace(CHECKED, results=(hostile(name),)))
    line = render(replace(CHECKED, results=(hostile(name),)), "tap", Style()).splitlines()[2]
    # What would be a directive to readers that know no escapes is written as unprintable characters are.
    shown = re.sub(r"#(?= (?:SKIP|TODO))", r"\\x23", printable(name))
    assert re.sub(r"\\(.)", r"\1", line) == f"not ok 1 - {shown}"
    assert (found.ok, found.todo, found.skip) == (False, False, False)
    assert found.yaml_block["message"] == f"of {printable(name)}"


@pytest.mark.parametrize("value", [1e-10, 1e300, 0.1 + 0.2, 5e-324, 0.0, math.inf])
def test_tap_keeps_numbers(value: float) -> None:
    _, (found,) = points(replace(CHECKED, results=(replace(hostile("a.png"), distance=value),)))
    assert found.yaml_block["distance"] == value
