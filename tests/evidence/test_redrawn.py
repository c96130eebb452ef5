"""The same thing drawn anew, and other things: each by what was done to the picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from percept_cli.evidence.pixels import CELL
from percept_cli.evidence.redrawn import Redrawn, redrawn
from tests.support.letters import written

SIZES = (13, 17, 24)
OTHERS = [("3", "8"), ("6", "8"), ("1", "7"), ("5", "6"), ("a", "o"), ("O", "0"), ("u", "v"), ("=", "-")]


def of_changed_cells(reference: np.ndarray, candidate: np.ndarray, least: int = 20) -> Redrawn:
    apart = np.abs(reference.astype(int) - candidate).max(axis=2)
    cells = np.maximum.reduceat(apart, range(0, apart.shape[0], CELL), axis=0)
    cells = np.maximum.reduceat(cells, range(0, apart.shape[1], CELL), axis=1)
    return redrawn(reference, candidate, *np.nonzero(cells >= least))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shift", [(0.5, 0.5), (1, 0), (1.5, 0.25), (2, -1)])
def test_letters_that_moved_are_the_same(size: int, shift: tuple[float, float]) -> None:
    found = of_changed_cells(written("Ag3", size), written("Ag3", size, *shift))
    assert len(found.unlike)
    assert found.unexplained.max() < 0.2
    assert found.unlike.max() < 0.05


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shift", [(0.5, 0.5), (1, 0), (1.5, 0.25), (2, -1), (-0.5, 0), (-1.25, 1)])
def test_where_letters_moved_is_told_to_a_fraction(size: int, shift: tuple[float, float]) -> None:
    found = of_changed_cells(written("Ag3", size), written("Ag3", size, *shift))
    # One step from the best whole displacement is exact for small slopes only: a fifth of a pixel is enough to
    # tell what moved from what was shaded otherwise.
    assert np.median(found.right) == pytest.approx(shift[0], abs=0.2)
    assert np.median(found.down) == pytest.approx(shift[1], abs=0.2)


def test_straight_lines_have_no_corners_and_letters_have() -> None:
    line = np.full((64, 64, 3), 255, np.uint8)
    line[30:33] = 0
    moved = np.roll(line, 1, axis=0)
    assert of_changed_cells(line, moved).corners[2:-2].max() < 0.01
    assert of_changed_cells(written("Ag3", 17), written("Ag3", 17, 1)).corners.min() > 0.1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_letter_is_unlike_the_first(one: str, other: str, size: int) -> None:
    found = of_changed_cells(written(one, size), written(other, size))
    assert found.unlike.max() > 0.055  # noise.py takes what is below 0.05 for the same thing


@pytest.mark.parametrize("size", SIZES)
def test_what_came_and_what_went_is_explained_by_nothing(size: int) -> None:
    blank = np.full((48, 96, 3), 255, np.uint8)
    for pair in ((blank, written("M", size)), (written("M", size), blank)):
        found = of_changed_cells(*pair)
        assert found.unexplained.max() > 0.7
        assert found.unlike.max() > 0.9


def test_blur_takes_detail_and_displacement_does_not() -> None:
    sharp = written("Quality", 15)
    blurred = ndimage.gaussian_filter(sharp, (1.2, 1.2, 0))
    assert np.median(of_changed_cells(sharp, blurred).kept) < 0.5
    moved = of_changed_cells(sharp, written("Quality", 15, 0.5, 0.3))
    assert 0.55 < np.median(moved.kept) < 1.8


def test_bytes_and_floats_say_the_same() -> None:
    reference, candidate = written("Sum", 16), written("Sun", 16, 0.4)
    of_bytes = of_changed_cells(reference, candidate)
    of_floats = of_changed_cells(reference.astype(np.float32), candidate.astype(np.float32))
    for name in ("unexplained", "unlike", "kept"):
        np.testing.assert_allclose(getattr(of_bytes, name), getattr(of_floats, name), rtol=1e-6)


def test_cells_at_the_border_and_beyond_are_looked_at() -> None:
    tiny = np.zeros((5, 3, 3), np.uint8)
    other = tiny.copy()
    other[2, 1] = 255
    found = redrawn(tiny, other, np.array([0, 1]), np.array([0, 2]))
    assert np.isfinite([found.unexplained, found.unlike, found.kept]).all()
    assert found.unexplained[0] == 1
    nothing = np.zeros(0, np.intp)
    assert len(redrawn(tiny, other, nothing, nothing).kept) == 0
