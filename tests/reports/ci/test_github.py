"""Annotations of GitHub, read as its runner reads them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.system.names import printable
from tests.support.ci_runs import ALLOWED, HOSTILE, HOSTILE_NAMES, hostile
from tests.support.reported import render
from tests.support.runs import CHECKED

# GitHub: how its runner reads a workflow command, from its documentation.
COMMAND = re.compile(r"::(?P<kind>error|warning|notice) (?P<properties>[^:]*)::(?P<message>.*)")


def unescaped(text: str) -> str:
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def commands(run: Run) -> list[dict[str, str]]:
    found = []
    for line in render(run, "github", Style()).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        properties = dict(entry.split("=", 1) for entry in match["properties"].split(","))
        entries = properties | {"message": match["message"]}
        found.append({"kind": match["kind"]} | {key: unescaped(value) for key, value in entries.items()})
    return found


def test_github_annotates_the_worst_first() -> None:
    found = commands(CHECKED)
    assert [(entry["kind"], entry["title"].split(":")[0]) for entry in found] == [
        ("error", "percept error"),
        ("error", "percept fail"),
        ("error", "percept missing"),
        ("error", "percept new"),
        ("warning", "percept warn"),
        ("notice", "percept"),
    ]
    assert found[1]["file"] == "expected/menu/icon.png"
    assert found[3]["file"] == "out/fresh.png"
    assert found[1]["message"].endswith(
        "\nregions (x,y,width,height): 17,3,12,9 added; 2,20,4,1 moved by 1 px down (allowed)"
        "\ntop layer: relu3_3 46 %"
    )
    assert [entry["title"] for entry in commands(ALLOWED)][-1] == "percept"
    assert len(commands(ALLOWED)) == 4


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_github_keeps_hostile_names(name: str) -> None:
    found, _ = commands(replace(CHECKED, results=(hostile(name),)))
    assert found["title"] == f"percept fail: {printable(name)}"
    assert found["file"] == f"expected/{printable(name)}"
    assert found["message"].splitlines()[0] == f"of {printable(name)}"


def test_github_says_how_many_are_left_out() -> None:
    warned = [result for result in CHECKED.results if result.status == "warn"]
    found = commands(replace(CHECKED, results=(*HOSTILE.results, *warned * 12)))
    assert Counter(entry["kind"] for entry in found) == {"error": 10, "warning": 10, "notice": 1}
    left_out = len(HOSTILE_NAMES) - 10 + 2
    assert found[-1]["message"].endswith(f"; {left_out} more did not pass; see the whole report")
