"""What happened in a region: added, removed, moved, recoloured, another detail, or noise.

Only what can be shown is said; everything else is ``detail-changed``. Of the pixels that changed most, the *core* of
a region, these are asked, in this order:

- *recoloured*: is each picture an affine change of colour of the other, with the ring of unchanged pixels around it?
  What came or went is not: a flat picture has one colour there, and no affine change makes two of it.
- *moved*: is there a displacement that takes what the reference has to what the candidate has, both ways, with
  background where it was before and where it is now?
- *added*: does the reference show what is beside the core, and the candidate something else? *Removed* is its mirror
  image: to swap the pictures swaps the two, and turns displacements around.

What a pixel would show as background is read off the nearest unchanged pixels in its row and its column, so that flat
areas, gradients and grid lines are all known; where the surroundings are textured, that much less is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.displaced import Sides, best_displacement, unlike_at
from percept_cli.evidence.moved import FAINT
from percept_cli.evidence.pixels import changes_of, signed
from percept_cli.geometry import Box
from percept_cli.results.found import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.displacement import Shift
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
_STANDS_OUT = 0.6  # of the change: as far are both pictures from the background; then the ring is not asked
_AFFINE, _AFFINE_RING = 0.15, 0.12  # of the change, squared: what an affine change of colour may leave
_SAYS_NOTHING = 0.85  # of the change: if neither picture is as far from the background, it may be another one
_ONE_SIDE, _OTHER_SIDE = 0.55, 0.15  # of the change: what is new must come to, and what is gone at most
_BOTH = 0.25  # of what is new: what is no background in either picture, at most
_BALANCE = 0.4  # of what moved as much is new as is gone, but for this share
_SAME_SIZE = 2  # pixels by which boxes of what went and what came may differ
_MATCH = 0.25  # of the change: what may be left where one is laid on the other
_MOST_MATCHED = 64  # pairs of regions


@dataclass(frozen=True)
class Suspect:
    """A region whose kind is asked for."""

    number: int
    """Its label."""
    box: Box
    explained: bool = False
    """Whether noise explains it: alone it would pass by the automatic limits of the pair."""


@dataclass(frozen=True)
class Change:
    """What happened in a region."""

    kind: Kind
    shift: Shift | None = None
    """Pixels to the right and down, of what moved."""


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
class _Core:
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


def kinds_of(
    reference: Pixels, candidate: Pixels, suspects: Sequence[Suspect], loudness: Loudness
) -> list[Change]:
    """The kind of each region.

    The work is bounded: of a large region every second, third … row and column is asked, displacements are proposed
    by the 256×256 pixels around its strongest change, and at most 2,048 pixels are followed.

    Args:
        reference: H×W×3, sRGB in 0..255.
        candidate: the same shape and type.
        suspects: the regions.
        loudness: where in them to look.

    Returns:
        One for each region, in their order. Of something that moved so far that it makes two regions, both say
        ``moved``.
    """
    found, cores = list[Change](), list[_Core | None]()
    for suspect in suspects:
        core = None if suspect.explained else _core(reference, candidate, suspect, loudness)
        cores.append(core)
        if suspect.explained:
            found.append(Change("noise"))
        else:
            found.append(Change("detail-changed") if core is None else _kind(reference, candidate, core))
    return _with_far_moves(reference, candidate, found, cores)


def _core(reference: Pixels, candidate: Pixels, suspect: Suspect, loudness: Loudness) -> _Core | None:
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
    y, x = of_rows[lines[[0, -1]]], of_columns[[places.min(), places.max()]]
    around = Box(int(x[0]), int(y[0]), int(x[1] - x[0]) + 1, int(y[1] - y[0]) + 1)
    inner = slice(lines[0], lines[-1] + 1), slice(places.min(), places.max() + 1)
    lines, places = (_some(of_all) for of_all in (lines, places))
    strength = change[lines, places].astype(np.float32)
    beside = _beside(sides[0], sides[1], free, lines, places, strength)
    outside = None
    if float(np.maximum(*beside).sum()) < _SAYS_NOTHING * float(strength.sum()):
        free[inner] = False
        outside = _beside(sides[0], sides[1], free, lines, places, strength)
    ring_y, ring_x = map(_some, np.nonzero(ring))
    return _Core(
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
    """How far pixels are from what their row, or their column, has where nothing changed: two arrays of N levels."""
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
            before, after = ((side[end, line] if axis == 0 else side[line, end]).astype(np.float32) for end in ends)
            for shown in (before, after, before + (after - before) * share):
                np.minimum(best, np.where(some, _apart(mine, shown), np.inf), out=best)
    texture = _texture(reference, candidate, free, max(1, int(np.median(np.minimum(*depths)))))
    return np.clip(found[0] - texture, 0, most), np.clip(found[1] - texture, 0, most)


def _apart(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """N: the largest difference of a channel."""
    import numpy as np

    found = np.abs(first - second)  # numpy takes several times as long over an axis so short
    return np.maximum(np.maximum(found[:, 0], found[:, 1]), found[:, 2])


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


def _kind(reference: Pixels, candidate: Pixels, core: _Core) -> Change:
    import numpy as np

    sides = Sides(reference, candidate)
    change = core.change
    whole = float(change.sum())
    both = float(np.minimum(*core.beside).sum()) / whole
    stands_out = both >= _STANDS_OUT
    if _affine_left(sides, core, ring=not stands_out) <= (_AFFINE if stands_out else _AFFINE_RING):
        return Change("recoloured")
    new, gone = _came_and_went(core.beside, whole)
    shift = _shift(sides, core, core.beside, (new, gone))
    if shift is None and core.outside is not None:
        shift = _shift(sides, core, core.outside, _came_and_went(core.outside, whole))
    if shift is not None:
        return Change("moved", shift)
    most, least = max(new, gone), min(new, gone)
    if most >= _ONE_SIDE and least <= _OTHER_SIDE and both <= _BOTH * most:
        return Change("added" if new > gone else "removed")
    return Change("detail-changed")


def _came_and_went(beside: tuple[Floats, Floats], whole: float) -> tuple[float, float]:
    """The shares of the change by which the candidate is farther from the background, and the reference."""
    import numpy as np

    first, second = beside
    return float(np.maximum(0, second - first).sum()) / whole, float(np.maximum(0, first - second).sum()) / whole


def _shift(
    sides: Sides, core: _Core, beside: tuple[Floats, Floats], shares: tuple[float, float]
) -> Shift | None:
    """By what it moved; of what moved, as much came as went."""
    if min(shares) < _BALANCE * max(shares):
        return None
    return best_displacement(sides, (core.rows, core.columns), core.change, beside, core.box)


def _affine_left(sides: Sides, core: _Core, *, ring: bool) -> float:
    """What the best affine change of colour leaves of the change, squared, from the side that it explains less.

    With the ring, it counts as much as the core, however many pixels they have.
    """
    import numpy as np

    rows, columns = core.rows, core.columns
    weight = np.full(len(rows), 1 / len(rows))
    if ring and len(core.ring[0]):
        rows, columns = np.concatenate([rows, core.ring[0]]), np.concatenate([columns, core.ring[1]])
        weight = np.concatenate([weight, np.full(len(core.ring[0]), 1 / len(core.ring[0]))])
    places, weight = (rows, columns), np.sqrt(weight)[:, None]
    first, second = (side[places].astype(np.float64) / 255 for side in (sides.reference, sides.candidate))
    change = float(((weight * (first - second)) ** 2).sum())
    left = []
    for source, target in ((first, second), (second, first)):
        terms = weight * np.concatenate([source, np.ones((len(source), 1))], axis=1)
        # Damped a little: colours that hardly differ are no evidence of a map that takes them far apart.
        square = terms.T @ terms + 1e-5 * np.eye(4)
        fitted = terms @ np.linalg.solve(square, terms.T @ (weight * target))
        left.append(float(((weight * target - fitted) ** 2).sum()) / change)
    return max(left)


def _with_far_moves(
    reference: Pixels, candidate: Pixels, found: Sequence[Change], cores: Sequence[_Core | None]
) -> list[Change]:
    """Where something is gone in one region and the same is new in another, and in no third, it moved."""
    result, sides = list(found), Sides(reference, candidate)
    gone, new = (
        [(number, core) for number, core in enumerate(cores) if core is not None and found[number].kind == kind]
        for kind in ("removed", "added")
    )
    matches, tried = list[tuple[int, int, "Shift"]](), 0
    for source, before in gone:
        for target, after in new:
            sizes = before.box.width - after.box.width, before.box.height - after.box.height
            if max(map(abs, sizes)) > _SAME_SIZE or tried >= _MOST_MATCHED:
                continue
            tried += 1
            shift = _laid_on(sides, before, after)
            if shift is not None:
                matches.append((source, target, shift))
    for source, target, shift in matches:
        # With two that are alike, which went where is anyone's guess.
        if sum(one == source or other == target for one, other, _ in matches) == 1:
            result[source] = result[target] = replace(Change("moved"), shift=shift)
    return result


def _laid_on(sides: Sides, before: _Core, after: _Core) -> Shift | None:
    """The displacement that lays what is gone on what is new, both ways; None if they are not the same."""
    x, y = after.box.x - before.box.x, after.box.y - before.box.y
    slack = range(-_SAME_SIZE, _SAME_SIZE + 1)
    some, others = (slice(None, None, -(-len(core.rows) // 512)) for core in (before, after))
    tried = []
    for right, down in sorted(((a, b) for a in slack for b in slack), key=lambda one: (abs(one[0]) + abs(one[1]), one)):
        shift = x + right, y + down
        left = max(
            unlike_at(sides, (before.rows[some], before.columns[some]), before.change[some], shift, leaves=True),
            unlike_at(sides, (after.rows[others], after.columns[others]), after.change[others], shift, leaves=False),
        )
        tried.append((left, len(tried), shift))
    left, _, shift = min(tried)
    return shift if left <= _MATCH else None
