"""Whether a changed cell shows the same thing drawn anew: moved by a pixel or two, or with other edges.

Another font engine, rasteriser or driver puts an edge elsewhere, and shades it otherwise. What is drawn stays. So
each changed cell, with what is 4 pixels around it, is laid over the other picture at every displacement of up to 2
pixels, and two things are asked of the best fit:

- ``unexplained``: how much of the change is left where a pixel may have any value between those of its neighbours
  in the other picture, of both sides: nothing that came or went is explained by that;
- ``unlike``: how much is left, of what is drawn there, after the two were slightly blurred and laid over each
  other to a fraction of a pixel. Letters that became other letters are unlike, however small they are.

What is hardly unlike after it moved by half a pixel or more is the very same drawing elsewhere: another engine
would have shaded it otherwise. Straight lines say nothing of that, since all engines draw them alike.

The displacement to a fraction of a pixel is one step of Lucas and Kanade (1981) from the best whole one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.pixels import CELL, distances_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.pixels import Pixels

    Floats = NDArray[np.float32]
    Windows = NDArray[np.uint8] | NDArray[np.float32]

REACH = 2
"""Pixels by which what is drawn in a cell may have moved."""
AROUND = 4
"""Pixels around a cell that are looked at with it."""
_SIDE = CELL + 2 * AROUND
_KERNEL = (0.0245, 0.2344, 0.4822, 0.2344, 0.0245)  # a Gaussian of 0.7 pixels
_SPREAD = len(_KERNEL) // 2
_MARGIN = REACH + 1 + _SPREAD  # beyond a window: what displacements, slopes and the blur look at
_AT_A_TIME = 128  # cells, so that temporary arrays stay within a processor's cache
_STEP = 0.75  # pixels, at most, beyond the best whole displacement
_LEAST_CONTRAST = 4.0  # squared levels: less is drawn in no cell
_SHIFTS = sorted(
    ((down, right) for down in range(-REACH, REACH + 1) for right in range(-REACH, REACH + 1)),
    key=lambda shift: shift[0] ** 2 + shift[1] ** 2,
)


@dataclass(frozen=True)
class Redrawn:
    """Of each cell that was asked for, in that order."""

    unexplained: Floats
    """0 where displacement and edges explain all of the change, 1 where they explain nothing."""
    unlike: Floats
    """What is left, as a share of what is drawn there: 0 for the same thing moved, 0.1 and more for another."""
    change: Floats
    """Squared difference of the blurred pictures as they are, per value."""
    rest: Floats
    """What is left of it after the displacement that leaves the least."""
    down: Floats
    """By how many pixels that fit best the reference's content moved."""
    right: Floats
    """As ``down``."""
    corners: Floats
    """How strong the weaker direction of what is drawn is: 0 for straight lines, 1 where both are equal."""
    kept: Floats
    """Detail of the candidate as a share of the reference's; blur takes it, and noise moves it."""


