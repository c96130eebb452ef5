"""``percept report`` as a person meets it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from percept_cli.errors import ExitCode
from percept_cli.reports import REPORTS, Style
from percept_cli.reports import render as pieces_of
from percept_cli.reports.data.reading import UnreadableReport, read_run
from percept_cli.results.found import HeatMap
from percept_cli.results.run import Run
from percept_cli.system.whole import encoded
from tests.conftest import Percept, Save
from tests.runs import CHECKED, PAIR, RUN
from tests.test_cli import with_torch_report
from tests.test_html import Page
from tests.test_reports import BROKEN, MANY, NOT_A_NUMBER, NOTE, PASSED, UNDECODABLE, render


def written(run: Run, path: Path) -> Path:
    path.write_text(render(run, "json", Style()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        MANY,
        CHECKED,
        replace(RUN, results=(NOTE, NOT_A_NUMBER, BROKEN, UNDECODABLE)),
        replace(MANY, kind="batch", complete=False, ended_with=ExitCode.INTERRUPTED, origin=("a.png", "out")),
        replace(CHECKED, allow_empty=True, allow_unmatched=True, results=()),
    ],
)
def test_what_was_read_is_written_as_it_was(tmp_path: Path, run: Run) -> None:
    text = render(run, "json", Style())
    found = read_run(written(run, tmp_path / "run.json"))
    assert render(found, "json", Style()) == text
    assert found.spec == run.spec
    assert found.summary == run.summary
    assert replace(found, results=run.results, ended_with=run.ended_with) == run
    if run is RUN:
        shapes = [(layer.channels, layer.height, layer.width) for layer in next(iter(found.results)).layers]
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


FILES = ("txt", "jsonl", "csv", "parquet", "tsv", "xml", "md", "tap", "html", "gl-code-quality-report.json")
CHEAP = ("--layers", "relu1_2", "--device", "cpu")
RUNS: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "one pair": (1, "compare", ("compare", "expected/other.png", "out/other.png", "--threshold", "0.01", *CHEAP)),
    "a tiny pair, which has a note": (0, "compare", ("compare", "expected/tiny.png", "out/tiny.png", *CHEAP)),
    "folders": (3, "batch", ("batch", "expected", "out", "--threshold", "0.01", *CHEAP)),
    "unmatched, which is allowed": (
        0, "batch", ("batch", "expected", "out", "--allow-unmatched", "--exclude", "broken.png", *CHEAP),
    ),
    "an image and a folder": (3, "batch", ("batch", "expected/same.png", "out", *CHEAP)),
    "a list of one": (0, "batch", ("batch", "--pairs", "pairs.csv", *CHEAP)),
    "nothing": (3, "batch", ("batch", "empty", "empty-too", *CHEAP)),
    "nothing, which is allowed": (0, "batch", ("batch", "empty", "empty-too", "--allow-empty", *CHEAP)),
    "stopped at the first failure": (3, "batch", ("batch", "expected", "out", "--fail-fast", *CHEAP)),
    "a check": (3, "check", ("check", "expected", "out")),
    "a check of one pair": (0, "check", ("check", "expected/same.png", "out/same.png")),
    "a check in which new is allowed": (
        1, "check", ("check", "expected", "out", "--new", "pass", "--missing", "warn", "--exclude", "broken.png"),
    ),
    "a check with another recipe for some": (
        1, "check", ("check", "expected", "out", "--config", "rules.toml", "--exclude", "broken.png"),
    ),
    "a check of nothing but what is missing": (3, "check", ("check", "expected", "empty", "--missing", "pass")),
}  # fmt: skip


@pytest.fixture
def two_folders(tmp_path: Path, save: Save) -> Path:
    for folder in ("expected", "out", "empty", "empty-too"):
        (tmp_path / folder).mkdir()
    for folder in ("expected", "out"):
        save(f"{folder}/same.png")
        save(f"{folder}/other.png", seed=1 if folder == "out" else 2)
        save(f"{folder}/tiny.png", width=1, height=1)
    (tmp_path / "out" / "broken.png").write_bytes(b"no image")
    save("expected/broken.png")
    save("out/new.png")
    save("expected/gone.png")
    (tmp_path / "pairs.csv").write_text(
        "reference,candidate,name,threshold,weight,id\nexpected/other.png,out/other.png,=1,9,2,7\n"
    )
    (tmp_path / "rules.toml").write_text('[[override]]\nmatch = "other.png"\npreset = "johnson-style"\n')
    return tmp_path


QUICK = (
    "one pair",
    "unmatched, which is allowed",
    "stopped at the first failure",
    "a check in which new is allowed",
    "a check with another recipe for some",
)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RUNS]
)
def test_every_report_is_the_one_that_was_made_at_once(percept: Percept, two_folders: Path, name: str) -> None:
    """Byte for byte, and the verdict with them; what the run was allowed stands in the JSON."""
    code, kind, command = RUNS[name]
    outputs = [option for ending in FILES for option in ("-o", f"once.{ending}")]
    once = percept(*command, "--format", "github", "-o", "run.json", *outputs)
    assert once.returncode == code, once.stderr
    document = json.loads((two_folders / "run.json").read_text())
    assert (document["kind"], document["exit_code"]) == (kind, code)
    outputs = [option for ending in FILES for option in ("-o", f"again.{ending}")]
    again = percept("report", "run.json", "--format", "github", "-o", "again.json", *outputs)
    assert (again.returncode, again.stdout) == (0, once.stdout)
    for ending in FILES:
        assert (two_folders / f"again.{ending}").read_bytes() == (two_folders / f"once.{ending}").read_bytes()
    assert (two_folders / "again.json").read_bytes() == (two_folders / "run.json").read_bytes()


@pytest.mark.parametrize("name", ["one pair", "a check"])
def test_the_table_on_standard_output_is_the_one_that_was_printed(
    percept: Percept, two_folders: Path, name: str
) -> None:
    _, kind, command = RUNS[name]
    top = () if kind == "compare" else ("--top", "2")
    once = percept(*command, *top, "--format", "table", "-o", "run.json")
    assert two_folders.joinpath("run.json").exists()
    assert percept("report", "run.json", *top).stdout == once.stdout


NAMES = (b"caf\xe9.png", b"=1+1.png", b"\xff\xfe/-x.png", "ü\n.png".encode())


def test_names_that_are_no_text_are_utf_8_in_every_report(percept: Percept, save: Save, tmp_path: Path) -> None:
    """Of ``batch`` and of ``check``, in files and on standard output; and a CSV names the files that there are."""
    picture = save("a.png").read_bytes()
    for folder in ("expected", "out"):
        for name in NAMES:
            path = tmp_path / folder / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture if folder == "out" or b"/" not in name else b"no image")
    (tmp_path / "expected" / os.fsdecode(b"gone\xff.png")).write_bytes(picture)
    for command, formats in (("batch", REPORTS), ("check", ("csv", "jsonl", "score", "table"))):
        outputs = [option for ending in ("json", *FILES) for option in ("-o", f"{command}.{ending}")]
        assert percept(command, "expected", "out", *CHEAP, *outputs).returncode == 3
        for ending in ("json", *FILES):
            data = (tmp_path / f"{command}.{ending}").read_bytes()
            if ending == "parquet":
                pyarrow.parquet.read_table(tmp_path / f"{command}.{ending}").validate(full=True)
            else:
                assert data.decode("utf-8")
        for form in formats:
            done = percept("report", f"{command}.json", "--format", form)
            assert done.returncode == 0
            if form != "parquet":
                assert not re.search(r"[\ud800-\udfff]", done.stdout)  # what is no UTF-8 would be surrogates
                assert done.stdout
    done = percept("batch", "expected", "out", *CHEAP, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["name"] for row in found} == {
        r"caf\udce9.png", "./=1+1.png", r"\udcff\udcfe/-x.png", "ü\n.png", r"gone\udcff.png"
    }  # fmt: skip
    (tmp_path / "back.csv").write_text("name,reference,candidate\n./=1+1.png,expected/=1+1.png,./out/=1+1.png\n")
    done = percept("batch", "--pairs", "back.csv", *CHEAP, "--format", "score")
    assert (done.returncode, done.stdout) == (0, "0.0\t./=1+1.png\n")


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
        (document(results=[{"name": "a.png"}]), "result 1 is none of percept's: no 'layers'"),
        (document(results=[7]), "result 1 is none of percept's"),
        (document(results=7), "its results are no list"),
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


def changed(path: Path, **changes: Any) -> Path:
    """A report whose first result is another than percept wrote; of its heat map with ``heat``."""
    whole = json.loads(TEXT)
    row = whole["results"][0]
    row["evidence"]["heat"] |= changes.pop("heat", {})
    row |= changes
    path.write_text(json.dumps(whole))
    return path


def zeros(count: int) -> str:
    """So many bytes as a report has them, packed without ever being there."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    pieces += [packer.compress(bytes(count % (1 << 20))), packer.flush()]
    return base64.b64encode(b"".join(pieces)).decode()


