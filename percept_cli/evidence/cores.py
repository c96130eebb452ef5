"""The pixels of a region that say what happened there, and how far each is from the background.

Noise of rendering can join much of an image to one region. So only the *core* of a region is looked at: the pixels
that changed most, in the cells with the largest distance or difference of colour.

The background of a pixel is taken from the nearest unchanged pixels in its row and its column: each of them, and
what lies between them on a straight line, which is right on flat areas, gradients and grid lines. In a textured
background such neighbours differ anyway; by as much, a difference does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.moved import FAINT
from percept_cli.evidence.pixels import changes_of, signed
from percept_cli.geometry import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.pixels import Pixels

    Floats = NDArray[np.float32]

CELL = 8
"""Pixels per side of the cells in which distances and colours are given."""
MARGIN = 24
"""Pixels around a region that show its background."""
_LOUD = 0.35  # of the strongest cell of a region: weaker ones do not say what happened
_LOUD_NOISE = 0.6  # likewise, below which cells are not looked at if they are within the noise floor
_LOUD_COLOUR = 0.5  # likewise, of the strongest difference of colour
_CORE = 1 / 6  # of the strongest change of a pixel: edges blend, and weaker ones are their fringe
_POINTS = 1 << 15  # of a region with its margin: of larger ones every second, third … row and column
_SAMPLE = 1 << 11  # pixels that are fitted and followed
_RING = 2  # pixels around the core that count as its edge
_SAYS_NOTHING = 0.85  # of the change: if neither picture is as far from the background, it may be another one


@dataclass(frozen=True)
class Suspect:
    """A region whose kind is asked for."""

    number: int
    """Its label."""
    box: Box
    explained: bool = False
    """Whether noise explains it: alone it would pass by the automatic limits of the pair."""


@dataclass(frozen=True)
class Loudness:
    """What says where in a region to look."""

    labels: NDArray[np.int32]
    """Per cell of the picture its region's number, from 1; 0 where nothing changed."""
    distances: Floats
    """Per cell, or more cells than those of the picture; 0 everywhere where distances have no places."""
    colours: Floats
    """ΔE per cell."""
    noise: float = 0.0
    """The noise floor of the distances: cells below are not looked at."""


@dataclass(frozen=True)
class Core:
    """The pixels of a region that say what happened, and what is known of each."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    box: Box
    change: Floats
    """N: the largest change of a channel, in levels."""
    beside: tuple[Floats, Floats]
    """N each: levels by which the reference, and the candidate, is from the background, at most the change."""
    outside: tuple[Floats, Floats] | None
    """The same, with only what is outside of the box for background, where the first says nothing: between the two
    edges of a flat thing that moved a little, it is unchanged."""
    ring: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Rows and columns of pixels beside it."""


