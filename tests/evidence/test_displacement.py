"""Pictures that moved as a whole are moved back."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.evidence.changes import find_changes
from percept_cli.geometry import Box
from tests.conftest import drawing
from tests.support.changes import base as base
from tests.support.changes import left_out, picture


@pytest.mark.parametrize("shift", [(1, 0), (0, -2), (3, 2), (-2, 3)])
def test_a_picture_that_moved_is_moved_back(base: np.ndarray, shift: tuple[int, int]) -> None:
    x, y = shift
    canvas = np.asarray(drawing(140, 100, seed=9))
    first, second = canvas[10:87, 10:133], canvas[10 - y : 87 - y, 10 - x : 133 - x]
    assert find_changes(picture(first), picture(second)).pixels > 1000
    found = find_changes(picture(first), picture(second), max_shift=3)
    assert (found.shift, found.pixels) == (shift, 0)
    assert found.ignored == 123 * 77 - (123 - abs(x)) * (77 - abs(y))
    assert find_changes(picture(first), picture(second), max_shift=max(map(abs, shift)) - 1).shift != shift
    assert base.shape == first.shape


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_the_tiniest_pictures_can_be_shifted(size: tuple[int, int]) -> None:
    first, second = (np.full((*size, 3), value, np.uint8) for value in (0, 255))
    assert find_changes(picture(first), picture(second), max_shift=3).pixels == size[0] * size[1]


def test_ignored_pixels_stay_ignored_when_the_picture_is_moved_back() -> None:
    canvas = np.asarray(drawing(140, 100, seed=9)).copy()
    first, second = canvas[10:87, 10:133].copy(), canvas[10:87, 9:132].copy()
    second[20:30, 20:60] = np.random.default_rng(1).integers(0, 256, (10, 40, 3))
    found = find_changes(picture(first), picture(second), left_out=left_out(Box(10, 15, 60, 20)), max_shift=2)
    assert (found.shift, found.pixels) == ((1, 0), 0)
