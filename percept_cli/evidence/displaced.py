"""By how much what is drawn in a region moved, with noise of rendering on top.

``displacement`` and ``moved`` excuse movements, so they prove every pixel. Here a movement is only told: it is
enough that it explains most of the change, in both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.moved import FAINT
from percept_cli.evidence.pixels import changes_of, signed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.displacement import Points, Shift
    from percept_cli.evidence.pixels import Pixels
    from percept_cli.geometry import Box

    Floats = NDArray[np.float32]

REACH = 32, 128
"""Pixels each way that are searched: the length of the region, but at least and at most so many."""
WINDOW = 256
"""Pixels per side of the part of a region that proposes displacements, at most."""
_PROPOSALS = 8
_UNEXPLAINED = 0.3  # of the change, at most
_EACH_SIDE = 0.3  # of the change must leave, and as much arrive
_COST = 0.002  # of the change, by pixel of displacement: of lines that fit at many places the nearest counts


@dataclass(frozen=True)
class Sides:
    """Two pictures."""

    reference: Pixels
    """H×W×3, sRGB in 0..255."""
    candidate: Pixels
    """The same shape and type."""


def best_displacement(
    sides: Sides, places: Points, change: Floats, grounds: Sequence[tuple[Floats, Floats]], box: Box
) -> Shift | None:
    """The displacement that explains what changed, if one does.

    Args:
        sides: the pictures.
        places: N pixels that changed.
        change: by how many levels.
        grounds: how far reference and candidate are from the background there, in levels, at most the change; one
            for each that the background may be.
        box: in which they lie.

    Returns:
        Pixels to the right and down, as far as ``REACH`` says; None if no displacement explains most of the
        change.
    """
    best = min(
        (
            (_left(sides, places, change, grounds, shift) + _COST * (abs(shift[0]) + abs(shift[1])), shift)
            for shift in _proposals(sides, places, change, box)
        ),
        default=None,
    )
    return best[1] if best is not None and best[0] <= _UNEXPLAINED else None


def unlike_at(sides: Sides, places: Points, change: Floats, shift: Shift, *, leaves: bool) -> float:
    """The share of the change by which pixels differ from those that a displacement takes them to.

    Args:
        sides: the pictures.
        places: N pixels.
        change: by how many levels they changed.
        shift: the displacement.
        leaves: whether they are the reference's, and leave; otherwise the candidate's, which arrived.
    """
    return float(_unlike(sides, places, change, shift, leaves=leaves).sum() / change.sum())


def _unlike(sides: Sides, places: Points, change: Floats, shift: Shift, *, leaves: bool) -> Floats:
    """N levels, at most the change."""
    import numpy as np

    mine, other = (sides.reference, sides.candidate) if leaves else (sides.candidate, sides.reference)
    sign = 1 if leaves else -1
    rows, columns = places[0] + sign * shift[1], places[1] + sign * shift[0]
    height, width = mine.shape[:2]
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
    channels = np.abs(signed(other[rows, columns]) - mine[places]).astype(np.float32)
    found = np.maximum(np.maximum(channels[:, 0], channels[:, 1]), channels[:, 2])
    return np.where(inside, np.minimum(found, change), change)


def _left(
    sides: Sides, places: Points, change: Floats, grounds: Sequence[tuple[Floats, Floats]], shift: Shift
) -> float:
    """The share of the change that a displacement does not explain; all of it where nothing leaves or arrives.

    A pixel is explained if what it showed has arrived, or was background that is now covered, and if what it shows
    now has left its old place, or is background that is now uncovered. Background alone explains nothing.
    """
    import numpy as np

    leaves = _unlike(sides, places, change, shift, leaves=True)
    arrives = _unlike(sides, places, change, shift, leaves=False)
    whole = float(change.sum())
    found = 1.0
    for before, after in grounds:
        # What was background before and is where it went says nothing: background is everywhere.
        content = (
            float(np.where(background > change / 2, change - side, 0).sum())
            for side, background in ((leaves, before), (arrives, after))
        )
        if min(content) >= _EACH_SIDE * whole:
            left = np.maximum(np.minimum(leaves, before), np.minimum(arrives, after))
            found = min(found, float(np.maximum(np.minimum(leaves, arrives), left).sum()) / whole)
    return found


def _proposals(sides: Sides, places: Points, change: Floats, box: Box) -> list[Shift]:
    """Displacements at which the edges that went and those that came correlate best, and what is beside these."""
    import numpy as np
    from scipy import fft, ndimage

    window = _window(places, change, box, sides.reference.shape[:2])
    first, second = (side[window] for side in (sides.reference, sides.candidate))
    apart = changes_of(first, second)
    strongest = float(apart.max(initial=0))
    changed = ndimage.binary_dilation(apart > max(FAINT, strongest / 8), np.ones((3, 3)))
    channel = int(np.argmax(np.abs(signed(second) - first).sum(axis=(0, 1))))
    reach = [min(max(length, REACH[0]), REACH[1]) for length in (box.height, box.width)]
    shape = [fft.next_fast_len(side + most, real=True) for side, most in zip(apart.shape, reach, strict=True)]
    spectrum = np.zeros((shape[0], shape[1] // 2 + 1), np.complex64)
    for axis in (0, 1):
        before, after = (
            fft.rfft2(_edges(side[..., channel], axis) * changed, s=shape) for side in (first, second)
        )
        spectrum += np.conj(before) * after
    found = fft.irfft2(spectrum, s=shape)
    down, right = (np.arange(-most, most + 1) for most in reach)
    near = found[np.ix_(down % shape[0], right % shape[1])]
    near[reach[0], reach[1]] = 0
    tops = np.where((ndimage.maximum_filter(near, 3) == near) & (near > 0), near, 0)
    order = np.argsort(-tops, axis=None, kind="stable")[:_PROPOSALS]
    rows, columns = np.unravel_index(order[tops.ravel()[order] > 0], near.shape)
    return [(int(x), int(y)) for y, x in zip(down[rows], right[columns], strict=True)]


def _edges(channel: NDArray[Any], axis: int) -> Floats:
    """The step from each pixel to the next, 0 from the last."""
    import numpy as np

    found = np.zeros(channel.shape, np.float32)
    here, there = (slice(None, -1), slice(1, None))
    if axis == 0:
        found[here] = signed(channel[there]) - channel[here]
    else:
        found[:, here] = signed(channel[:, there]) - channel[:, here]
    return found


def _window(places: Points, change: Floats, box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the box and what is near; of a large one the part around its strongest change."""
    import numpy as np

    strongest = int(np.argmax(change))
    found = []
    for first, length, middle, end in (
        (box.y, box.height, int(places[0][strongest]), shape[0]),
        (box.x, box.width, int(places[1][strongest]), shape[1]),
    ):
        low, high = max(0, first - REACH[0]), min(end, first + length + REACH[0])
        if high - low > WINDOW:
            low = min(max(low, middle - WINDOW // 2), high - WINDOW)
            high = low + WINDOW
        found.append(slice(low, high))
    return found[0], found[1]
