"""Distance maps, which come in patches of many strides → one grid of cells over the picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from percept_cli.distances import Patch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grid = NDArray[np.float32]


def largest(patches: Iterable[Patch], stride: int, cell: int, shape: tuple[int, int]) -> Grid:
    """The largest value in each cell; 0 where there is no patch.

    Args:
        patches: of one tap's map.
        stride: pixels per position of the tap, a power of 2.
        cell: pixels per side of a cell, a power of 2.
        shape: rows and columns of cells, which hold all of the picture that the network sees.

    A position that is larger than a cell fills all of its cells.
    """
    import numpy as np

    grid = np.zeros(shape, np.float32)
    for patch in patches:
        values, row, column = np.asarray(patch.values), patch.row, patch.column
        for axis, first in enumerate((row, column)):
            if stride < cell:
                values = np.maximum.reduceat(values, _starts(first, values.shape[axis], cell // stride), axis=axis)
            else:
                values = np.repeat(values, stride // cell, axis=axis)
        _put(grid, values, row * stride // cell, column * stride // cell, np.maximum)
    return grid


def summed(patches: Iterable[Patch], stride: int, cell: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    """The sum of the values whose top left pixel is in each cell, as ``largest`` otherwise."""
    import numpy as np

    grid = np.zeros(shape)
    for patch in patches:
        values = np.asarray(patch.values, np.float64)
        for axis, first in enumerate((patch.row, patch.column)):
            if stride < cell:
                values = np.add.reduceat(values, _starts(first, values.shape[axis], cell // stride), axis=axis)
        step = max(1, stride // cell)
        spread = np.zeros((values.shape[0] * step, values.shape[1] * step))
        spread[::step, ::step] = values
        _put(grid, spread, patch.row * stride // cell, patch.column * stride // cell, np.add)
    return grid


def _starts(first: int, count: int, per_cell: int) -> list[int]:
    """Where cells begin among so many positions, of which the first need not begin one."""
    return [0, *range(per_cell - first % per_cell, count, per_cell)]


def _put(grid: NDArray[np.floating], values: NDArray[np.floating], row: int, column: int, how: np.ufunc) -> None:
    """Combine with what is there; a position at the end may reach beyond the grid."""
    part = grid[row : row + values.shape[0], column : column + values.shape[1]]
    how(part, values[: part.shape[0], : part.shape[1]], out=part)
