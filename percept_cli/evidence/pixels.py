"""How far the pixels of two pictures are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from percept_cli.images.picture import bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8] | NDArray[np.float32]
    """H×W×3, sRGB in 0..255."""

CELL = 8
"""Pixels per side of a cell: distances are told apart by cells, and changed regions are found in such blocks."""


def changes_of(reference: Pixels, candidate: Pixels) -> NDArray[Any]:
    """H×W of their type: the largest change of a channel, in levels."""
    import numpy as np

    found = np.empty(reference.shape[:2], reference.dtype)
    for rows in bands(*reference.shape[:2]):
        apart = distances_of(reference[rows], candidate[rows])
        # One channel after the other: numpy takes several times as long over an axis so short.
        np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2], out=found[rows])
    return found


def distances_of(reference: Pixels, candidate: Pixels) -> NDArray[Any]:
    """The change of each channel without its sign, of their type."""
    import numpy as np

    found: NDArray[Any] = np.maximum(reference, candidate)
    found -= np.minimum(reference, candidate)
    return found


def signed(values: Pixels) -> NDArray[Any]:
    """In a type that holds their differences."""
    import numpy as np

    return values.astype(np.int16) if values.dtype == np.uint8 else values