def core_of(reference: Pixels, candidate: Pixels, suspect: Suspect, loudness: Loudness) -> Core | None:
    """None where too little changed to say anything."""
    import numpy as np
    from scipy import ndimage

    height, width = reference.shape[:2]
    box = suspect.box
    rows, columns = (
        slice(first // CELL, (first + length - 1) // CELL + 1)
        for first, length in ((box.y, box.height), (box.x, box.width))
    )
    mine = loudness.labels[rows, columns] == suspect.number
    distances, colours = loudness.distances[rows, columns], loudness.colours[rows, columns]
    peak = float(distances[mine].max(initial=0))
    loud = distances >= max(min(loudness.noise, _LOUD_NOISE * peak), _LOUD * peak, 1e-6)
    loud |= colours >= max(1.0, _LOUD_COLOUR * float(colours[mine].max(initial=0)))
    loud = mine & loud if (mine & loud).any() else mine
    ys, xs = (np.nonzero(loud.any(axis=axis))[0] for axis in (1, 0))
    top, bottom = (rows.start + int(ys[0])) * CELL, (rows.start + int(ys[-1]) + 1) * CELL
    left, right = (columns.start + int(xs[0])) * CELL, (columns.start + int(xs[-1]) + 1) * CELL
    y, x = max(0, top - MARGIN), max(0, left - MARGIN)
    low, far = min(height, bottom + MARGIN), min(width, right + MARGIN)
    step = max(1, round(((low - y) * (far - x) / _POINTS) ** 0.5))
    sides = tuple(side[y:low:step, x:far:step] for side in (reference, candidate))
    change = changes_of(*sides)
    here = np.zeros(change.shape, bool)
    of_rows, of_columns = np.arange(y, low, step), np.arange(x, far, step)
    inside_y = (of_rows >= top) & (of_rows < bottom)
    inside_x = (of_columns >= left) & (of_columns < right)
    cells = loud[np.ix_(of_rows[inside_y] // CELL - rows.start, of_columns[inside_x] // CELL - columns.start)]
    here[np.ix_(inside_y, inside_x)] = cells
    strongest = float(change[here].max(initial=0))
    changed = change > max(FAINT if strongest > 2 * FAINT else 0, _CORE * strongest)
    core = changed & here
    if not core.any():
        return None
    # What changed beside it is no background either, whether or not it is loud.
    free = ~ndimage.binary_dilation(changed, np.ones((3, 3)))
    ring = ndimage.binary_dilation(core, np.ones((3, 3)), _RING) & ~changed
    lines, places = np.nonzero(core)
    first, last = (int(lines[0]), int(places.min())), (int(lines[-1]), int(places.max()))
    inner = slice(first[0], last[0] + 1), slice(first[1], last[1] + 1)
    corners = [(int(of_rows[line]), int(of_columns[place])) for line, place in (first, last)]
    around = Box(
        corners[0][1], corners[0][0], corners[1][1] - corners[0][1] + 1, corners[1][0] - corners[0][0] + 1
    )
    lines, places = (_some(of_all) for of_all in (lines, places))
    strength = change[lines, places].astype(np.float32)
    beside = _beside(sides[0], sides[1], free, lines, places, strength)
    outside = None
    if float(np.maximum(*beside).sum()) < _SAYS_NOTHING * float(strength.sum()):
        free[inner] = False
        outside = _beside(sides[0], sides[1], free, lines, places, strength)
    ring_y, ring_x = map(_some, np.nonzero(ring))
    return Core(
        of_rows[lines],
        of_columns[places],
        around,
        strength,
        beside,
        outside,
        (of_rows[ring_y], of_columns[ring_x]),
    )


def _some(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """As many as are looked at, spread over all."""
    return places[:: -(-len(places) // _SAMPLE) or 1]


def _beside(
    reference: Pixels,
    candidate: Pixels,
    free: NDArray[np.bool_],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    most: Floats,
) -> tuple[Floats, Floats]:
    """How far pixels are from the unchanged ones in their row, or their column: two arrays of N levels."""
    import numpy as np

    here = [side[rows, columns].astype(np.float32) for side in (reference, candidate)]
    found = [np.full(len(rows), np.inf, np.float32) for _ in here]
    depths = []
    for axis, (line, place) in enumerate(((columns, rows), (rows, columns))):
        ends = _nearest(free, axis, rows, columns)
        known = ends[0] >= 0, ends[1] < free.shape[axis]
        ends = np.where(known[0], ends[0], ends[1]), np.where(known[1], ends[1], ends[0])
        apart = [np.abs(end - place) for end in ends]
        some = known[0] | known[1]
        ends = np.where(some, ends[0], 0), np.where(some, ends[1], 0)
        depths.append(np.where(some, np.minimum(*apart), 1 << 30))
        share = (apart[0] / np.maximum(1, apart[0] + apart[1]))[:, None].astype(np.float32)
        for side, mine, best in zip((reference, candidate), here, found, strict=True):
            before, after = (
                (side[end, line] if axis == 0 else side[line, end]).astype(np.float32) for end in ends
            )
            for shown in (before, after, before + (after - before) * share):
                np.minimum(best, np.where(some, _apart(mine, shown), np.inf), out=best)
    texture = _texture(reference, candidate, free, max(1, int(np.median(np.minimum(*depths)))))
    return np.clip(found[0] - texture, 0, most), np.clip(found[1] - texture, 0, most)


def _apart(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """N: the largest difference of a channel."""
    import numpy as np

    found = np.abs(first - second)  # numpy takes several times as long over an axis so short
    largest: NDArray[Any] = np.maximum(np.maximum(found[:, 0], found[:, 1]), found[:, 2])
    return largest


def _nearest(
    free: NDArray[np.bool_], axis: int, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of each pixel, along an axis, the nearest free place before it, or -1, and after it, or the length."""
    import numpy as np

    length = free.shape[axis]
    place = np.arange(length).reshape((-1, 1) if axis == 0 else (1, -1))
    before = np.maximum.accumulate(np.where(free, place, -1), axis=axis)
    flipped = np.flip(np.where(free, place, length), axis=axis)
    after = np.flip(np.minimum.accumulate(flipped, axis=axis), axis=axis)
    return before[rows, columns], after[rows, columns]


def _texture(reference: Pixels, candidate: Pixels, free: NDArray[np.bool_], depth: int) -> float:
    """Levels by which background is from background so far away: the median, the smaller of rows and columns."""
    import numpy as np

    found = []
    for axis in (0, 1):
        if free.shape[axis] <= depth:
            continue
        ahead, behind = (free[depth:], free[:-depth]) if axis == 0 else (free[:, depth:], free[:, :-depth])
        rows, columns = map(_some, np.nonzero(ahead & behind))
        if len(rows):
            there = (rows + depth, columns) if axis == 0 else (rows, columns + depth)
            sides = ((signed(side[rows, columns]), signed(side[there])) for side in (reference, candidate))
            found.append(max(float(np.median(_apart(*both))) for both in sides))
    return min(found, default=0.0)
