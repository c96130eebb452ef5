"""Grids against a plain reading of the maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from percept_cli.distances import Patch
from percept_cli.evidence import maps

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("cell", [1, 2, 8])
def test_grids_say_what_the_map_says(stride: int, cell: int) -> None:
    """Against one position after the other, for patches that begin anywhere."""
    rng = np.random.default_rng(stride * 10 + cell)
    height, width = 96, 112
    shape = height // cell, width // cell
    places = (
        [(0, 0, 3, 2), (3, 1, 2, 4), (5, 5, 1, 1)] if stride == 16 else [(0, 0, 5, 3), (5, 1, 6, 9), (1, 11, 3, 1)]
    )
    patches = [
        Patch(row, column, torch.from_numpy(rng.random((h, w), np.float32))) for row, column, h, w in places
    ]
    most, sums = np.zeros(shape, np.float32), np.zeros(shape)
    for patch in patches:
        for (y, x), value in np.ndenumerate(patch.values.numpy()):
            top, left = (patch.row + y) * stride, (patch.column + x) * stride
            sums[top // cell, left // cell] += value
            for row in range(top // cell, max(top // cell + 1, (top + stride) // cell)):
                for column in range(left // cell, max(left // cell + 1, (left + stride) // cell)):
                    most[row, column] = max(most[row, column], value)
    np.testing.assert_array_equal(maps.largest(patches, stride, cell, shape), most)
    np.testing.assert_allclose(maps.summed(patches, stride, cell, shape), sums, rtol=1e-12)
