"""What has a say in a verdict, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.evidence.noise import NO_NOISE
from percept_cli.judging.gates import AUTO, FIXED, Measures, levels_of
from percept_cli.judging.precedence import PRECEDENCE, over, takes_learned
from percept_cli.judging.rulebook import TYPED, make_book
from percept_cli.judging.rules import OFF, Levels
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.settings import Settings
from percept_cli.results.found import GateName
from tests.conftest import ROOT

PAGE = ROOT / "docs/numbers/precedence.md"
LIMITS = [row.name for row in PRECEDENCE[4:]]
SAID = {name: (index + 1) / 1000 for index, name in enumerate(LIMITS[:-1])}
"""What each row says the limit of overall is; the last one says what it always says."""


def limit_by(rows: list[str]) -> tuple[float | None, str]:
    """The limit of overall and its source, where these rows say something of it."""
    tables: dict[str, object] = {}
    if "settings" in rows:
        tables["check"] = {"overall": SAID["settings"]}
    if "overrides" in rows:
        tables["override"] = [
            {"match": "*", "overall": 99},
            {"match": "a.png", "overall": SAID["overrides"]},
        ]
    recipe = make_recipe(
        "default",
        threshold=SAID["threshold"] if "threshold" in rows else None,
        threshold_source="percept.toml",
    )
    typed = {"typed": {"overall": Levels(None, SAID["command line"], TYPED)}} if "command line" in rows else {}
    book, _ = make_book(Settings(Path("percept.toml"), {}, tables), typed, recipe)
    learned: dict[GateName, Levels] = {}
    if "noise file" in rows:
        learned["overall"] = Levels(None, SAID["noise file"], "noise file, 5 runs")
    found = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE, learned=learned)
    levels = levels_of("overall", book.rules_of("a.png"), found)
    assert levels is not None
    return levels.fail, levels.source


SOURCES = {
    "command line": "command line",
    "noise file": "noise file, 5 runs",
    "overrides": "percept.toml, override 2 (a.png)",
    "settings": "percept.toml",
    "threshold": "percept.toml",
    "automatic": "automatic limit",
}


@pytest.mark.parametrize("row", LIMITS)
def test_each_row_is_above_all_below_it(row: str) -> None:
    below = LIMITS[LIMITS.index(row) :]
    fail, source = limit_by(below)
    assert fail == SAID.get(row, AUTO["overall"])
    assert source == SOURCES[row]
    for other in below[1:]:
        assert limit_by([row, other])[0] == fail


def test_the_page_has_the_table() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]
    wanted = [[str(number), *(row.name, row.given_by, row.what)] for number, row in enumerate(PRECEDENCE, start=1)]
    assert cells[: len(wanted)] == wanted


def test_a_warning_alone_leaves_the_failure_to_the_rows_below() -> None:
    book, _ = make_book(Settings(), {"typed": {"overall": Levels(0.05, None, TYPED)}})
    found = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE, learned={"overall": Levels(0.3, 0.4, "noise file")})
    levels = levels_of("overall", book.rules_of("a.png"), found)
    assert levels == Levels(0.05, 0.4, "warn limit: command line; fail limit: noise file")


def test_the_noise_file_switches_no_gate_on() -> None:
    found = Measures(
        0.0,
        0.0,
        None,
        0.0,
        None,
        9,
        NO_NOISE,
        learned={"changed-pixels": Levels(None, 5.0), "colour": Levels(None, 5.0)},
    )
    off, _ = make_book(Settings(Path("percept.toml"), {}, {"check": {"colour": "off"}}))
    assert levels_of("changed-pixels", off.base, found) is None
    colour = levels_of("colour", off.base, found)
    assert colour is not None and colour.fail == OFF
    assert not takes_learned(None, Levels(None, OFF), None)
    assert takes_learned(Levels(0.1), None, Levels(None, 1.0))


def test_noise_that_was_chosen_says_what_the_last_row_says() -> None:
    book, _ = make_book(Settings(), {"noise": "same-machine"})
    levels = levels_of("peak", book.rules_of("a.png"), Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE))
    assert levels is not None
    assert (levels.fail, levels.source) == (FIXED["same-machine"]["peak"], "limit of --noise same-machine")


def test_over_nothing_is_nothing() -> None:
    assert over() is None
    assert over(None, None) is None