@pytest.mark.parametrize(
    ("heat", "message"),
    [
        ({"values": zeros(1 << 26)}, "the heat map has another size than it says"),
        ({"width": 8192, "height": 8192, "values": zeros(1 << 26)}, "a heat map of 8192 × 8192 values is none"),
        ({"width": 1 << 70}, "is no whole number of 64 bits"),
        ({"width": 0, "values": zeros(0)}, "a heat map of 0 × 2 values is none"),
        ({"width": -3, "height": -2}, "a heat map of -3 × -2 values is none"),
        ({"values": zeros(6)[:8]}, "the heat map has another size than it says"),
        ({"stride": 0}, "is none that percept keeps"),
        ({"top": 0}, "a scale without an end"),
        ({"top": "10"}, "is no number"),
    ],
)  # fmt: skip
def test_a_heat_map_is_unpacked_as_far_as_its_size_says(
    tmp_path: Path, heat: dict[str, Any], message: str
) -> None:
    """64 MB pack into 64 kB; 10 MB are more than all of this needs."""
    path = changed(tmp_path / "run.json", heat=heat)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableReport, match=message):
            read_run(path)
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_no_more_than_one_heat_map_is_held(tmp_path: Path) -> None:
    """100 maps of 480×320 are 15 MB; what is held is one result, one piece of the file, and the spool's 4 MiB."""
    one = next(iter(CHECKED.results))
    assert one.evidence is not None
    evidence = replace(one.evidence, heat=HeatMap(1, 480, 320, bytes(480 * 319) + bytes(range(240)) * 2, 10.0))
    pair = replace(one, width=480, height=320, evidence=evidence)
    path = written(replace(CHECKED, results=(pair,) * 100), tmp_path / "run.json")
    for _ in range(2):  # the second time everything is imported
        tracemalloc.start()
        try:
            run = read_run(path)
            size = sum(len(encoded(piece)) for piece in pieces_of(run, "junit", Style()))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size > 50_000
    assert most < 10e6


