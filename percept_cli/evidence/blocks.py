"""Grids of cells ↔ the few coarse blocks in which noise is remembered: at most 16 along the longer side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from percept_cli.evidence.pixels import CELL
from percept_cli.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grid = NDArray[np.float32]

MOST_BLOCKS = 16
"""Along the longer side of a picture."""


def cells_per_block(width: int, height: int) -> int:
    """Cells along a side of a block, for a picture of so many pixels."""
    return math.ceil(math.ceil(max(width, height) / CELL) / MOST_BLOCKS)


def in_blocks(grid: Grid, cells: int, *, reach: int = 0) -> Grid:
    """The largest value in each block.

    Args:
        grid: a value per cell.
        cells: per side of a block.
        reach: cells around each block that count for it as well.
    """
    import numpy as np
    from scipy import ndimage

    found = ndimage.maximum_filter(grid, 2 * reach + 1, mode="nearest") if reach else grid
    for axis in (0, 1):
        found = np.maximum.reduceat(found, range(0, found.shape[axis], cells), axis=axis)
    return np.asarray(found, np.float32)


def in_cells(blocks: Grid, cells: int, shape: tuple[int, int]) -> Grid:
    """The value of its block in each cell; beyond the last block, as in tiny pictures, that of the last."""
    import numpy as np

    rows, columns = (
        np.minimum(np.arange(side) // cells, most - 1) for side, most in zip(shape, blocks.shape, strict=True)
    )
    found: Grid = blocks[rows[:, None], columns[None, :]]
    return found


def cell_at(row: int, column: int, width: int, height: int) -> Box:
    """The pixels of a cell in a picture of so many; of one beyond its edge, those of the last."""
    x, y = min(column, (width - 1) // CELL) * CELL, min(row, (height - 1) // CELL) * CELL
    return Box(x, y, min(CELL, width - x), min(CELL, height - y))


def cells_of(box: Box) -> tuple[slice, slice]:
    """The rows and columns of cells that a box touches."""
    return (
        slice(box.y // CELL, -(-(box.y + box.height) // CELL)),
        slice(box.x // CELL, -(-(box.x + box.width) // CELL)),
    )
