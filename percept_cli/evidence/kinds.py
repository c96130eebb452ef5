"""What happened in a region: added, removed, moved, recoloured, another detail, or noise.

Only what the pixels show is said; everything else is ``detail-changed``. The core of a region (see ``cores``) is
asked, in this order:

- *recoloured*: is each image an affine change of colour of the other there? Where the background is not clear, the
  ring of unchanged pixels around the core must fit as well. So what came or went does not count: a flat background
  has one colour, and no affine change makes two of it.
- *moved*: does one displacement take what the reference shows to what the candidate shows, and back, with
  background where it was and where it is now?
- *added*: does the reference show what is beside the core, and the candidate something else? *Removed* is the
  reverse.

Swapping the two images swaps added and removed, and reverses displacements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.evidence.cores import Core, Loudness, Suspect, core_of
from percept_cli.evidence.displaced import Sides, best_displacement, unlike_at
from percept_cli.results.found import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.displacement import Shift
    from percept_cli.evidence.pixels import Pixels

    Floats = NDArray[np.float32]

# Shares of the change, unless something else is said; chosen by tests/corpus/kinds.py.
_STANDS_OUT = 0.6  # both images are so far from the background, at least: it is clear, and the ring is not asked
_AFFINE, _AFFINE_RING = 0.15, 0.12  # squared: what an affine change of colour leaves, at most
_ONE_SIDE, _OTHER_SIDE = 0.55, 0.15  # what is new, at least, and what is gone, at most
_BOTH = 0.25  # of what is new: what is no background in either image, at most
_BALANCE = 0.4  # of what moved, the smaller of what is new and what is gone is at least this share of the larger
_SAME_SIZE = 2  # pixels by which the boxes of what went and what came may differ
_MATCH = 0.25  # what is left where one is laid on the other, at most
_MOST_MATCHED = 64  # pairs of regions
_FOLLOWED = 512  # pixels of each


@dataclass(frozen=True)
class Change:
    """What happened in a region."""

    kind: Kind
    shift: Shift | None = None
    """Pixels to the right and down, of what moved."""


def kinds_of(
    reference: Pixels, candidate: Pixels, suspects: Sequence[Suspect], loudness: Loudness
) -> list[Change]:
    """The kind of each region.

    The work is bounded: of a large region every second, third … row and column is read, displacements are proposed
    by the 256×256 pixels around its strongest change, and at most 2,048 pixels are compared.

    Args:
        reference: H×W×3, sRGB in 0..255.
        candidate: the same shape and type.
        suspects: the regions.
        loudness: where in them to look.

    Returns:
        One for each region, in their order. Of something that moved so far that it makes two regions, both say
        ``moved``.
    """
    found, cores = list[Change](), list[Core | None]()
    for suspect in suspects:
        core = None if suspect.explained else core_of(reference, candidate, suspect, loudness)
        cores.append(core)
        if suspect.explained:
            found.append(Change("noise"))
        else:
            found.append(Change("detail-changed") if core is None else _kind(reference, candidate, core))
    return _with_far_moves(reference, candidate, found, cores)


def _kind(reference: Pixels, candidate: Pixels, core: Core) -> Change:
    import numpy as np

    sides = Sides(reference, candidate)
    change = core.change
    whole = float(change.sum())
    both = float(np.minimum(*core.beside).sum()) / whole
    stands_out = both >= _STANDS_OUT
    if _affine_left(sides, core, ring=not stands_out) <= (_AFFINE if stands_out else _AFFINE_RING):
        return Change("recoloured")
    new, gone = _came_and_went(core.beside, whole)
    grounds = [
        ground
        for ground in (core.beside, core.outside)
        if ground is not None and _is_balanced(*_came_and_went(ground, whole))
    ]
    shift = best_displacement(sides, (core.rows, core.columns), change, grounds, core.box) if grounds else None
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


def _is_balanced(new: float, gone: float) -> bool:
    """Of what moved, as much came as went."""
    return min(new, gone) >= _BALANCE * max(new, gone)


def _affine_left(sides: Sides, core: Core, *, ring: bool) -> float:
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
    reference: Pixels, candidate: Pixels, found: Sequence[Change], cores: Sequence[Core | None]
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
            result[source] = result[target] = Change("moved", shift)
    return result


def _laid_on(sides: Sides, before: Core, after: Core) -> Shift | None:
    """The displacement that lays what is gone on what is new, both ways; None if they are not the same."""
    x, y = after.box.x - before.box.x, after.box.y - before.box.y
    slack = range(-_SAME_SIZE, _SAME_SIZE + 1)
    some, others = (slice(None, None, -(-len(core.rows) // _FOLLOWED)) for core in (before, after))
    tried = list[tuple[float, int, "Shift"]]()
    for right, down in sorted(
        ((a, b) for a in slack for b in slack), key=lambda one: (abs(one[0]) + abs(one[1]), one)
    ):
        shift = x + right, y + down
        left = max(
            unlike_at(sides, (before.rows[some], before.columns[some]), before.change[some], shift, leaves=True),
            unlike_at(
                sides, (after.rows[others], after.columns[others]), after.change[others], shift, leaves=False
            ),
        )
        tried.append((left, len(tried), shift))
    left, _, shift = min(tried)
    return shift if left <= _MATCH else None
