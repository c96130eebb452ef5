"""The front page: its commands are CI's, its figures are measured, it stays short.

Its outputs, its links and what it tells to type are tested with those of all pages (tests/docs).
"""

from __future__ import annotations

import re

import pytest

from percept_cli.recipes.presets import load_preset
from scripts.make_front_picture import LARGEST, OUTPUT, main
from tests.conftest import ROOT
from tests.support.pages import README, Page

PAGE = Page(README)
FIGURE = re.compile(r"\[(?P<figure>\d[\d.]*) (?:%|s)\]\((?P<file>[^)#]+)")


def test_the_first_two_commands_are_the_ones_ci_runs() -> None:
    commands = [block.text.rstrip("\n") for block in PAGE.blocks("sh")][:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in commands:
        assert "\n" not in command
        assert command in script
    assert "percept compare sample_images/" in commands[0]
    assert commands[1].endswith("-m pytest -n auto --dist worksteal")


def test_it_stays_short() -> None:
    assert len(PAGE.text.splitlines()) <= 150


def test_figures_of_the_comparison_are_where_they_link_to() -> None:
    found = list(FIGURE.finditer(PAGE.text))
    assert len(found) > 5
    for match in found:
        measured = (ROOT / match["file"]).read_text(encoding="utf-8")
        assert re.search(rf"(?<![\d.]){re.escape(match['figure'])}(?![\d.])", measured), match[0]


def test_the_picture_is_there_and_small() -> None:
    assert f"]({OUTPUT.relative_to(ROOT).as_posix()})" in PAGE.text
    assert OUTPUT.stat().st_size < LARGEST


@pytest.mark.slow
def test_the_picture_is_what_its_script_makes() -> None:
    assert main(["--check"]) == 0


def test_the_steps_of_the_ladder_are_the_presets() -> None:
    ladder = load_preset("default").ladder
    assert ladder is not None
    medians = {step.words: step.median for step in (*ladder.whole, *ladder.place)}
    rows = re.findall(r"^\| ([a-zA-Z].+?) \| ([\d.]+) \| (.+?) \| ([\d.]+) \|$", PAGE.text, re.MULTILINE)
    assert len(rows) == 6
    for words, value in (pair for row in rows for pair in (row[:2], row[2:])):
        assert float(value) == float(f"{medians[words]:.2g}"), words
