"""Distance maps, which come in patches of many strides → one grid of cells over the picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

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
        values, row, column = _by_cells(patch, stride, cell, np.maximum, "float32")
        for axis in (0, 1):
            values = np.repeat(values, max(1, stride // cell), axis=axis)
        part = grid[row : row + values.shape[0], column : column + values.shape[1]]
        np.maximum(part, values[: part.shape[0], : part.shape[1]], out=part)
    return grid


def summed(patches: Iterable[Patch], stride: int, cell: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    """The sum of the values whose top left pixel is in each cell, as ``largest`` otherwise."""
    import numpy as np

    grid, step = np.zeros(shape), max(1, stride // cell)
    for patch in patches:
        values, row, column = _by_cells(patch, stride, cell, np.add, "float64")
        part = grid[row::step, column::step][: values.shape[0], : values.shape[1]]
        part += values[: part.shape[0], : part.shape[1]]
    return grid


def _by_cells(patch: Patch, stride: int, cell: int, how: np.ufunc, kind: str) -> tuple[NDArray[Any], int, int]:
    """A patch with its values in one cell combined, and the row and column of its first cell."""
    import numpy as np

    values: NDArray[Any] = np.asarray(patch.values, kind)
    for axis, first in enumerate((patch.row, patch.column)):
        if stride < cell:
            per_cell = cell // stride  # positions, of which the first need not begin a cell
            starts = [0, *range(per_cell - first % per_cell, values.shape[axis], per_cell)]
            values = how.reduceat(values, starts, axis=axis)
    return values, patch.row * stride // cell, patch.column * stride // cell
