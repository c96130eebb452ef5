"""The noise floor: what is noise of rendering, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.evidence.colour import NOTICEABLE
from percept_cli.evidence.noise import FAINT, NO_NOISE, colour_noise, noise_floor
from percept_cli.scoring.api import check
from tests.support.letters import page, written

CELLS = (30, 40)
BLANK = np.full((8 * CELLS[0], 8 * CELLS[1], 3), 255, np.uint8)
ALL, NONE = np.ones(CELLS, bool), np.zeros(CELLS, bool)


def distances(of_others: float, of_peak: float = 2.0) -> np.ndarray:
    found = np.full(CELLS, of_others, np.float32)
    found[15, 20] = of_peak
    return found


def test_nothing_that_changed_is_no_noise() -> None:
    assert noise_floor(distances(0, 0), NONE, ALL, BLANK, BLANK) == NO_NOISE


def test_faint_changes_everywhere_are_noise() -> None:
    floor = noise_floor(distances(0.05, 0.08), ALL, ALL, BLANK, BLANK)
    assert floor.value == pytest.approx(0.05 + 0.1)
    assert not floor.redrawn


def test_a_defect_that_is_repeated_is_no_noise() -> None:
    """Icons that came in every other place of a map are a quarter of what is drawn, and explained by nothing."""
    icons = BLANK.copy()
    changed = NONE.copy()
    for row in range(2, 28, 4):
        for column in range(2, 38, 8):
            icons[8 * row + 1 : 8 * row + 7, 8 * column + 1 : 8 * column + 7] = (200, 30, 30)
            changed[row, column] = True
    strengths = np.where(changed, 3.0, 0).astype(np.float32)
    detailed = changed | np.roll(changed, 4, axis=1) | np.roll(changed, 2, axis=0) | np.roll(changed, 1, axis=0)
    assert changed.sum() / detailed.sum() > 0.2
    assert noise_floor(strengths, changed, detailed, BLANK, icons).value == 0


def test_most_of_all_detail_is_noise_however_it_changed() -> None:
    grain = np.random.default_rng(3).integers(0, 200, BLANK.shape, dtype=np.uint8)
    assert noise_floor(distances(1.0), ALL, ALL, BLANK, grain).value == pytest.approx(1.1)
    few = ALL.copy()
    few[:, 18:] = False
    assert noise_floor(distances(1.0), few, ALL, BLANK, grain).value == 0


def test_outliers_of_strong_noise_raise_the_floor() -> None:
    values = distances(0.05, 0.08)
    values.flat[:: CELLS[1] // 2] = FAINT  # one cell in twenty
    quiet = noise_floor(values, ALL, ALL, BLANK, BLANK).value
    grain, other = (np.random.default_rng(seed).integers(0, 255, BLANK.shape, dtype=np.uint8) for seed in (3, 4))
    values.flat[:: CELLS[1] // 2] = 0.9
    assert noise_floor(values, ALL, ALL, grain, other).value == pytest.approx(0.6 * 0.9, rel=1e-3)
    assert quiet < 0.16


FORMULA = "f(x) = Ag3"


@pytest.mark.numeric
def test_a_formula_alone_that_another_engine_draws_passes() -> None:
    result = check(written(FORMULA, 13), written(FORMULA, 13, 0.5, 0.3))
    assert result.status == "pass"
    assert result.evidence is not None
    assert result.evidence.noise is not None
    assert result.evidence.noise > 0.2


@pytest.mark.numeric
@pytest.mark.parametrize("text", ["7", "x", "Ag"])
def test_one_letter_alone_passes_half_a_pixel_further(text: str) -> None:
    assert check(written(text, 15), written(text, 15, 0.5, 0.25)).status in ("pass", "warn")


@pytest.mark.numeric
@pytest.mark.parametrize(
    ("one", "other"), [("3", "8"), ("5", "6"), ("1", "7"), ("e", "c"), ("O", "0"), ("+", "-")]
)
def test_one_letter_alone_that_became_another_fails(one: str, other: str) -> None:
    for size in (13, 17):
        assert check(written(one, size), written(other, size)).status == "fail"


STAYED = (0.0, 0.0)


@pytest.mark.numeric
@pytest.mark.parametrize("by", [(0.6, 0), (1, 0), (-2, 0), (0, 1)])
def test_a_line_of_text_that_moved_among_others_is_a_defect(by: tuple[float, float]) -> None:
    """One engine drew both: another would have shaded the letters otherwise."""
    result = check(page(*[STAYED] * 4), page(STAYED, by, STAYED, STAYED))
    assert result.status == "fail"
    gate = next(gate for gate in result.evidence.gates if gate.name == "peak")  # type: ignore[union-attr]
    assert gate.source == "automatic limit; noise floor 0, because something moved and looks the same"


@pytest.mark.numeric
def test_lines_that_moved_apart_are_a_defect_too() -> None:
    assert check(page(*[STAYED] * 4), page((-1, 0), (1, 0), (-1, 0), (-1, 0))).status == "fail"


@pytest.mark.numeric
@pytest.mark.parametrize("by", [(0.5, 0), (1, 0)])
def test_all_that_is_drawn_may_stand_a_pixel_further(by: tuple[float, float]) -> None:
    assert check(page(*[STAYED] * 3), page(*[by] * 3)).status in ("pass", "warn")


@pytest.mark.numeric
def test_edges_that_were_only_shaded_otherwise_have_a_small_floor() -> None:
    """As by another blend of the colours of a few edges, of many."""
    text = page(*[STAYED] * 4)
    shaded = text.copy()
    shaded[:48][text[:48] > 128] = np.minimum(255, text[:48][text[:48] > 128] * 0.9 + 30).astype(np.uint8)
    result = check(text, shaded)
    assert result.evidence is not None
    assert result.evidence.noise is not None
    assert result.evidence.noise >= 0.1
    assert result.status == "pass"


@pytest.mark.numeric
def test_blur_of_all_that_is_drawn_is_no_noise() -> None:
    from scipy import ndimage

    lines = [written("Quality of text", 14, down=down) for down in (0, 3, 6)]
    text = np.concatenate(lines)
    result = check(text, ndimage.gaussian_filter(text, (1.2, 1.2, 0)))
    assert result.status == "fail"
    gate = next(gate for gate in result.evidence.gates if gate.name == "peak")  # type: ignore[union-attr]
    assert gate.source == "automatic limit; noise floor 0, because detail was lost"


def test_colours_that_change_in_most_of_what_is_drawn_are_noise() -> None:
    colours = np.full(CELLS, 0.8, np.float32)
    colours[15, 20] = 4.0
    assert colour_noise(colours, ALL, ALL) == pytest.approx(1.5 * 0.8)
    few = NONE.copy()
    few[12:19, 17:24] = True
    assert colour_noise(colours, few, ALL) == 0  # a thing that got another colour
    assert colour_noise(colours, ALL, NONE) == 0  # areas
    assert colour_noise(10 * colours, ALL, ALL) == NOTICEABLE
    assert colour_noise(10 * colours, ALL, ALL, one_way=0.5) == NOTICEABLE
    assert 0 < colour_noise(10 * colours, ALL, ALL, one_way=0.7) < NOTICEABLE
    assert colour_noise(10 * colours, ALL, ALL, one_way=0.8) == 0  # all of it became darker


@pytest.mark.numeric
def test_a_picture_that_is_brighter_all_over_fails_however_much_is_drawn_in_it() -> None:
    texture = np.random.default_rng(9).integers(60, 190, (32, 48, 3)).repeat(4, axis=0).repeat(4, axis=1)
    result = check(texture.astype(np.uint8), (texture * 1.15).astype(np.uint8))
    assert result.status == "fail"
    gate = next(gate for gate in result.evidence.gates if gate.name == "colour")  # type: ignore[union-attr]
    assert gate.fail == NOTICEABLE
