"""`--dry-run`: the plan of a run, for people and programs. No file here is an image, and nothing is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from percept_cli.cli.dry_run import told_size
from tests.conftest import Percept

PLAN = """\
Dry run of percept check: nothing is compared, and nothing is written.

  MISSING gone.png: there is no image with this name
  NEW new.png: there is no baseline with this name
  compare    4 bytes  a.png
  compare     3.0 kB  ui/b.png

baseline   expected
current    actual
compare    2 images
unmatched  1 missing (no image), 1 new (no baseline)
to read    3.0 kB
recipe     preset default, fingerprint """


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for folder, names in (("expected", ("a", "ui/b", "gone")), ("actual", ("a", "ui/b", "new"))):
        for name in names:
            path = tmp_path / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"no" * (1 if name != "ui/b" else 750))
    (tmp_path / "actual" / "notes.txt").write_text("")
    return tmp_path


def test_a_check_is_told_and_not_made(percept: Percept, folders: Path) -> None:
    done = percept("check", "expected", "actual", "--dry-run", "-o", "r.html", "--heatmaps", "maps", fresh=True)
    assert (done.returncode, done.stdout[: len(PLAN)]) == (0, PLAN)
    assert done.stdout.endswith("\noutput     r.html, maps\n")
    assert done.stderr.startswith("Note: actual: skipped 1 file not named like images (1 .txt);")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert sorted(os.listdir(folders)) == ["actual", "expected"]
    assert percept("check", "expected", "actual", "--dry-run", "-q").stdout == ""


def test_a_program_reads_it_as_json(percept: Percept, folders: Path) -> None:
    done = percept("batch", "expected", "actual", "--dry-run", "--shard", "1/1", "--format", "json")
    plan = json.loads(done.stdout)
    assert (plan["tool"], plan["kind"], plan["dry_run"]) == ("percept", "batch", True)
    assert plan["counts"] == {"compare": 2, "reuse": 0, "new": 1, "missing": 1, "error": 0}
    assert (plan["bytes"], plan["shard"]) == (3004, {"index": 1, "count": 1, "whole": 4})
    assert plan["pairs"][0] == {
        "name": "a.png",
        "action": "compare",
        "references": ["expected/a.png"],
        "candidate": "actual/a.png",
        "bytes": 4,
        "reason": "",
    }
    (folders / "plan.json").write_text(done.stdout)
    for command in ("report", "merge"):
        refused = percept(command, "plan.json")
        assert refused.returncode == 3
        assert "it is the plan of a --dry-run, which has no results" in refused.stderr


def test_shards_share_the_images_of_a_plan(percept: Percept, folders: Path) -> None:
    names = []
    for index in (1, 2, 3):
        done = percept("check", "expected", "actual", "--dry-run", "--shard", f"{index}/3", "--format", "json")
        names += [one["name"] for one in json.loads(done.stdout)["pairs"]]
    assert sorted(names) == ["a.png", "gone.png", "new.png", "ui/b.png"]
    assert folders.exists()


def test_lists_and_streams(percept: Percept, folders: Path) -> None:
    lines = ["expected/a.png,actual/a.png,x", "expected/a.png,actual/gone.png,x", "expected/a.png,,y"]
    text = "\n".join(("reference,candidate,name", *lines, ""))
    (folders / "pairs.csv").write_text(text)
    done = percept("batch", "--pairs", "pairs.csv", "--dry-run", "--top", "1")
    assert done.returncode == 0
    assert "pairs.csv uses 1 name for more than one pair, such as x; all pairs are compared" in done.stderr
    assert "  ERROR x: actual/gone.png: no such file; check the spelling of the path.\n" in done.stdout
    assert "  … and 1 more; list them with --top all\n" in done.stdout
    assert "  compare    4 bytes  x: expected/a.png and actual/a.png\n" in done.stdout
    assert "\nlist       pairs.csv\ncompare    1 pair\nerrors     2 pairs cannot be compared\n" in done.stdout
    streamed = percept("batch", "--pairs", "-", "--dry-run", "--shard", "1/1", input=text)
    assert "\nlist       standard input\nshard      1/1 of 3 pairs\n" in streamed.stdout


def test_what_an_earlier_run_has_is_counted_and_its_file_left(
    percept: Percept, tmp_path: Path, folders: Path
) -> None:
    for name in ("a.png", "ui/b.png"):
        for folder in ("expected", "actual"):
            (tmp_path / folder / name).write_bytes(b"P5 1 1 255\n0")
    command = ("check", "expected", "actual", "--resume", "r.jsonl")
    assert "\nreuse      0 images from r.jsonl\n" in percept(*command, "--dry-run").stdout
    assert not (folders / "r.jsonl").exists()
    percept(*command, "-q", "-o", "x.json")
    with (folders / "r.jsonl").open("ab") as file:
        file.write(b'{"name": "to')
    before = (folders / "r.jsonl").read_bytes()
    (folders / "actual" / "a.png").write_bytes(b"P5 1 1 255\n12")
    done = percept(*command, "--dry-run")
    assert "\ncompare    1 image\nreuse      1 image from r.jsonl\n" in done.stdout
    assert "r.jsonl: its last line was truncated after 12 bytes and is not used" in done.stderr
    assert (folders / "r.jsonl").read_bytes() == before


def test_what_the_run_would_refuse_is_refused(percept: Percept, folders: Path) -> None:
    for options, code, told in (
        (("--format", "csv"), 2, "--dry-run prints its plan as a table or as JSON, not as csv"),
        (("-o", "expected/a.png"), 2, "expected/a.png"),
        (("-o", "no/where.json"), 2, "no/where.json"),
        (("--include", "x"), 0, "there is nothing to compare: the run would exit with 3"),
    ):
        done = percept("check", "expected", "actual", "--dry-run", *options)
        assert (done.returncode, told in done.stdout + done.stderr) == (code, True), done
    assert percept("check", "expected", "nowhere", "--dry-run").returncode == 3
    assert folders.exists()


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_600, "1.0 MB"),
        (123_000_000, "123 MB"),
    ],
)
def test_sizes_are_told_as_people_read_them(size: int, told: str) -> None:
    assert told_size(size) == told
