"""`--shard` and `percept merge` as jobs of a pipeline meet them: real processes, real files, whole reports."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pyarrow.parquet
import pytest

from percept_cli.system.names import counted
from tests.conftest import Percept, Save
from tests.support.batches import CHEAP, LINE_SCHEMA, rows
from tests.support.html_pages import Page
from tests.support.report_files import written
from tests.support.reported import MANY, SCHEMA
from tests.support.shards import shards_of
from tests.support.torch_loaded import with_torch_report

FORMATS = (
    "txt",
    "json",
    "jsonl",
    "csv",
    "parquet",
    "tsv",
    "xml",
    "md",
    "tap",
    "html",
    "gl-code-quality-report.json",
)
COMMANDS = {
    "batch": ("batch", "expected", "actual", "--threshold", "0.05", "--batch-size", "1", *CHEAP),
    "check": ("check", "expected", "actual", "--config", "rules.toml"),
    "list": ("batch", "--pairs", "pairs.csv", "--batch-size", "1", *CHEAP),
}


@pytest.fixture
def images(tmp_path: Path, save: Save) -> Path:
    """Two folders and a list: equal and different pairs, one new, missing, damaged, and one of two references."""
    for folder in ("expected/ui", "actual/ui"):
        (tmp_path / folder).mkdir(parents=True)
    for index in range(5):
        save(f"expected/ui/{index}.png", seed=index)
        save(f"actual/ui/{index}.png", seed=index + 10 * (index == 3))
    save("expected/gone.png")
    save("actual/new.png")
    save("expected/many.png", seed=8)
    save("expected/many.alt.png", seed=9)
    save("actual/many.png", seed=9)
    save("expected/bad.png")
    (tmp_path / "actual" / "bad.png").write_bytes(b"no image")
    (tmp_path / "rules.toml").write_text(
        '[[override]]\nmatch = "many.png"\nreferences = ["{stem}.alt.png"]\n'
        '[[override]]\nmatch = "nothing.png"\nmax-shift = 2\n'
    )
    lines = [f"expected/ui/{index}.png,actual/ui/{index % 4}.png,{index % 3}" for index in (4, 0, 3, 1, 2)]
    (tmp_path / "pairs.csv").write_text("\n".join(("reference,candidate,name", *lines, "expected/ui/1.png,,x")))
    return tmp_path


@pytest.fixture
def equal(tmp_path: Path, save: Save) -> Path:
    """As many, of which those that are in both folders are equal: no network is needed."""
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
        for index in range(8):
            save(f"{folder}/{index}.png", 16, 16, seed=index)
    save("expected/gone.png", 16, 16)
    save("actual/new.png", 16, 16)
    (tmp_path / "rules.toml").write_text(
        '[[override]]\nmatch = "3.png"\nmax-shift = 1\n[[override]]\nmatch = "nothing.png"\nmax-shift = 2\n'
    )
    lines = [f"expected/{index}.png,actual/{index}.png,{index % 3}" for index in (4, 0, 3, 1, 2)]
    (tmp_path / "pairs.csv").write_text("\n".join(("reference,candidate,name", *lines, "expected/1.png,,x")))
    return tmp_path


def timeless(path: Path) -> None:
    """Take the times out of a JSON report, and where it ran."""
    text = re.sub(r'"seconds": [^,\n]+', '"seconds": 0.0', path.read_text(encoding="utf-8"))
    path.write_text(re.sub(r'"device": "\w+"', '"device": "cpu"', text), encoding="utf-8")


def shards(percept: Percept, command: tuple[str, ...], count: int) -> list[subprocess.CompletedProcess[str]]:
    return [percept(*command, "--shard", f"{one}/{count}", "-o", f"{one}.json") for one in range(1, count + 1)]


@pytest.mark.parametrize("count", [2, 7])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_report_of_all_shards_is_that_of_the_whole_run(
    percept: Percept, equal: Path, name: str, count: int
) -> None:
    whole = percept(*COMMANDS[name], "-o", "whole.json", "-q")
    shards(percept, COMMANDS[name], count)
    found = percept("merge", *(f"{one}.json" for one in range(count, 0, -1)), "-o", "merged.json", "-q")
    assert found.returncode == whole.returncode == (3 if name == "list" else 1)
    for path in ("whole", "merged"):
        timeless(equal / f"{path}.json")
    assert (equal / "merged.json").read_bytes() == (equal / "whole.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("name", COMMANDS)
def test_shards_that_are_merged_are_the_whole_run(percept: Percept, images: Path, name: str, count: int) -> None:
    """In every format, images of the page included; with 7 shards, some have nothing."""
    whole = percept(*COMMANDS[name], "-o", "whole.json", "-q")
    done = shards(percept, COMMANDS[name], count)
    assert {one.returncode for one in done} <= {0, 1, 3}
    paths = [f"{one}.json" for one in range(count, 0, -1)]
    documents = [json.loads((images / path).read_text()) for path in paths]
    for document in documents:
        jsonschema.validate(document, SCHEMA)
    if count == 7:
        empty = next(number for number, one in enumerate(documents) if not one["results"])
        assert done[-empty - 1].returncode == 0
        assert re.search(r"shard \d/7 has none of the \d+ (images|pairs)", done[-empty - 1].stderr)
    found = percept("merge", *paths, "-o", "merged.json", "-o", "now.html", "-q")
    assert (found.returncode, found.stderr) == (whole.returncode, "")
    for path in ("whole", "merged"):
        timeless(images / f"{path}.json")
    assert (images / "merged.json").read_bytes() == (images / "whole.json").read_bytes()
    for run in ("whole", "merged"):
        (images / run).mkdir()
        (images / f"{run}.json").rename(images / "run.json")  # its name stands in the commands of the page
        outputs = [option for ending in FORMATS for option in ("-o", f"{run}/run.{ending}")]
        assert percept("report", "run.json", *outputs, "-q").returncode == 0
    for ending in FORMATS:
        assert (images / "merged" / f"run.{ending}").read_bytes() == (
            images / "whole" / f"run.{ending}"
        ).read_bytes()
    pages = [Page((images / path).read_text()) for path in ("now.html", "whole/run.html")]
    assert pages[0].pictures == pages[1].pictures != {}


def test_the_notes_of_a_shard_are_those_of_the_whole_run(percept: Percept, equal: Path) -> None:
    """An override whose images are all in other shards matches; one without images is told by each shard."""
    for one in shards(percept, COMMANDS["check"], 3):
        assert "override 2 (nothing.png) matches no image" in one.stderr
        assert "override 1" not in one.stderr
    assert equal.exists()


@pytest.mark.usefixtures("equal")
def test_one_verdict_for_all_jobs(percept: Percept) -> None:
    done = shards(percept, COMMANDS["check"], 2)
    table = percept("merge", "2.json", "1.json", "-v")
    assert table.returncode == max(one.returncode for one in done) == 1
    assert "verdict      FAIL: 1 missing, 1 new; 8 images within the limits\n" in table.stdout
    assert table.stderr == "read 10 results of percept 0.1.0 from 2 reports\n"
    done_by_itself = percept("merge", "1.json", "2.json", "-o", "out.json", "-o", "out.html", fresh=True)
    assert done_by_itself.returncode == 1
    assert done_by_itself.stderr == (
        "FAIL: 1 missing, 1 new; 8 images within the limits\n"
        "  MISSING gone.png: there is no image with this name\n"
        "  NEW new.png: there is no baseline with this name\n"
        "The reports are in out.json, out.html.\n"
    )
    assert done_by_itself.stdout == ""


@pytest.mark.usefixtures("equal")
def test_what_merge_refuses_it_refuses_before_it_writes(percept: Percept, tmp_path: Path) -> None:
    shards(percept, ("batch", "expected", "actual", *CHEAP), 3)
    done = percept("merge", "1.json", "3.json", "-o", "out.html")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "Error: shard 2 of 3 is missing\nHint: run the missing jobs (--shard 2/3), and give their reports too.\n"
    )
    for arguments, code, told in (
        ((), 2, "Missing argument 'REPORT...'"),
        (("*.json",), 3, "no such file"),
        (("1.json", "-o", "1.json"), 2, "would overwrite the input"),
        (("1.json", "-o", "out.pdf"), 2, 'cannot infer a report format from ".pdf"'),
    ):
        done = percept("merge", *arguments)
        assert done.returncode == code
        assert told in done.stderr
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("text", ["0/8", "9/8", "a/b", "1/0", "3"])
@pytest.mark.parametrize("command", ["batch", "check"])
def test_what_is_no_shard_is_wrong_usage(percept: Percept, command: str, text: str) -> None:
    done = percept(command, "expected", "actual", "--shard", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: --shard ")
    assert "\nHint: " in done.stderr


def test_tables_of_a_shard_say_which(percept: Percept, equal: Path) -> None:
    outputs = [option for ending in ("csv", "parquet", "jsonl", "xml") for option in ("-o", f"part.{ending}")]
    percept("batch", "expected", "actual", "--shard", "2/3", "--wide", *CHEAP, *outputs)
    table = list(csv.DictReader(io.StringIO((equal / "part.csv").read_text())))
    assert {row["shard"] for row in table} == {"2/3"}
    numbers = [int(row["position"]) for row in table]
    assert numbers == sorted(set(numbers))
    columns = pyarrow.parquet.read_table(equal / "part.parquet").to_pydict()
    assert (columns["shard"], columns["position"]) == (["2/3"] * len(table), numbers)
    lines = [json.loads(line) for line in (equal / "part.jsonl").read_text().splitlines()]
    assert [line["position"] for line in lines] == [{"shard": 2, "shards": 3, "number": one} for one in numbers]
    for line in lines:
        jsonschema.validate(line, LINE_SCHEMA)
    assert '<property name="shard" value="2/3"/>' in (equal / "part.xml").read_text()


def test_shards_can_share_a_journal(percept: Percept, equal: Path) -> None:
    """One machine that takes them one after another; each result knows the shard of the run that asked last."""
    command = ("batch", "expected", "actual", "--resume", "results.jsonl", *CHEAP)
    for one in (1, 2):
        assert "reused" not in percept(*command, "--shard", f"{one}/2", "-v").stdout
    found = {
        row["name"]: row["position"]["shard"]
        for row in rows(equal / "results.jsonl")
        if row["distance"] is not None
    }
    assert set(found.values()) == {1, 2}
    done = percept(*command, "--shard", "1/3", "-o", "part.json", "-v")
    part = json.loads((equal / "part.json").read_text())
    compared = [row for row in part["results"] if row["distance"] is not None]
    assert f"{counted(len(compared), 'result')} reused" in done.stderr
    assert {(row["position"]["shard"], row["position"]["shards"]) for row in part["results"]} == {(1, 3)}
    done = percept(*command, "-v")
    assert f"{len(found)} results reused" in done.stderr
    assert all("position" not in row for row in rows(equal / "results.jsonl"))


def test_a_shard_of_a_stream(percept: Percept, equal: Path) -> None:
    text = (equal / "pairs.csv").read_text()
    for one in (1, 2):
        done = percept("batch", "--pairs", "-", "--shard", f"{one}/2", "-o", f"{one}.json", *CHEAP, input=text)
        assert f"shard {one}/2 of 6 pairs" in done.stderr
    merged = percept("merge", "1.json", "2.json", "--format", "json")
    names = [row["name"] for row in json.loads(merged.stdout)["results"]]
    assert names == ["1", "0", "0", "1", "2", "x"]


@pytest.mark.usefixtures("equal")
def test_of_an_empty_stream_no_shard_has_anything(percept: Percept) -> None:
    done = percept("batch", "--pairs", "-", "--shard", "1/2", *CHEAP, input="reference,candidate\n")
    assert done.returncode == 3


def test_a_merged_page_notes_what_is_gone(percept: Percept, equal: Path) -> None:
    shards(percept, ("batch", "expected", "actual", *CHEAP), 2)
    (equal / "actual").rename(equal / "moved")
    done = percept("merge", "1.json", "2.json", "-o", "out.html")
    assert "images not found; run percept merge in the folder in which they were compared" in done.stderr


def test_nothing_of_it_loads_torch(tmp_path: Path) -> None:
    paths = [written(run, tmp_path / f"{number}.json") for number, run in enumerate(shards_of(MANY, 2))]
    done = with_torch_report("merge", *(path.name for path in paths), "-o", "run.html", "-q", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "False\n")
