"""Markdown, read as HTML."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.system.names import printable
from tests.support.ci_runs import ALLOWED, HOSTILE_NAMES, hostile
from tests.support.reported import render
from tests.support.runs import CHECKED, RUN


class Cells(HTMLParser):
    """Text of the tables' cells and of the list's items, and which elements there are."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag in ("tr", "li"):
            self.rows.append([])
        if tag in ("td", "th", "li"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("table", "ul"):
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def read_markdown(run: Run) -> Cells:
    """As a reader with GitHub's tables, strike-through and raw HTML sees it."""
    cells = Cells()
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    cells.feed(reader.render(render(run, "markdown", Style())))
    cells.rows = [[" ".join(cell.split()) for cell in row] for row in cells.rows if row]
    return cells


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_markdown_keeps_hostile_names(name: str) -> None:
    pair = hostile(name)
    new = replace(pair, status="new", reason=f"of {name}")
    passed = replace(pair, status="pass")
    found = read_markdown(replace(CHECKED, results=(pair, new, passed)))
    seen = [row[1] for row in found.rows if row[0] in ("FAIL", "NEW")]
    plain = " ".join(printable(name).split())
    assert seen == [plain, " ".join(f"{printable(name)}of {printable(name)}".split())]
    assert any(row[0].startswith(plain) for row in found.rows if len(row) == 1)
    kinds = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "details", "summary"}
    assert set(found.tags) <= kinds | {"ul", "li", "pre"}
    assert found.tags["details"] == found.tags["summary"] == 1


def test_markdown_says_which_gate_and_where() -> None:
    rows = [row for row in read_markdown(CHECKED).rows if row and row[0] == "FAIL"]
    where = "17,3,12,9 added; 2,20,4,1 moved by 1 px down (allowed)"
    assert rows == [["FAIL", "menu/icon.png", "peak", "1.75", "0.5", where, "relu3_3 46 %"]]
    text = render(CHECKED, "markdown", Style())
    assert text.startswith("## percept: ERROR\n")
    assert "    percept approve percept-report.json --baseline expected --current out\n" in text
    assert [row for row in read_markdown(RUN).rows if row[0] == "FAIL"] == [
        ["FAIL", "out/[red].png", "distance", "1.09583", "0.5", "", "relu3_3 46 %"]
    ]
    assert "2 without a counterpart" in render(ALLOWED, "markdown", Style())


def test_markdown_stays_below_the_limit_and_says_so() -> None:
    pairs = [hostile(f"{'long-' * 40}{number}.png") for number in range(6000)]
    run = replace(CHECKED, results=(*pairs, *(replace(pair, status="pass") for pair in pairs)))
    text = render(run, "markdown", Style())
    assert 900_000 < len(text.encode()) < 2**20
    (more,) = re.findall(r"… and (\d+) more that did not pass; the other reports list them all\.", text)
    assert int(more) + text.count("\n| FAIL ") == 6000
    assert re.search(r"… and \d+ more\.\n\n</details>", text)
    assert text.endswith(f"recipe `{run.fingerprint}`\n")
