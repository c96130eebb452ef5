"""Every format renders every run, and the ending of a file says the format."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from percept_cli import reports
from percept_cli.errors import MissingLibrary
from percept_cli.reports import REPORTS, Report, RowReport, Style, check_format, format_of_file
from percept_cli.results.found import Evidence, Gate
from percept_cli.results.run import RunKind
from percept_cli.system.whole import encoded
from tests.support.ci_runs import RUNS
from tests.support.reported import (
    BROKEN,
    MANY,
    MISSING,
    NEW,
    NOT_A_NUMBER,
    NOTE,
    UNDECODABLE,
    UNUSABLE,
    check_golden,
    render,
)
from tests.support.runs import CHECKED, PAIR, RUN


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("form", REPORTS)
def test_every_format_renders_every_run(form: str, run: str) -> None:
    data = b"".join(map(encoded, reports.render(RUNS[run], form, Style())))
    if form == "parquet":
        assert data[:4] == data[-4:] == b"PAR1"
        return
    if form == "csv":  # names are kept byte by byte, for programs that open the files
        data.decode("utf-8", "surrogateescape")
    else:
        data.decode("utf-8")
    assert data.endswith(b"\n") or not data
    assert data or form in ("jsonl", "score")


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("junit", "checked.xml"),
        ("markdown", "checked.md"),
        ("github", "checked.github.txt"),
        ("gitlab", "checked-code-quality-report.json"),
        ("tap", "checked.tap"),
    ],
)
def test_golden(form: str, file: str) -> None:
    check_golden(file, render(CHECKED, form, Style(json_report="report.json")))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("r.xml", "junit"),
        ("r.md", "markdown"),
        ("r.tap", "tap"),
        ("gl-code-quality-report.json", "gitlab"),
        ("codequality.json", "gitlab"),
        ("quality.json", "json"),
    ],
)
def test_endings(name: str, form: str) -> None:
    assert format_of_file(name) == form


@pytest.mark.parametrize("form", REPORTS)
def test_every_format_is_a_report_in_one_table(form: str) -> None:
    kind = REPORTS[form].load()
    assert issubclass(kind, Report)
    assert kind.__doc__  # what it is, in a line
    assert all(format_of_file(f"name{suffix}") == form for suffix in REPORTS[form].suffixes)
    check_format(form)
    if issubclass(kind, RowReport):  # what is written while the run goes on is what is written behind it
        report = kind(MANY, Style())
        assert "".join((report.head(), *map(report.rows, MANY.results))) == render(MANY, form, Style())


def test_a_format_whose_library_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibrary, match="writing Parquet needs pyarrow") as error:
        check_format("parquet")
    assert error.value.hint == "pip install 'percept-cli[parquet]'"


def test_a_pair_that_was_not_compared_is_counted_as_such_wherever_pairs_are_counted() -> None:
    unseen = replace(BROKEN, status="pass", reason="other sizes, which may differ; nothing was compared")
    run = replace(CHECKED, results=(unseen, *CHECKED.results))
    assert (run.summary.passed, run.summary.within, run.summary.not_compared) == (2, 1, 1)
    told = " ".join(render(run, "table", Style()).split())
    assert "1 warned, 1 tolerated, 1 measured, 1 passed, 1 not compared" in told
    markdown = render(run, "markdown", Style())
    assert (
        "| passed | measured | tolerated | not compared | warned | failed | new | missing | errors |" in markdown
    )
    assert "| 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1 |" in markdown
    assert "not compared |" not in render(CHECKED, "markdown", Style())


@pytest.mark.parametrize("form", REPORTS)
def test_every_format_renders_every_kind_of_run(form: str) -> None:
    for pairs in ((), (PAIR,), (PAIR, NOTE, NOT_A_NUMBER, UNDECODABLE, BROKEN, NEW, MISSING, UNUSABLE)):
        for style in (Style(), Style(wide=True)):
            pieces = list(reports.render(replace(MANY, results=pairs), form, style))
            data = b"".join(map(encoded, pieces))
            if form == "parquet":
                assert data[:4] == data[-4:] == b"PAR1"
            else:
                assert not pairs or data.endswith(b"\n")
            if form != "parquet":  # no format drops a pair
                assert all(re.sub(r"\W.*", "", pair.name).encode() in data for pair in pairs)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("A.CSV", "csv"), ("x.txt", "table"), ("x.ndjson", "jsonl"), ("x.png", None)],
)
def test_the_ending_of_a_file_says_the_format(name: str, form: str | None) -> None:
    assert format_of_file(name) == form


@pytest.mark.parametrize("form", ["table", "markdown"])
@pytest.mark.parametrize("kind", ["compare", "batch"])
def test_a_distance_never_reads_as_the_threshold_that_it_exceeds(form: str, kind: RunKind) -> None:
    over = replace(PAIR, distance=0.000148098044, threshold=0.000148098, reason="too much")
    text = render(replace(RUN, kind=kind, results=(over,)), form, Style())
    assert "0.00014809804" in text
    assert re.search(r"0\.000148098\b", text)


@pytest.mark.parametrize("form", ["table", "markdown", "junit"])
def test_a_gate_never_reads_as_the_limit_that_it_exceeds(form: str) -> None:
    gate = Gate("peak", 0.2150324, "", 0.2150323, 0.2150323, "command line", "fail")
    over = replace(PAIR, threshold=None, evidence=Evidence((gate,)), reason="too much")
    text = render(replace(CHECKED, results=(over,)), form, Style())
    assert "0.2150324" in text
    assert "0.2150323" in text
