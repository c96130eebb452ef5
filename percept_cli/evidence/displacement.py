"""Pictures that moved as a whole → the candidate moved back, and nothing of it lost; ``moved`` does it for parts.

A pixel that changed is explained by a displacement d from both sides: what the reference has there must be found d
further in the candidate, and what the candidate has there must be found d before in the reference. Of a thing that
was added the second fails, of one that is gone the first; what is not explained stays a difference, and is judged.
(Libraries correlate phases, which finds where most of a picture went, and proves nothing of any pixel.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.pixels import distances_of, signed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.pixels import Pixels

    Points = tuple[NDArray[np.intp], NDArray[np.intp]]
    """Rows and columns."""

Shift = tuple[int, int]
"""Pixels to the right and down."""
_Cost = Callable[[Shift], float]
_GAIN = 0.5  # a displacement counts if it leaves no more than this of the difference
_STATIC = 0.1  # of the change: if more of what is equal would differ then, it was not the whole picture that moved
_SAME = 12  # levels of three channels together: what differs by no more may be equal but for noise
_WORK = 1 << 22  # pixels × displacements that are tried at first
_FEWEST, _MOST_AT_FIRST = 1 << 10, 1 << 16  # pixels of them
_BEST = 3  # displacements that are then tried on all


def move_all(
    reference: Pixels, candidate: Pixels, most: int, hidden: NDArray[np.bool_] | None = None
) -> tuple[Pixels, Shift] | None:
    """The candidate moved back as a whole, and by what; if so it comes much nearer to the reference.

    Pixels that the displacement leaves without a counterpart, at two edges, become the reference's.

    Args:
        reference: H×W×3.
        candidate: the same shape.
        most: pixels each way.
        hidden: H×W, True where nobody knows what the candidate has.
    """
    import numpy as np

    height, width = reference.shape[:2]
    most = min(most, height - 1, width - 1)
    difference = _differences(reference, candidate)
    by_column, by_row = difference.sum(axis=0), difference.sum(axis=1)

    def left(shift: Shift, step: int = 1) -> float:
        """What a displacement leaves, per pixel; a change that it pushes out of the picture is not gone."""
        x, y = shift
        here, there = overlap(height, width, shift)
        found = _differences(reference[here][::step, ::step], candidate[there][::step, ::step])
        lost = by_column[: abs(x)].sum() + by_column[width - abs(x) :].sum()
        lost += by_row[: abs(y)].sum() + by_row[height - abs(y) :].sum()
        return float(found.mean() + lost / ((width - abs(x)) * (height - abs(y))))

    shifts = shifts_up_to(most)
    step = max(1, int((height * width / _pixels_at_first(len(shifts))) ** 0.5))
    shift = _best(shifts, lambda shift: left(shift, step), left, float(difference.mean()))
    if shift is None:
        return None
    here, there = overlap(height, width, shift)
    stays = difference[here] <= _SAME
    if hidden is not None:
        stays &= ~(hidden[here] | hidden[there])
    broken = _differences(reference[here], candidate[there])[stays]
    if broken[broken > _SAME].sum() > _STATIC * difference.sum():
        return None
    rows, columns = np.nonzero(difference)
    sides = residuals(reference, candidate, (rows, columns), shift, hidden)
    rest = explained_less(*sides)
    rest[~(sides[0].known | sides[1].known)] = 0
    result = candidate.copy()
    put(result, reference, (rows, columns), rest)
    return result, shift


def shifts_up_to(most: int) -> list[Shift]:
    """All displacements of at most so many pixels each way, the shortest first; 0, 0 is none."""
    shifts = [(x, y) for y in range(-most, most + 1) for x in range(-most, most + 1) if x or y]
    return sorted(shifts, key=lambda shift: (abs(shift[0]) + abs(shift[1]), shift))


def _pixels_at_first(shifts: int) -> int:
    return min(_MOST_AT_FIRST, max(_FEWEST, _WORK // max(1, shifts)))


def _best(shifts: Sequence[Shift], at_first: _Cost, left: _Cost, before: float) -> Shift | None:
    """The displacement that leaves the least, if that is a gain; of equally good ones the shortest.

    Args:
        shifts: those to try.
        at_first: what one leaves, by some of the pixels.
        left: the same, by all of them.
        before: what there is without any.
    """
    tried = sorted((at_first(shift), order) for order, shift in enumerate(shifts))[:_BEST]
    found = min(((left(shifts[order]), order) for _, order in tried), default=None)
    return shifts[found[1]] if found is not None and found[0] <= _GAIN * before else None


@dataclass(frozen=True)
class Residual:
    """What a displacement leaves of pixels, seen from one of the two pictures."""

    left: NDArray[Any]
    """N×3 differences; 0 where the counterpart is not known."""
    known: NDArray[np.bool_]
    """N: whether the counterpart lies in the picture."""


def residuals(
    reference: Pixels,
    candidate: Pixels,
    places: Points,
    shift: tuple[int | NDArray[np.intp], int | NDArray[np.intp]],
    hidden: NDArray[np.bool_] | None = None,
) -> tuple[Residual, Residual]:
    """What a displacement leaves of changed pixels: of what leaves each, and of what arrives there.

    Args:
        reference: H×W×3.
        candidate: the same shape.
        places: the N pixels.
        shift: the displacement, or M of them as two arrays M×1; then both sides are M×N instead of N.
        hidden: where nobody knows what the candidate has.
    """
    import numpy as np

    rows, columns = places
    height, width = reference.shape[:2]
    sides = []
    for image, other, sign in ((candidate, reference, 1), (reference, candidate, -1)):
        y, x = rows + sign * shift[1], columns + sign * shift[0]
        inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
        y, x = np.where(inside, y, rows), np.where(inside, x, columns)
        if hidden is not None and image is candidate:
            inside &= ~hidden[y, x]
        found = sign * (signed(image[y, x]) - other[rows, columns])
        found[~inside] = 0
        sides.append(Residual(found, inside))
    return sides[0], sides[1]


def explained_less(forward: Residual, backward: Residual) -> NDArray[Any]:
    """What a displacement leaves of each pixel, N×3, from that side which it explains less."""
    import numpy as np

    less = np.abs(backward.left).max(axis=1) > np.abs(forward.left).max(axis=1)
    return np.where(less[:, None], backward.left, forward.left)


def put(result: Pixels, reference: Pixels, places: Points, left: NDArray[Any]) -> None:
    """Give pixels the reference's colours, and what is left of them, N×3."""
    import numpy as np

    result[places] = np.clip(reference[places] + left, 0, 255).astype(result.dtype)


def overlap(height: int, width: int, shift: Shift) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The rows and columns of the reference that have a counterpart, and those of the candidate."""
    x, y = shift
    here = slice(max(0, -y), height - max(0, y)), slice(max(0, -x), width - max(0, x))
    there = slice(max(0, y), height + min(0, y)), slice(max(0, x), width + min(0, x))
    return here, there


def _differences(reference: Pixels, candidate: Pixels) -> NDArray[np.float32]:
    """Per pixel the sum over the channels."""
    import numpy as np

    found = distances_of(reference, candidate)
    summed: NDArray[np.float32] = found[..., 0].astype(np.float32)
    for channel in (1, 2):  # numpy's sum over so short an axis takes four times as long
        summed += found[..., channel]
    return summed
