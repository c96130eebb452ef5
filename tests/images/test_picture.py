"""Pictures as plain data."""

from __future__ import annotations

import numpy as np

from percept_cli.images.picture import picture_of
from tests.conftest import drawing


def test_whole_levels_are_an_8_bit_picture() -> None:
    levels = np.asarray(drawing(9, 7))
    assert picture_of(levels.astype(np.float32)) == picture_of(levels)
    negative_zero = np.full((2, 2, 3), 0.5, np.float32)
    negative_zero[0, 0] = -0.0
    assert picture_of(negative_zero) == picture_of(np.abs(negative_zero))
