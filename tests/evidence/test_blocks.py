"""Cells in blocks, and back."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.evidence.blocks import MOST_BLOCKS, cell_at, cells_of, cells_per_block, in_blocks, in_cells
from percept_cli.geometry import Box


@pytest.mark.parametrize(
    ("width", "height", "cells"), [(8, 8, 1), (128, 128, 1), (129, 8, 2), (480, 320, 4), (3840, 2160, 30)]
)
def test_a_picture_has_at_most_so_many_blocks_a_side(width: int, height: int, cells: int) -> None:
    assert cells_per_block(width, height) == cells
    assert -(-max(width, height) // (8 * cells)) <= MOST_BLOCKS


def test_the_largest_of_a_block_and_of_what_is_close_to_it() -> None:
    grid = np.zeros((5, 6), np.float32)
    grid[1, 1], grid[4, 5] = 3, 1
    assert in_blocks(grid, 2).tolist() == [[3, 0, 0], [0, 0, 0], [0, 0, 1]]
    # One cell further, the first touches all four blocks at its corner, the last the one above it.
    assert in_blocks(grid, 2, reach=1).tolist() == [[3, 3, 0], [3, 3, 1], [0, 0, 1]]


def test_every_cell_has_the_value_of_its_block() -> None:
    blocks = np.array([[1, 2], [3, 4]], np.float32)
    assert in_cells(blocks, 2, (3, 3)).tolist() == [[1, 1, 2], [1, 1, 2], [3, 3, 4]]
    assert in_cells(blocks, 1, (3, 2)).tolist() == [[1, 2], [3, 4], [3, 4]]  # beyond the edge


def test_boxes_and_cells() -> None:
    assert cell_at(0, 2, 20, 9) == Box(16, 0, 4, 8)
    assert cell_at(5, 5, 20, 9) == Box(16, 8, 4, 1)  # beyond the edge: the last cell
    assert cells_of(Box(7, 8, 2, 1)) == (slice(1, 2), slice(0, 2))