DEEP = '{"a": ' * 500 + "1" + "}" * 500


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"extra": {}', f'"extra": {DEEP}', "nested deeper than 64 levels"),
        ('"extra": {}', f'"extra": {DEEP * 30}', "cut off or was changed by hand"),
        ('"extra": {}', '"extra": ' + "[" * 100_000, "nested too deeply"),
        ('"seconds": 1.25', f'"seconds": {"9" * 5000}', "digits"),
        ('"seconds": 1.25', f'"seconds": {"9" * 4000}', "none of percept's"),
        ('"seconds": 1.25', '"seconds": 1e999', "inf is no number"),
        ('"seconds": 1.25', '"seconds": NaN', "NaN is no number of JSON"),
        ('"seconds": 1.25', '"seconds": true', "True is no number"),
        ('"width": 48', f'"width": {10**30}', "width and height are those of no image"),
        ('"width": 48', '"width": -1', "width and height are those of no image"),
        ('"source": "cross-machine"', '"source": 7', "7 is no text"),
        ('"status": "pass"', '"status": ["pass"]', "is no"),
        ('"schema_version": 1', f'"schema_version": "{"x" * 300_000}"', "larger than any that percept writes"),
    ],
    ids=range(13),
)
def test_what_is_no_value_of_a_report_is_refused(
    tmp_path: Path, old: str, new: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("percept_cli.reports.data.members.MOST_OF_A_VALUE", 200_000)
    path = tmp_path / "run.json"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UnreadableReport, match=message):
        read_run(path)


def test_approving_reads_no_further_than_reporting(percept: Percept, tmp_path: Path) -> None:
    changed(tmp_path / "run.json", heat={"values": zeros(1 << 26)})
    for command in (("report", "run.json"), ("approve", "run.json", "--dry-run")):
        done = percept(*command)
        assert (done.returncode, done.stdout) == (3, "")
        assert "the heat map has another size than it says" in done.stderr


def test_members_may_come_in_any_order(tmp_path: Path) -> None:
    path = written(CHECKED, tmp_path / "run.json")
    path.write_text(json.dumps(json.loads(TEXT), sort_keys=True, ensure_ascii=True, indent="\t"))
    found = read_run(path)
    assert render(found, "json", Style()) == TEXT


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_report_is_read_piece_by_piece(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a piece ends, in the middle of a character, a number or a name: the same is read."""
    monkeypatch.setattr("percept_cli.reports.data.members._PIECE", size)
    run = replace(MANY, results=(PASSED, UNDECODABLE))
    assert render(read_run(written(run, tmp_path / "run.json")), "json", Style()) == render(run, "json", Style())


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