def redrawn(reference: Pixels, candidate: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Redrawn:
    """Look at some cells.

    Args:
        reference: H×W×3, uint8 or float32, sRGB in 0..255.
        candidate: the same shape and type.
        rows: of the cells, N whole numbers; those beyond the picture show its edge.
        columns: as many.
    """
    import numpy as np

    parts = [
        _some(
            *(
                _windows(side, rows[first : first + _AT_A_TIME], columns[first : first + _AT_A_TIME])
                for side in (reference, candidate)
            )
        )
        for first in range(0, len(rows), _AT_A_TIME)
    ]
    nothing = np.zeros(0, np.float32)
    every = range(len(fields(Redrawn)))
    return Redrawn(*(np.concatenate([part[i] for part in parts]) if parts else nothing for i in every))


def _windows(picture: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Windows:
    """N×3×S×S of the picture's type: each cell with all that is looked at around it; an edge goes on beyond it."""
    import numpy as np

    reach = np.arange(-AROUND - _MARGIN, CELL + AROUND + _MARGIN)
    down = np.clip(CELL * rows[:, None] + reach, 0, picture.shape[0] - 1)
    right = np.clip(CELL * columns[:, None] + reach, 0, picture.shape[1] - 1)
    found = picture[down[:, :, None], right[:, None, :]]
    return np.ascontiguousarray(np.moveaxis(found, -1, 1))


def _some(reference: Windows, candidate: Windows) -> tuple[Floats, ...]:
    unexplained = _unexplained(reference, candidate)
    floats: list[Floats] = [side.astype("float32") for side in (reference, candidate)]
    before, after = (_detail(_inner(side, _MARGIN)) for side in floats)
    kept = (after + 1) / (before + 1)
    return unexplained, *_registered(*map(_blurred, floats)), kept


def _unexplained(reference: Windows, candidate: Windows) -> Floats:
    """By intervals: what is outside of those between a pixel's neighbours, of the change as it stands."""
    import numpy as np

    low, high = (_inner(_neighbours(reference, how), _MARGIN - 1) for how in (np.minimum, np.maximum))
    lows, highs = (_neighbours(candidate, how) for how in (np.minimum, np.maximum))
    here = _inner(reference, _MARGIN)
    change = distances_of(here, _inner(candidate, _MARGIN)).max(axis=1)
    best = np.full(len(here), np.inf, np.float32)
    for shift in _SHIFTS:
        there, least, most = (_moved(side, shift) for side in (candidate, lows, highs))
        # Never below 0, so that bytes can be subtracted.
        outside = np.maximum(np.maximum(there, high) - high, low - np.minimum(there, low))
        np.maximum(outside, np.maximum(here, most) - most, out=outside)
        np.maximum(outside, least - np.minimum(here, least), out=outside)
        np.minimum(best, _squares(outside.max(axis=1).astype(np.float32)), out=best)
    left: Floats = np.minimum(1, best / np.maximum(_squares(change.astype(np.float32)), 1))
    return left


def _registered(reference: Floats, candidate: Floats) -> tuple[Floats, ...]:
    """What is unlike, the change, what of it is left when one is laid over the other, where, and the corners."""
    import numpy as np

    margin = _MARGIN - _SPREAD
    here = _inner(reference, margin)
    change = _squares(here - _inner(candidate, margin)) / here[0].size
    best, which = np.full(len(here), np.inf, np.float32), np.zeros(len(here), np.intp)
    for number, shift in enumerate(_SHIFTS):
        left = _squares(here - _moved(candidate, shift))
        better = left < best * 0.999
        best[better], which[better] = left[better], number
    shifts = np.array(_SHIFTS)[which]
    reach = np.arange(_SIDE + 2) + margin - 1
    numbers = np.arange(len(here))[:, None, None]
    down, right = (reach + shifts[:, axis, None] for axis in (0, 1))
    there = np.moveaxis(np.moveaxis(candidate, 1, -1)[numbers, down[:, :, None], right[:, None, :]], -1, 1)
    around = slice(margin - 1, 1 - margin or None)
    rest, step, corners = _after_a_step(reference[:, :, around, around], there)
    contrast = np.maximum(_variance(here), _variance(_inner(candidate, margin)))
    by = shifts.T + step * (rest < best)
    rest = np.minimum(best, rest) / here[0].size
    return rest / np.maximum(contrast, _LEAST_CONTRAST), change, rest, *by, corners


def _after_a_step(reference: Any, candidate: Any) -> tuple[Floats, Any, Any]:
    """What is left after the displacement of less than a pixel that leaves the least, by the slopes of both.

    With it the displacement, down and to the right, and the share of what is drawn across.
    """
    import numpy as np

    down, right = _slopes((reference + candidate) / 2)
    apart = _inner(reference - candidate, 1)
    a, b, c = (_dot(*pair) for pair in ((down, down), (right, right), (down, right)))
    p, q = _dot(down, apart), _dot(right, apart)
    across = np.hypot((a - b) / 2, c)
    corners = ((a + b) / 2 - across) / np.maximum((a + b) / 2 + across, 1e-6)
    little = 1e-3 * (a + b) + 1e-6
    a, b = a + little, b + little
    by = np.stack([b * p - c * q, a * q - c * p]) / (a * b - c * c)
    by /= np.maximum(1, np.abs(by).max(axis=0) / _STEP)
    rest = _squares(apart - down * by[0][:, None, None, None] - right * by[1][:, None, None, None])
    return rest, by, corners


def _slopes(windows: Any) -> tuple[Any, Any]:
    """Down and to the right, per pixel; one pixel less on each side."""
    return (
        (windows[:, :, 2:, 1:-1] - windows[:, :, :-2, 1:-1]) / 2,
        (windows[:, :, 1:-1, 2:] - windows[:, :, 1:-1, :-2]) / 2,
    )


def _detail(windows: Floats) -> Floats:
    """The squared steps between neighbouring pixels, summed."""
    import numpy as np

    steps: Floats = _squares(np.diff(windows, axis=2)) + _squares(np.diff(windows, axis=3))
    return steps


def _blurred(windows: Floats) -> Floats:
    for axis in (2, 3):
        length = windows.shape[axis] - 2 * _SPREAD
        blurred: Floats = _KERNEL[0] * _part(windows, 0, length, axis)
        for first, weight in enumerate(_KERNEL[1:], start=1):
            blurred = blurred + weight * _part(windows, first, length, axis)
        windows = blurred
    return windows


def _neighbours(windows: Windows, how: np.ufunc) -> Windows:
    """Of 3×3 pixels the smallest or largest; one pixel less on each side."""
    for axis in (2, 3):
        length = windows.shape[axis] - 2
        first, second, third = (_part(windows, start, length, axis) for start in range(3))
        windows = how(how(first, second), third)
    return windows


def _part(windows: Any, first: int, length: int, axis: int) -> Any:
    return windows[:, :, first : first + length] if axis == 2 else windows[..., first : first + length]


def _inner(windows: Any, margin: int) -> Any:
    return windows[:, :, margin:-margin, margin:-margin]


def _moved(windows: Any, shift: tuple[int, int]) -> Any:
    """The part of the candidate's windows that lies over a cell's own at a displacement."""
    top, left = ((windows.shape[2] - _SIDE) // 2 + by for by in shift)
    return windows[:, :, top : top + _SIDE, left : left + _SIDE]


def _dot(first: Floats, second: Floats) -> Floats:
    import numpy as np

    found: Floats = np.einsum("nchw,nchw->n", first, second)
    return found


def _squares(values: Floats) -> Floats:
    """Per cell their sum."""
    import numpy as np

    flat = values.reshape(len(values), -1)
    found: Floats = np.einsum("nk,nk->n", flat, flat)
    return found


def _variance(windows: Floats) -> Floats:
    """Over channels the mean of their own."""
    variance: Floats = windows.var(axis=(2, 3)).mean(axis=1)
    return variance
