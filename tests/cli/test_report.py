"""`percept report` as a person meets it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pyarrow.parquet
import pytest

from percept_cli.reports import REPORTS
from tests.conftest import Percept, Save
from tests.support.buckets import Bucket
from tests.support.html_pages import Page
from tests.support.report_files import LINES, changed, written, zeros
from tests.support.runs import CHECKED
from tests.support.torch_loaded import with_torch_report


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
    assert done.stderr.startswith("FAIL: 1 of 2 pairs failed")
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
    assert "images not found; run percept report in the folder in which they were compared" in done.stderr


def test_the_input_is_never_overwritten(percept: Percept, tmp_path: Path) -> None:
    path = written(CHECKED, tmp_path / "run.json")
    (tmp_path / "link.json").symlink_to(path)
    before = path.read_bytes()
    for output in ("run.json", "./run.json", "link.json"):
        done = percept("report", "run.json", "-o", output)
        assert done.returncode == 2
        assert "would overwrite the input" in done.stderr
    assert path.read_bytes() == before


def test_approving_reads_no_further_than_reporting(percept: Percept, tmp_path: Path) -> None:
    changed(tmp_path / "run.json", heat={"values": zeros(1 << 26)})
    for command in (("report", "run.json"), ("approve", "run.json", "--dry-run")):
        done = percept(*command)
        assert (done.returncode, done.stdout) == (3, "")
        assert "the heat map does not have the size that it states" in done.stderr


def test_trouble_has_an_exit_code_and_writes_nothing(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text(LINES)
    (tmp_path / "batch.jsonl").write_text('{"name": "a", "fingerprint": "b"}\n')
    (tmp_path / "check.jsonl").write_text('{"name": "a", "evidence": 1, "fingerprint": "b", "conditions": "c"}\n')
    for name, message in (
        ("lines.jsonl", "Hint: use the JSON report of the run (-o percept-report.json).\n"),
        ("batch.jsonl", "; percept batch … --resume batch.jsonl -o percept-report.json writes it"),
        ("check.jsonl", "; percept check … --resume check.jsonl -o percept-report.json writes it"),
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
    assert "percept report percept-report.json -o" in done.stdout


@pytest.mark.slow
def test_a_report_of_this_machine_makes_no_requests_unless_asked(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    save("a.png", 24, 20, 1)
    save("b.png", 24, 20, 2)
    places = [bucket.put(name, tmp_path / name) for name in ("a.png", "b.png")]
    percept("check", *places, "-o", "run.json", "-o", "made.html")
    assert "data:image/png" in (tmp_path / "made.html").read_text()
    closed = percept("report", "run.json", "-o", "closed.html")
    assert "Note: 2 images not on this machine, and not fetched; to fetch, add --remote\n" in closed.stderr
    page = (tmp_path / "closed.html").read_text()
    assert "was not fetched" in page and page.count("data:image/png") < 3
    percept("report", "run.json", "-o", "open.html", "--remote")
    assert "was not fetched" not in (tmp_path / "open.html").read_text()
    place = bucket.put("run.json", tmp_path / "run.json")
    done = percept("report", place, "-o", "there.html")
    assert done.returncode == 0 and "was not fetched" not in (tmp_path / "there.html").read_text()
