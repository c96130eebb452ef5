"""How two images of different sizes lie on each other: words, spans, and places of the rest in the candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from percept_cli.geometry import Box
from percept_cli.results.fit import Band, Fit, common_part


def rows(kind: str, size: int, reference: int, candidate: int) -> Band:
    return Band("rows", kind, size, reference, candidate)  # type: ignore[arg-type]


def fit(height: int, *bands: Band) -> Fit:
    added = sum(band.size if band.kind == "inserted" else -band.size for band in bands)
    return Fit((80, height), (80, height + added), "bands", bands)


TWO = fit(100, rows("inserted", 10, 20, 20), rows("removed", 5, 60, 70))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (fit(600, rows("inserted", 48, 120, 120)), "48 rows inserted at y = 120"),
        (fit(600, rows("removed", 1, 120, 120)), "1 row removed at y = 120"),
        (fit(600, rows("inserted", 48, 0, 0)), "48 rows inserted at y = 0"),
        (fit(600, rows("inserted", 48, 600, 600)), "48 rows added at the bottom"),
        (fit(600, rows("removed", 48, 552, 552)), "48 rows removed at the bottom"),
        (TWO, "10 rows inserted at y = 20 and 5 rows removed at y = 60"),
        (
            fit(
                100,
                *(rows("inserted", size, at, at) for size, at in ((2, 10), (4, 20), (2, 30))),
                rows("removed", 1, 60, 66),
            ),
            "rows inserted or removed in 4 places (8 inserted, 1 removed; most of them at y = 20)",
        ),
        (
            Fit((80, 60), (84, 60), "bands", (Band("columns", "inserted", 4, 30, 30),)),
            "4 columns inserted at x = 30",
        ),
        (common_part((80, 60), (80, 100)), "the candidate is 40 rows taller"),
        (common_part((80, 60), (90, 59)), "the candidate is 1 row shorter and 10 columns wider"),
        (common_part((80, 60), (79, 60)), "the candidate is 1 column narrower"),
    ],
)
def test_words(found: Fit, words: str) -> None:
    assert str(found) == words


def test_what_belongs_to_the_rest() -> None:
    assert TWO.kept("reference", "rows") == ((0, 60), (65, 100))
    assert TWO.kept("candidate", "rows") == ((0, 20), (30, 105))
    assert TWO.kept("candidate", "columns") == ((0, 80),)
    both = common_part((80, 60), (90, 50))
    assert both.kept("reference", "rows") == both.kept("candidate", "rows") == ((0, 50),)
    assert both.kept("reference", "columns") == both.kept("candidate", "columns") == ((0, 80),)


@pytest.mark.parametrize(
    ("box", "there"),
    [
        (Box(3, 0, 9, 20), Box(3, 0, 9, 20)),
        (Box(3, 20, 9, 1), Box(3, 30, 9, 1)),
        (Box(0, 19, 80, 2), Box(0, 19, 80, 12)),  # with the band that it spans
        (Box(3, 94, 1, 1), Box(3, 104, 1, 1)),
    ],
)
def test_a_place_of_the_rest_in_the_candidate(box: Box, there: Box) -> None:
    assert TWO.to_candidate(box) == there


def test_a_fit_that_is_none() -> None:
    assert TWO.is_sound
    assert common_part((80, 60), (90, 50)).is_sound
    for found in (fit(60), replace(TWO, candidate=(80, 100)), replace(TWO, reference=(0, 0), candidate=(0, 5))):
        assert not found.is_sound


def test_a_place_outside_of_the_rest_is_none() -> None:
    with pytest.raises(ValueError, match="no such rows"):
        TWO.to_candidate(Box(0, 95, 1, 1))
