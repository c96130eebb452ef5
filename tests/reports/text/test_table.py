"""The table of a pair, whole: golden files."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from percept_cli.reports import Style
from percept_cli.results.likeness import Likeness
from percept_cli.system.names import printable
from tests.support.reported import NOTE, UNDECODABLE, check_golden, render
from tests.support.runs import IN_A_PLACE, LIKE, PAIR, RUN


@pytest.mark.parametrize("width", [80, 160])
def test_table(width: int) -> None:
    text = render(RUN, "table", Style(width=width))
    check_golden(f"table-{width}.txt", text)
    assert "expected/[red].png" in text
    assert max(map(len, text.splitlines())) <= width


def test_table_in_colour_differs_by_colour_only() -> None:
    coloured = render(RUN, "table", Style(colour=True))
    assert "\x1b[1;31mFAIL" in coloured
    plain = "".join(line.rstrip() + "\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines())
    assert plain == render(RUN, "table", Style())


def test_table_in_ascii() -> None:
    text = render(replace(RUN, results=(NOTE,)), "table", Style(unicode=False))
    check_golden("table-ascii.txt", text)
    assert text.isascii()


def test_table_of_a_tiny_identical_pair() -> None:
    layers = tuple(replace(layer, distance=0.0, contribution=0.0, share=0.0) for layer in PAIR.layers)
    pair = replace(
        NOTE,
        distance=0.0,
        status="pass",
        reason="no threshold was given",
        threshold=None,
        layers=layers,
        like=None,
    )
    check_golden("table-identical.txt", render(replace(RUN, device="none", results=(pair,)), "table", Style()))


@pytest.mark.parametrize("like", [LIKE, IN_A_PLACE])
def test_what_a_distance_is_like_is_one_line_below_it(like: Likeness) -> None:
    lines = render(replace(RUN, results=(replace(PAIR, like=like),)), "table", Style(width=80)).splitlines()
    (place,) = (index for index, line in enumerate(lines) if line.startswith("distance "))
    assert lines[place + 1] == f"like         {like.words}"
    assert max(map(len, lines)) <= 80


def test_tiny_and_huge_numbers_fit_into_80_columns() -> None:
    layers = tuple(
        replace(layer, distance=1.23456e-10, weight=1.23456e-10, contribution=1.23456e-20) for layer in PAIR.layers
    )
    text = render(replace(RUN, results=(replace(PAIR, layers=layers),)), "table", Style(width=80))
    assert "…" not in text
    assert text.count("1.23456e-20") == 5


def test_a_long_name_is_folded_and_never_cut() -> None:
    name = "folder/" * 20 + "picture.png"
    text = render(replace(RUN, results=(replace(PAIR, reference=name),)), "table", Style())
    assert name in "".join(line.strip() for line in text.splitlines())


def test_hostile_names_cannot_steer_a_terminal() -> None:
    for form in ("table", "score"):
        text = render(replace(RUN, results=(UNDECODABLE,)), form, Style())
        assert "\x1b" not in text
        assert "\udcff" not in text
    assert render(replace(RUN, results=(UNDECODABLE,)), "score", Style()).count("\n") == 1
    assert printable("a\tb\x1b\n[red] ü") == "a\\tb\\x1b\\n[red] ü"
