"""``percept report`` as a person meets it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from percept_cli.reports import Style
from percept_cli.reports.reading import UnreadableReport, read_run
from percept_cli.results import Run
from tests.conftest import Percept, Save
from tests.runs import CHECKED, PAIR, RUN
from tests.test_cli import with_torch_report
from tests.test_html import Page
from tests.test_reports import BROKEN, MANY, NOT_A_NUMBER, NOTE, UNDECODABLE, render


def written(run: Run, path: Path) -> Path:
    path.write_text(render(run, "json", Style()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "run", [RUN, MANY, CHECKED, replace(RUN, results=(NOTE, NOT_A_NUMBER, BROKEN, UNDECODABLE))]
)
def test_what_was_read_is_written_as_it_was(tmp_path: Path, run: Run) -> None:
    text = render(run, "json", Style())
    found = read_run(written(run, tmp_path / "run.json"))
    assert render(found, "json", Style()) == text
    assert found.spec == run.spec
    assert found.summary == run.summary
    assert found.complete == run.complete
    shapes = [(layer.channels, layer.height, layer.width) for layer in found.results[0].layers]  # type: ignore[index]
    if run is RUN:
        assert shapes == [(layer.channels, layer.height, layer.width) for layer in PAIR.layers]


def test_a_comparison_of_folders_becomes_every_other_report(percept: Percept, save: Save, tmp_path: Path) -> None:
    for folder in ("expected", "out"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/same.png")
        save(f"{folder}/other.png", seed=1 if folder == "out" else 2)
    save("out/new.png")
    done = percept(
        "batch", "expected", "out", "--threshold", 0.01, "-q",
        "-o", "run.json", "-o", "run.csv", "-o", "run.jsonl", "-o", "run.md",
    )  # fmt: skip
    assert done.returncode == 1
    outputs = ("-o", "again.csv", "-o", "again.jsonl", "-o", "again.md", "-o", "run.html")
    done = percept("report", "run.json", *outputs, fresh=True)
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.startswith("FAIL: 1 of 2 pairs above the threshold")
    assert "The reports are in again.csv, again.jsonl, again.md, run.html.\n" in done.stderr
    for ending in ("jsonl", "md"):
        assert (tmp_path / f"again.{ending}").read_text() == (tmp_path / f"run.{ending}").read_text()
    page = Page((tmp_path / "run.html").read_text())
    assert len(page.pictures) == 3  # same.png, its copy and new.png have one content
    assert {result["status"] for result in page.results} == {"pass", "fail", "new"}
    assert "percept approve run.json --baseline expected --current out --filter /other.png" in [
        command["text"] for result in page.results for command in result["commands"]
    ]


def test_links_lead_from_where_the_page_is(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a b.png")
    save("c.png", seed=1)
    (tmp_path / "pages" / "deep").mkdir(parents=True)
    assert percept("compare", "a b.png", "c.png", "--threshold", 0, "-q", "-o", "run.json").returncode == 1
    done = percept("report", "run.json", "-o", "pages/deep/run.htm", "--pictures", "link", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (result,) = Page((tmp_path / "pages" / "deep" / "run.htm").read_text()).results
    assert result["sides"]["reference"]["address"] == "./../../a%20b.png"


def test_standard_output_gets_a_table_or_what_is_asked_for(percept: Percept, tmp_path: Path) -> None:
    written(CHECKED, tmp_path / "run.json")
    done = percept("report", "run.json")
    assert done.returncode == 0
    assert "menu/icon.png" in done.stdout
    assert done.stderr == ""
    done = percept("report", "run.json", "--format", "html")
    assert done.returncode == 0
    assert done.stdout.startswith("<!doctype html>")
    assert "not found; their paths start from the folder in which they were compared" in done.stderr


def test_the_input_is_never_overwritten(percept: Percept, tmp_path: Path) -> None:
    path = written(CHECKED, tmp_path / "run.json")
    (tmp_path / "link.json").symlink_to(path)
    before = path.read_bytes()
    for output in ("run.json", "./run.json", "link.json"):
        done = percept("report", "run.json", "-o", output)
        assert done.returncode == 2
        assert "would overwrite the input" in done.stderr
    assert path.read_bytes() == before


def document(**changes: Any) -> str:
    whole = json.loads(render(CHECKED, "json", Style()))
    return json.dumps(whole | changes)


LINES = render(CHECKED, "jsonl", Style())
TEXT = render(CHECKED, "json", Style())
SPEC = json.loads(TEXT)["spec"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no JSON document"),
        ("name,distance\n", "it is no JSON document"),
        ("[1, 2]", "it does not say that percept wrote it"),
        ('{"a": 1}', "it does not say that percept wrote it"),
        ('{"a": [], ' + '"b": [' * 100_000, "run.json"),
        (TEXT[: len(TEXT) // 2], ": not JSON: the file is cut off"),
        (LINES, "JSON Lines"),
        (LINES.splitlines()[0], "JSON Lines"),
        (document(schema_version=2), "its schema_version is 2, and this percept reads 1"),
        (document(fingerprint="0123456789ab"), "the fingerprint 0123456789ab, and here"),
        (document(spec=SPEC | {"backbone": "vgg99"}), "unknown backbone 'vgg99'"),
        (document(spec=SPEC | {"layers": SPEC["layers"][:2]}), "with another recipe than this version has"),
        (document(spec={}), "something is missing or of another kind: no 'layers'"),
        (document(results=[{"name": "a.png"}]), "result 1 is none of percept's: no 'reason'"),
        (document(results=[7]), "result 1 is none of percept's"),
        (document(results=7), "something is missing or of another kind"),
        (document(folders=3), "something is missing or of another kind"),
    ],
)
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableReport) as caught:
        read_run(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_heat_map_that_was_damaged_is_refused(tmp_path: Path) -> None:
    whole = json.loads(TEXT)
    whole["results"][0]["evidence"]["heat"]["values"] = "AAAA"
    path = tmp_path / "run.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(UnreadableReport, match="result 1 is none of percept's"):
        read_run(path)


def test_trouble_has_an_exit_code_and_writes_nothing(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text(LINES)
    for name, message in (
        ("lines.jsonl", "--resume lines.jsonl"),
        ("none.json", "no such file"),
        (".", "cannot be"),
    ):
        done = percept("report", name, "-o", "report.html")
        assert done.returncode == 3
        assert done.stderr.startswith("Error: ")
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_nothing_of_it_loads_torch(tmp_path: Path) -> None:
    written(CHECKED, tmp_path / "run.json")
    done = with_torch_report("report", "run.json", "-o", "run.html", "-q", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "False\n")


def test_the_help_fits_80_columns(percept: Percept) -> None:
    done = percept("report", "--help")
    examples = [line for line in done.stdout.splitlines() if line.startswith("  ") and "--format [" not in line]
    assert max(map(len, examples)) <= 80
    assert "percept report results.json -o report.html" in done.stdout
