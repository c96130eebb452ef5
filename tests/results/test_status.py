"""Verdicts: every one has a place in the order, and a meaning in every format."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import get_args

import pytest

from percept_cli.reports import Style, render
from percept_cli.results.found import Evidence, Gate
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import COMPARED, RANK, WORST_FIRST, Status
from tests.conftest import ROOT
from tests.support.runs import CHECKED, PAIR

GATE = Gate("peak", 1.75, "", 0.4, 0.5, "auto", "fail")
MEANING = {
    #             exit, JUnit, TAP, GitHub, GitLab, among those that Markdown tells of in its table
    "error": (3, "error", "not ok", "error", "critical", True),
    "fail": (1, "failure", "not ok", "error", "major", True),
    "missing": (1, "failure", "not ok", "error", "major", True),
    "new": (1, "failure", "not ok", "error", "minor", True),
    "warn": (0, "system-out", "ok", "warning", "info", True),
    "tolerated": (0, "system-out", "ok", "", "", False),
    "measured": (0, "skipped", "ok # SKIP", "", "", False),
    "pass": (0, "", "ok", "", "", False),
}
"""The table of docs/reference/exit-codes.md."""
ON_THE_PAGE = {"system-out": "passed, with output", "": "–"}
"""Words of that table for what formats have."""


def of_status(status: Status) -> PairResult:
    counted = status in COMPARED and status != "error"
    result = replace(PAIR, status=status, threshold=None, evidence=Evidence((GATE,)) if counted else None)
    return result if counted else replace(result, layers=(), distance=float("nan"))


def written(run: Run, form: str) -> str:
    return "".join(map(str, render(run, form, Style())))


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert [row[0].strip().strip("`") for row in rows] == list(WORST_FIRST)
    for row in rows:
        verdict, _, code, *meanings, in_markdown = (cell.strip().strip("`") for cell in row)
        exit_code, junit, tap, github, gitlab, in_table = MEANING[verdict]
        assert code in (str(exit_code), "3 or 4")
        expected = [ON_THE_PAGE.get(junit, junit) if junit else "passed", tap, github or "–", gitlab or "–"]
        assert meanings == expected, verdict
        assert in_markdown == ("row" if in_table else "listed"), verdict


def test_every_verdict_has_its_place() -> None:
    assert set(WORST_FIRST) == set(get_args(Status)) == set(MEANING)
    assert sorted(WORST_FIRST, key=RANK.__getitem__, reverse=True) == list(WORST_FIRST)


@pytest.mark.parametrize("status", get_args(Status))
def test_what_a_verdict_means_in_every_format(status: Status) -> None:
    # A pair that passes stands beside it: a run of one new picture alone would be one that compared nothing.
    run = replace(CHECKED, results=(of_status(status), replace(of_status("pass"), name="fine.png")))
    code, junit, tap, github, gitlab, in_table = MEANING[status]
    assert run.exit_code == code
    case = ET.fromstring(written(run, "junit"))[0][1]
    assert [child.tag for child in case] == ([junit] if junit else [])
    point = next(line for line in written(run, "tap").splitlines() if " 1 - " in line)
    assert point.startswith(f"{tap.partition(' #')[0]} 1 - ")
    assert ("# SKIP" in point) == ("SKIP" in tap)
    annotation = written(run, "github").splitlines()[0]
    assert annotation.startswith(f"::{github} " if github else "::notice ")
    findings = json.loads(written(run, "gitlab"))
    assert [finding["severity"] for finding in findings] == ([gitlab] if gitlab else [])
    assert (f"| {status.upper()} |" in written(run, "markdown")) == in_table
    assert json.loads(written(run, "json"))["results"][0]["status"] == status
    assert f'data-status="{status}"' in written(run, "html")
    assert written(run, "csv").splitlines()[1].split(",")[5] == status
