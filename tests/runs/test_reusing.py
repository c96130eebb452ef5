"""`percept check --resume`: what is unchanged keeps its verdict, and everything that could change it counts."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from tests.conftest import Percept
from tests.support.batches import LINE_SCHEMA
from tests.support.checks import folders, page

__all__ = ["folders"]
PLAIN = ("check", "expected", "actual", "--config", "rules.toml")
QUICK = 'layers = "input:l1"\n'
"""Settings of a recipe that needs no network."""
CHECK = (*PLAIN, "--resume", "saved.jsonl")


@pytest.fixture
def equal(tmp_path: Path) -> Path:
    """Six equal pairs with a mask, an alternate and two sizes: reading them takes no network."""
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
        for index in range(5):
            Image.new("RGB", (16, 16), (index, 0, 0)).save(tmp_path / folder / f"{index}.png")
    Image.new("RGB", (16, 20), (9, 0, 0)).save(tmp_path / "actual" / "tall.png")
    Image.new("RGB", (16, 16), (9, 0, 0)).save(tmp_path / "expected" / "tall.png")
    Image.new("L", (16, 16), 255).save(tmp_path / "mask.png")
    place = tmp_path / "expected/.percept/alternates/4.png"
    place.mkdir(parents=True)
    Image.new("RGB", (16, 16), (9, 9, 9)).save(place / "linux.png")
    Image.new("RGB", (16, 16), (4, 0, 1)).save(tmp_path / "actual" / "4.png")
    (tmp_path / "rules.toml").write_text(f'{QUICK}[[override]]\nmatch = "1.png"\nmask = "mask.png"\n')
    return tmp_path


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "saved.jsonl").read_text().splitlines()]


def without_times(folder: Path, name: str) -> str:
    text = re.sub(r'"seconds": [^,\n]+', '"seconds": 0.0', (folder / name).read_text(encoding="utf-8"))
    # What computed it, which nothing did where all was reused.
    text = re.sub(r'"engine": (null|"\w+")', '"engine": null', text)
    return re.sub(r'"device": "\w+"', '"device": "cpu"', text)


def compared(done: subprocess.CompletedProcess[str], of: int) -> int:
    """How many were not reused, as the run tells."""
    (count,) = re.findall(r"^(\d+) results? reused from saved.jsonl$", done.stderr, re.MULTILINE)
    return of - int(count)


def again(percept: Percept, *options: str) -> int:
    return compared(percept(*CHECK, *options, "-v", "-o", "again.json"), 7)


@pytest.mark.slow
def test_a_second_run_after_one_fix_compares_one_image(percept: Percept, equal: Path) -> None:
    """Of the seven pairs of six images, those that differ in content are read again."""
    assert compared(percept(*CHECK, "-v", "-o", "first.json"), 7) == 7
    assert [row["name"] for row in rows(equal)] == [
        "0.png",
        "1.png",
        "2.png",
        "3.png",
        "4.png",
        "4.png",
        "tall.png",
    ]
    before = rows(equal)
    for row in before:
        jsonschema.validate(row, LINE_SCHEMA)
    assert again(percept) == 0
    assert without_times(equal, "again.json") == without_times(equal, "first.json")
    Image.new("RGB", (16, 16), (200, 0, 0)).save(equal / "actual" / "2.png")
    assert again(percept) == 1
    after = rows(equal)
    changed = [one["name"] for one, other in zip(before, after, strict=True) if one != other]
    assert changed == ["2.png"]
    assert percept(*PLAIN, "-o", "fresh.json", "-q").returncode == 1
    assert again(percept) == 0
    assert without_times(equal, "again.json") == without_times(equal, "fresh.json")


def test_whatever_an_image_is_checked_by_counts(percept: Percept, equal: Path) -> None:
    assert again(percept) == 7
    assert again(percept, "--max-shift", "1") == 7
    assert again(percept) == 7
    Image.new("L", (16, 16), 0).save(equal / "mask.png")
    assert again(percept) == 1
    (equal / "rules.toml").write_text(
        f'{QUICK}[[override]]\nmatch = "1.png"\nmask = "mask.png"\n'
        '[[override]]\nmatch = ["3.png", "4.png"]\ncolour = 0.5\n'
    )
    done = percept(*CHECK, "-v", "-o", "again.json")
    assert compared(done, 7) == 4  # the masked one has nothing that is compared
    assert "3 results made with other settings, or another version of percept, checked again" in done.stderr
    assert again(percept, "--missing", "pass", "--variant", "linux") == 1


def test_an_alternate_more_is_one_pair_more(percept: Percept, equal: Path) -> None:
    assert again(percept) == 7
    place = equal / "expected/.percept/alternates/4.png"
    Image.new("RGB", (16, 16), (7, 7, 7)).save(place / "macos.png")
    assert compared(percept(*CHECK, "-v", "-o", "again.json"), 8) == 1
    percept(*PLAIN, "-o", "fresh.json", "-q")
    assert without_times(equal, "again.json") == without_times(equal, "fresh.json")
    (place / "macos.png").unlink()
    (place / "linux.png").unlink()
    assert compared(percept(*CHECK, "-v", "-o", "again.json"), 6) == 0
    assert "matched" not in next(row for row in rows(equal) if row["name"] == "4.png")


def test_what_a_noise_file_says_of_an_image_counts(percept: Percept, equal: Path) -> None:
    for run in ("one", "two"):
        (equal / run).mkdir()
        for index in range(4):
            Image.new("RGB", (16, 16), (index, 0, 0)).save(equal / run / f"{index}.png")
    learn = ("learn", "expected", "one", "two", "--output", "noise.json", "--overwrite", "-q")
    assert percept(*learn, "--include", "0.png").returncode in (0, 1)
    assert again(percept) == 7
    assert again(percept, "--noise-file", "noise.json") == 1
    assert again(percept, "--noise-file", "noise.json") == 0
    assert percept(*learn, "--include", "0.png", "--include", "3.png").returncode in (0, 1)
    assert again(percept, "--noise-file", "noise.json") == 1


def test_shards_share_a_file(percept: Percept, equal: Path) -> None:
    percept(*CHECK, "-o", "whole.json", "-q")
    (equal / "saved.jsonl").unlink()
    for index in (1, 2):
        percept(*CHECK, "--shard", f"{index}/2", "-o", f"{index}.json", "-q")
    assert again(percept) == 0
    assert without_times(equal, "again.json") == without_times(equal, "whole.json")
    percept("merge", "1.json", "2.json", "-o", "merged.json", "-q")
    assert without_times(equal, "merged.json") == without_times(equal, "whole.json")


@pytest.mark.parametrize(
    ("line", "command", "told"),
    [
        ("notes\n", "check", "line 1: not a result of percept"),
        ("{}\n", "check", "line 1: not a result of percept"),
        (None, "check", "line 1: not a result that percept check --resume saved"),
        (None, "batch", "line 1: not a result that percept batch --resume saved"),
    ],
)
def test_a_file_of_something_else_is_refused_and_left(
    percept: Percept, equal: Path, line: str | None, command: str, told: str
) -> None:
    if line is None:
        other = {"check": "batch", "batch": "check"}[command]
        percept(other, *CHECK[1:], "-q", "-o", "x.json")
    else:
        (equal / "saved.jsonl").write_text(line)
    before = (equal / "saved.jsonl").read_bytes()
    done = percept(command, *CHECK[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: saved.jsonl, {told}\nHint: choose a file that percept" in done.stderr
    assert (equal / "saved.jsonl").read_bytes() == before


def test_a_torn_line_and_edited_ones_are_mended(percept: Percept, equal: Path) -> None:
    percept(*CHECK, "-o", "first.json", "-q")
    lines = (equal / "saved.jsonl").read_bytes().splitlines(keepends=True)
    broken = lines[1].replace(b'"gates": [', b'"gates": [3, ', 1)
    (equal / "saved.jsonl").write_bytes(b"".join([lines[0], broken, *lines[2:6], lines[6][:200]]))
    done = percept(*CHECK, "-v", "-o", "again.json")
    assert "saved.jsonl: its last line was truncated after 200 bytes and was removed" in done.stderr
    assert compared(done, 7) == 2
    assert without_times(equal, "again.json") == without_times(equal, "first.json")
    assert len(rows(equal)) == 7


@pytest.mark.usefixtures("equal")
def test_the_file_is_no_report(percept: Percept) -> None:
    done = percept(*CHECK, "-o", "saved.jsonl")
    assert done.returncode == 2
    assert "Error: saved.jsonl: --resume saves its results in this file" in done.stderr


@pytest.mark.slow
def test_results_that_took_the_network_are_the_same(percept: Percept, folders: Path) -> None:
    """Gates, regions, heat maps and the words of all of them."""
    page().resize((170, 96)).save(folders / "actual" / "size.png")
    page().save(folders / "expected" / "size.png")
    (folders / "rules.toml").write_text('[[override]]\nmatch = "noise.png"\npreset = "five-taps"\n')
    percept(*CHECK, "-o", "first.json", "-q")
    done = percept(*CHECK, "-o", "again.json", "-o", "again.txt", "-v")
    assert compared(done, 5) == 0
    assert "network not loaded" in done.stderr
    assert "all results were reused" in re.sub(r"\s+", " ", (folders / "again.txt").read_text())
    assert without_times(folders, "again.json") == without_times(folders, "first.json")


@pytest.mark.slow
def test_ctrl_c_in_a_check_then_the_rest(percept: Percept, tmp_path: Path) -> None:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
        for index in range(24):
            page(f"Total {index}" if folder == "actual" else "Sum").save(tmp_path / folder / f"{index:02}.png")
    (tmp_path / "rules.toml").write_text("")
    command = [sys.executable, "-m", "percept_cli", *CHECK, "-o", "r.json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        while process.poll() is None and not (tmp_path / "saved.jsonl").exists():
            pass
        while process.poll() is None and (tmp_path / "saved.jsonl").read_bytes().count(b"\n") < 2:
            pass
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    saved = len(rows(tmp_path))
    assert 2 <= saved < 24
    assert "Finished results are in saved.jsonl. To continue, run the same command." in told
    assert compared(percept(*CHECK, "-v", "-o", "again.json"), 24) == 24 - saved
    percept(*PLAIN, "-o", "whole.json", "-q")
    assert without_times(tmp_path, "again.json") == without_times(tmp_path, "whole.json")
