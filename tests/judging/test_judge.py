"""Pairs that pass though nothing of them was compared, and pictures whose size was changed: always said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import percept_cli
from percept_cli.errors import SizeMismatch
from tests.conftest import Percept

WRITERS = ("table", "json", "jsonl", "csv", "markdown", "junit", "tap", "html", "github")
"""Formats in which a pair that passed has words."""


@pytest.fixture
def two_sizes(tmp_path: Path) -> Path:
    for name, height in (("a.png", 80), ("b.png", 81), ("c.png", 80)):
        Image.new("RGB", (100, height), "white").save(tmp_path / name)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("white", "black", "red")]
    for name, count in (("two.gif", 2), ("three.gif", 3)):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:count])
    return tmp_path


def told(percept: Percept, form: str, *arguments: Any) -> str:
    done = percept("check", *arguments, "--format", form)
    assert done.returncode in (0, 1), done.stderr
    return " ".join(f"{done.stdout} {done.stderr}".replace("&#45;", "-").split())


@pytest.mark.usefixtures("two_sizes")
@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("a.png", "b.png"), "a.png is 100×80 pixels, b.png is 100×81"),
        (("two.gif", "three.gif"), "two.gif has 2, three.gif has 3"),
    ],
)
def test_two_sizes_that_are_allowed(percept: Percept, form: str, pair: tuple[str, str], words: str) -> None:
    text = told(percept, form, *pair, "--size-mismatch", "pass")
    assert "nothing was compared" in text
    if form != "github":  # which has a line for the run, and for pairs that did not pass
        assert words in text.replace(r"\u00d7", "×")
    assert "threshold" not in text or form in ("json", "jsonl", "csv", "html")  # the name of a field
    assert "identical" not in text or "0 identical" in text or '"identical": 0' in text or form == "html"


@pytest.mark.usefixtures("two_sizes")
def test_two_sizes_fail_without_a_word_of_a_threshold(percept: Percept) -> None:
    done = percept("check", "a.png", "b.png")
    assert done.returncode == 1
    assert "FAIL: 1 image failed" in done.stdout
    assert "threshold" not in done.stdout
    warned = percept("check", "a.png", "b.png", "--size-mismatch", "warn")
    assert (warned.returncode, "1 image warned" in warned.stdout) == (0, True)


@pytest.mark.usefixtures("two_sizes")
def test_a_run_of_which_some_is_compared(percept: Percept, tmp_path: Path) -> None:
    for folder, name in (("x", "a.png"), ("y", "b.png"), ("x", "c.png"), ("y", "c.png")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / ("same.png" if name == "c.png" else "other.png")).write_bytes(
            (tmp_path / name).read_bytes()
        )
    done = percept("check", "x", "y", "--size-mismatch", "pass", "-o", "r.json", "--format", "table")
    assert done.returncode == 0
    assert "2: 1 passed, 1 not compared; 1 of them identical" in done.stdout
    assert "PASS: 1 image within the limits; 1 image not compared" in done.stdout
    summary = json.loads((tmp_path / "r.json").read_text())["summary"]
    assert (summary["identical"], summary["not_compared"], summary["count"]) == (1, 1, 1)


def test_python_has_a_result_of_two_sizes_and_compare_raises(two_sizes: Path) -> None:
    for first, second in (("a.png", "b.png"), ("two.gif", "three.gif")):
        result = percept_cli.check(two_sizes / first, two_sizes / second)
        assert (result.status, result.compared, result.scored) == ("fail", False, False)
        assert (result.evidence is None) == (first == "two.gif")
        assert "differ" in result.reason
        assert result.reference_file is not None
        with pytest.raises(SizeMismatch):
            percept_cli.compare(two_sizes / first, two_sizes / second)
    held = percept_cli.check(Image.new("RGB", (9, 9)), two_sizes / "a.png")
    assert (held.status, held.reference_file) == ("fail", None)
    assert held.candidate_file is not None
    found = {row.name: row.status for row in percept_cli.compare_folders(*_folders(two_sizes))}
    assert found == {"p.png": "error"}


def _folders(root: Path) -> tuple[Path, Path]:
    for folder, name in (("left", "a.png"), ("right", "b.png")):
        (root / folder).mkdir()
        (root / folder / "p.png").write_bytes((root / name).read_bytes())
    return root / "left", root / "right"


@pytest.mark.usefixtures("two_sizes")
@pytest.mark.parametrize("form", WRITERS)
def test_a_pair_that_is_left_out_as_a_whole(percept: Percept, form: str) -> None:
    text = told(percept, form, "a.png", "c.png", "--ignore", "0,0,999,999")
    assert "nothing was compared" in text
    if form != "github":
        assert "all pixels are ignored" in text


@pytest.mark.usefixtures("two_sizes")
def test_what_is_left_out_is_neither_identical_nor_a_distance(percept: Percept, tmp_path: Path) -> None:
    Image.new("L", (100, 80)).save(tmp_path / "mask.png")
    done = percept("check", "a.png", "c.png", "--mask", "mask.png", "-o", "r.json", "--format", "table")
    assert done.returncode == 0
    assert "1: 1 not compared" in done.stdout
    document = json.loads((tmp_path / "r.json").read_text())
    (row,) = document["results"]
    assert (row["status"], row["distance"], row["width"]) == ("pass", None, 100)
    assert (document["summary"]["identical"], document["summary"]["mean"]) == (0, None)
    again = percept("report", "r.json", "--format", "tap")
    assert "# SKIP nothing was compared: all pixels are ignored" in again.stdout


@pytest.mark.usefixtures("two_sizes")
@pytest.mark.parametrize("form", [form for form in WRITERS if form != "github"])  # of what passes it says nothing
@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--pad", "white"), "a.png of 100×80 pixels was padded to 100×81 (--pad white)"),
        (("--resize", "reference"), "b.png of 100×81 pixels was resized to 100×80 (--resize reference)"),
    ],
)
def test_a_size_that_was_changed_is_told(percept: Percept, form: str, option: tuple[str, str], words: str) -> None:
    assert words in told(percept, form, "a.png", "b.png", *option).replace(r"\u00d7", "×")


@pytest.mark.usefixtures("two_sizes")
def test_other_commands_tell_of_a_size_that_was_changed(percept: Percept, two_sizes: Path) -> None:
    words = "a.png of 100×80 pixels was padded to 100×81 (--pad edge)"
    done = percept("compare", "a.png", "b.png", "--pad", "edge")
    assert words in " ".join(done.stdout.split())
    left, right = _folders(two_sizes)
    done = percept("batch", left, right, "--pad", "edge", "--format", "jsonl")
    assert "p.png of 100×80 pixels was padded to 100×81 (--pad edge)" in json.loads(done.stdout)["notes"][0]
    result = percept_cli.compare(two_sizes / "a.png", two_sizes / "b.png", resize="scale:0.5", pad="black")
    assert [note.count("resized") + note.count("padded") for note in result.notes] == [2]
    assert percept_cli.compare(two_sizes / "a.png", two_sizes / "c.png", pad="white").notes == ()


@pytest.mark.slow
@pytest.mark.usefixtures("two_sizes")
def test_a_crop_is_named_where_it_is_why_sizes_differ(percept: Percept, tmp_path: Path) -> None:
    Image.new("L", (100, 80), 255).save(tmp_path / "mask.png")
    done = percept("check", "a.png", "c.png", "--mask", "mask.png", "--crop", "0,0,50,40")
    assert done.returncode == 3
    words = "the mask has 100×80 pixels, but the images have 50×40 after --crop 0,0,50,40"
    assert words in " ".join(done.stdout.split())
    done = percept("check", "a.png", "c.png", "--ignore", "60,0,9,9", "--crop", "0,0,50,40")
    assert "lies outside the image of 50×40 pixels after --crop 0,0,50,40" in " ".join(done.stdout.split())
    done = percept("compare", "a.png", "b.png", "--crop", "0,10,50,99")
    assert "a.png is 50×70 pixels, b.png is 50×71 after --crop 0,10,50,99" in done.stderr


def test_two_sizes_that_a_crop_makes_one_are_told(percept: Percept, two_sizes: Path) -> None:
    words = "the sizes differ outside the crop: a.png is 100×80 pixels, b.png is 100×81"
    for command in ("compare", "check"):
        assert words in " ".join(percept(command, "a.png", "b.png", "--crop", "0,0,100,80").stdout.split())
    same = percept_cli.compare(two_sizes / "a.png", two_sizes / "c.png", crop="0,0,50,50")
    assert same.notes == ()


def test_what_was_forgiven_is_not_identical(percept: Percept, tmp_path: Path) -> None:
    """Neither pixels that moved nor such as are left out are told to be equal."""
    for name, left in (("a.png", 20), ("b.png", 22)):
        picture = Image.new("RGB", (96, 64), "white")
        picture.paste((40, 90, 200), (left, 20, left + 40, 44))
        picture.save(tmp_path / name)
    for options in (("--max-shift", "3"), ("--ignore", "0,0,96,50")):
        said = " ".join(percept("check", "a.png", "b.png", *options).stdout.split())
        assert "images 1: 1 passed" in said, options
        assert "identical" not in said, options
        assert "the pixels are equal" not in said
        assert "PASS: 1 image within the limits" in said
