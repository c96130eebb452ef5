"""What was learned of an image, and the limits that follow. No pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from percept_cli.judging.gates import AUTO, AUTO_PEAK
from percept_cli.judging.learned import (
    LEVELS,
    RATE,
    STEP,
    TAIL,
    Observed,
    from_text,
    learn_image,
    margin,
    observed_places,
    rounded_up,
    to_text,
)

WIDTH, HEIGHT = 128, 64  # blocks of one cell each


def observed(*places: tuple[int, int, float], colour: float = 0.0, ink: float = 0.0) -> Observed:
    """A rendering whose peaks are in these cells, and whose colour differs in the first of them."""
    grids = np.zeros((2, HEIGHT // 8, WIDTH // 8), np.float32)
    for row, column, value in places:
        grids[0, row, column] = value
    if places:
        grids[1, places[0][0], places[0][1]] = colour
    peaks, colours = (observed_places(grid, WIDTH, HEIGHT) for grid in grids)
    overall = float(grids[0].mean())
    return Observed("0" * 64, WIDTH, HEIGHT, overall, ink, 8 * len(places), {"peak": peaks, "colour": colours})


def test_the_margin_is_what_its_derivation_says() -> None:
    assert [round(margin(runs), 1) for runs in (2, 5, 20, 99, 1000)] == [2.4, 2.0, 1.5, 1.0, 1.0]
    assert margin(3) ** -TAIL / 4 == pytest.approx(RATE)


@pytest.mark.parametrize("runs", [3, 9])
def test_noise_with_the_tail_that_was_supposed_exceeds_the_limit_as_rarely_as_supposed(runs: int) -> None:
    """Pareto's noise: 40,000 times the largest of some runs, and the next one."""
    noise = np.random.default_rng(1).pareto(TAIL, (40_000, runs + 1)) + 1
    beyond = (noise[:, -1] > margin(runs) * noise[:, :-1].max(axis=1)).mean()
    assert beyond == pytest.approx(RATE, rel=0.15)  # three times its standard error


def test_what_is_no_noise_yet_stays_below_the_automatic_limits() -> None:
    for gate, automatic in (("peak", AUTO_PEAK[0]), ("colour", AUTO["colour"])):
        assert 2 * margin(2) * LEVELS[gate] < automatic  # type: ignore[index] # both are there


def test_a_map_as_text_and_back() -> None:
    least = 0.02
    values = np.array([[0, least, 0.021, 0.3, 0], [0] * 5, [0, 0, 1e9, 0, 0], [0] * 5], np.float32)
    rows = to_text(values, least)
    assert rows == ("..am", "", "..Z")
    back = from_text(rows, values.shape, least)
    told = back > 0
    assert (told == (values > least)).all()
    assert (back[:2][told[:2]] >= values[:2][told[:2]]).all()
    assert (back[:2][told[:2]] <= STEP * values[:2][told[:2]]).all()
    assert to_text(back, least) == rows  # which is why a diff shows what changed, and nothing else


@pytest.mark.parametrize(("value", "wanted"), [(0.0, 0.0), (0.123412, 0.1235), (0.5, 0.5), (12345.6, 12350.0)])
def test_numbers_are_rounded_up(value: float, wanted: float) -> None:
    assert rounded_up(value) == wanted


def test_noise_counts_where_it_was_and_nowhere_else() -> None:
    entry = learn_image([observed((2, 2, 0.4)), observed((2, 3, 0.5)), observed()])
    assert (entry.runs, entry.peak, entry.peaks[2]) == (3, 0.5, ".nooo")
    least = AUTO_PEAK[0]
    limits = entry.limits("peak", (8, 16), least)
    assert limits[2, 3] == pytest.approx(margin(3) * 0.5)
    assert limits[2, 4] > least  # one cell further, where it may be tomorrow
    assert limits[2, 6] == limits[7, 15] == np.float32(least)
    assert entry.is_noisy("peak", 2, 3)
    assert not entry.is_noisy("peak", 2, 6)
    assert not entry.is_noisy("colour", 2, 3)


def test_a_quiet_place_beside_a_noisy_one_may_have_twice_its_own_noise() -> None:
    entry = learn_image([observed((2, 2, 0.1), (2, 6, 1.0), (2, 8, 0.1))] * 2)
    limits = entry.limits("peak", (8, 16), 0.12) / margin(2)
    assert limits[2, 2] == pytest.approx(0.1, rel=STEP - 1)
    assert limits[2, 6] == pytest.approx(1.0)
    assert limits[2, 8] == pytest.approx(0.2, rel=STEP - 1)


def test_a_noisier_limit_never_falls_below_the_least() -> None:
    entry = learn_image([observed((1, 1, 0.03), colour=0.5, ink=0.2)] * 5)
    assert entry.limit(entry.overall, 0.18) == 0.18
    assert (entry.limits("colour", (8, 16), 2.3) == np.float32(2.3)).all()
    assert entry.limit(entry.ink, 2.3) == 2.3
    assert replace(entry, runs=1).limit(10.0, 2.3) == pytest.approx(26.59)


def test_equal_renderings_teach_that_there_is_no_noise() -> None:
    entry = learn_image([observed(), observed()])
    assert entry.peaks == entry.colours == ()
    assert entry.largest == {"overall": 0, "peak": 0, "colour": 0, "changed-pixels": 0}
    assert (entry.limits("peak", (8, 16), 0.12) == np.float32(0.12)).all()
