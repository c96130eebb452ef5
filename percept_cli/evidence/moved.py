"""Changed pixels → the things among them that moved, with nothing forgiven that came or went.

A displacement d takes each pixel of a thing to the pixel d further. So the changed pixels on a line of steps d,
from where the thing was to where it is, hold the same colours in both pictures, each one step further on, and the
first of them shows now what the last one showed before: the line was rotated by one step. What is flat inside did
not change at all, so that the two edges of a button are far apart, and the line between them still proves that
they belong together. Of a thing that was added, deleted, copied or made larger, no line is such a rotation: one
colour is there once more than before.

Pixels that a rotation does not explain stay as they are, and are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.evidence.displacement import Shift, explained_less, put, residuals, shifts_up_to
from percept_cli.evidence.pixels import changes_of, signed
from percept_cli.geometry import Box
from percept_cli.images.picture import within

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.displacement import Points
    from percept_cli.evidence.pixels import Pixels

FAINT = 4
"""Levels: a change of so few is nothing that moves. Noise of ±1 in both pictures makes changes of 2, and must not
connect what lies apart; nothing so faint is above a gate's own level."""
_ALIKE = 2  # levels by which two pixels differ that show the same: noise of ±1 in both
_ALIKE_SHARE = 1 / 8  # or this share of the change, for the stronger noise of lossy files; it stays and is judged
_SHARE = 0.5  # of a region's change, by one displacement: less is chance, such as / that became \
_BEST = 3  # displacements of a region that are looked at closely
_MOST_TRIED = 24  # displacements of all regions together
_WORK = 1 << 22  # changed pixels × displacements that are looked at closely, and pixels between them
_WORK_AT_FIRST = 1 << 24  # sampled pixels × displacements
_FEWEST, _MOST_AT_FIRST = 1 << 11, 1 << 16  # sampled pixels
_TOGETHER = 16  # displacements in one step, for small arrays cost as much time as larger ones


@dataclass(frozen=True)
class Thing:
    """Changed pixels that one displacement explains."""

    shift: Shift
    members: NDArray[np.intp]
    """Which of the places."""
    left: NDArray[Any]
    """N×3: what of each is not explained, next to nothing."""

    def box(self, places: Points) -> Box:
        """The smallest that holds them."""
        rows, columns = (side[self.members] for side in places)
        left, top = int(columns.min()), int(rows.min())
        return Box(left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)


def things_that_moved(
    reference: Pixels, candidate: Pixels, places: Points, owners: NDArray[Any], most: int
) -> list[Thing]:
    """The things that moved by at most so many pixels; each region may move in its own direction.

    The work is bounded, whatever the size of the pictures and the number of regions.

    Args:
        reference: H×W×3.
        candidate: the same shape.
        places: the N pixels that changed.
        owners: N numbers of regions, from 0; of one displacement a region has to show most of its change.
        most: pixels each way.
    """
    import numpy as np

    change = np.abs(signed(candidate[places]) - reference[places]).max(axis=1).astype(np.float64)
    whole = np.bincount(owners, change)
    most_tried = max(1, min(_MOST_TRIED, _WORK // max(1, len(owners))))
    shifts = _proposals(reference, candidate, places, owners, change, most)[:most_tried]
    tried = [_lines(reference, candidate, places, change, shift) for shift in shifts]
    if not tried:
        return []
    shares = np.array([np.bincount(owners, change * lines.moved, len(whole)) / whole for lines in tried])
    best = shares.argmax(axis=0)
    taken = np.zeros(len(owners), bool)
    found = list[Thing]()
    for number in np.argsort(-(shares @ whole), kind="stable").tolist():
        shift, lines = shifts[number], tried[number]
        mine = lines.moved & ((best == number) & (shares[number] >= _SHARE))[owners]
        # A rotation counts as a whole: one of its ends may lie in a region in which other things happened.
        sound = np.zeros(2 * len(owners), bool)
        sound[lines.segments[mine]] = True
        sound[lines.segments[taken & lines.moved]] = False
        mine = lines.moved & sound[lines.segments]
        if mine.any():
            groups, members = _groups(owners[mine], lines.segments[mine]), np.nonzero(mine)[0]
            found += [
                Thing(shift, members[groups == group], lines.left[mine][groups == group])
                for group in range(int(groups.max()) + 1)
            ]
            taken |= mine
    return found


def _proposals(
    reference: Pixels,
    candidate: Pixels,
    places: Points,
    owners: NDArray[Any],
    change: NDArray[np.float64],
    most: int,
) -> list[Shift]:
    """Displacements that explain most of the change of some region, by a sample of its pixels; the best first."""
    import numpy as np

    shifts = shifts_up_to(most)
    sample = _sample(owners, max(_FEWEST, min(_MOST_AT_FIRST, _WORK_AT_FIRST // len(shifts))))
    here, weight = (places[0][sample], places[1][sample]), change[sample]
    order = np.argsort(owners[sample], kind="stable")
    firsts = np.searchsorted(owners[sample][order], np.arange(int(owners.max()) + 1))
    whole = np.add.reduceat(weight[order], firsts)
    shares = np.empty((len(whole), len(shifts)), np.float32)
    for start in range(0, len(shifts), _TOGETHER):
        some = np.array(shifts[start : start + _TOGETHER])
        sides = residuals(reference, candidate, here, (some[:, :1], some[:, 1:]))
        leaves, arrives = (_alike(side.left, _tolerance(weight)) for side in sides)
        explained = (weight * (leaves & arrives))[:, order]
        shares[:, start : start + len(some)] = (np.add.reduceat(explained, firsts, axis=1) / whole).T
    votes = np.zeros(len(shifts))
    best = np.argsort(-shares, axis=1, kind="stable")[:, :_BEST]
    for owner, numbers in enumerate(best.tolist()):
        for number in numbers:
            if shares[owner, number] >= _SHARE:
                votes[number] += whole[owner] * shares[owner, number]
    order = np.argsort(-votes, kind="stable").tolist()
    return [shifts[number] for number in order if votes[number]]


def _sample(owners: NDArray[Any], most: int) -> NDArray[np.intp]:
    """Some of the pixels, as many of each region, spread over it."""
    import numpy as np

    if len(owners) <= most:
        return np.arange(len(owners))
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners)
    each = max(1, most // max(1, int((counts > 0).sum())))
    first = np.cumsum(counts) - counts
    place = np.arange(len(owners)) - first[owners[order]]  # within its region
    step = -(-counts // each)
    return np.sort(order[place % np.maximum(1, step)[owners[order]] == 0][: 2 * most])


@dataclass(frozen=True)
class _Trial:
    """What a displacement says of each changed pixel."""

    moved: NDArray[np.bool_]
    segments: NDArray[np.intp]
    """Numbers of the rotations that they belong to."""
    left: NDArray[Any]
    """N×3: what of each it leaves, from that side which it explains less."""


def _lines(
    reference: Pixels, candidate: Pixels, places: Points, change: NDArray[np.float64], shift: Shift
) -> _Trial:
    """Follow the changed pixels along lines of steps of the displacement, and find the rotations among them."""
    import numpy as np

    order, line, step = _along(places, shift)
    rows, columns, change = places[0][order], places[1][order], change[order]
    forward, backward = residuals(reference, candidate, (rows, columns), shift)
    tolerance = _tolerance(change)
    leaves, arrives = (_alike(side.left, tolerance) for side in (forward, backward))
    explained = (leaves | ~forward.known) & (arrives | ~backward.known) & (forward.known | backward.known)
    linked, intact = _linked(
        reference, candidate, (rows, columns), change, shift, (step, line), (forward.left, backward.left)
    )
    sides = explained, forward.known & backward.known, leaves, arrives
    colours = signed(candidate[rows, columns]), signed(reference[rows, columns])
    # With what is wrong in a thing that moved as a part of it; and without, where that hides where a thing begins.
    moved, segment = _rotations(linked, sides, colours, change)
    other, parts = _rotations(linked & intact, sides, colours, change)
    apart = other & ~moved
    moved, segment = moved | other, np.where(apart, len(order) + parts, segment)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return _Trial(moved[back], segment[back], explained_less(forward, backward)[back])


def _rotations(
    linked: NDArray[np.bool_],
    sides: tuple[NDArray[np.bool_], ...],
    colours: tuple[NDArray[Any], NDArray[Any]],
    change: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which pixels are part of a rotation, and its number, in the order of lines.

    Args:
        linked: N-1: whether a pixel and the next one belong to one chain.
        sides: which are explained, of which both counterparts lie in the picture, what of which leaves to where it
            should, and to which arrives what should.
        colours: those of now and those before.
        change: N: how strong the changes are.
    """
    import numpy as np

    (explained, inside, leaves, arrives), (now, before) = sides, colours
    places = np.arange(len(change))
    breaks = np.ones(len(change), bool)
    breaks[1:] = ~linked
    chain = np.cumsum(breaks) - 1
    # Ground that is not alike on both sides stays as it is. If as strong as the rest, it is what came and went.
    first = np.nonzero(breaks)[0]
    last = np.append(first[1:], len(change)) - 1
    enough = np.maximum.reduceat(change, first) / 2
    kept = ~arrives[first] & (change[first] >= enough) & ~leaves[last] & (change[last] >= enough)
    # What the first pixel of a rotation shows now, the last one showed before.
    opens = np.minimum.reduceat(np.where(explained, places, len(change)), first)
    opens = np.minimum(opens, last)[chain]
    near = np.maximum(FAINT, _ALIKE_SHARE * np.minimum(change, change[opens]))  # the very last may be faint
    closes = _alike(now[opens] - before, near) & (places >= opens)
    breaks |= places == opens
    breaks[1:] |= closes[:-1]
    segment = np.cumsum(breaks) - 1
    closed = closes[np.append(np.nonzero(breaks)[0][1:], len(change)) - 1][segment]
    return explained & (closed | (kept[chain] & inside)), segment


def _along(places: Points, shift: Shift) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The order of pixels by lines of steps and along these; in this order each pixel's line, and place there."""
    import numpy as np

    (rows, columns), (x, y) = places, shift
    if y:
        step = rows // abs(y) * (1 if y > 0 else -1)
        line = (columns - step * x) * abs(y) + rows % abs(y)
    else:
        step = columns // abs(x) * (1 if x > 0 else -1)
        line = rows * abs(x) + columns % abs(x)
    order = np.lexsort((step, line))
    return order, line[order], step[order]


def _linked(
    reference: Pixels,
    candidate: Pixels,
    places: Points,
    change: NDArray[np.float64],
    shift: Shift,
    along: tuple[NDArray[np.intp], NDArray[np.intp]],
    left: tuple[NDArray[Any], NDArray[Any]],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether from each pixel to the next all between has moved, or could have, since it is flat.

    A pixel that is wrong in a thing that moved is no end of it, if its change is why the step there is wrong. In
    the second answer it is one.
    """
    import numpy as np

    (rows, columns), (step, line) = places, along
    near = _tolerance(np.minimum(change[:-1], change[1:]))
    gap = step[1:] - step[:-1]
    ahead, behind = np.abs(left[0][:-1]).max(axis=1), np.abs(left[1][1:]).max(axis=1)
    intact = (ahead <= _tolerance(change[:-1])) & (behind <= _tolerance(change[1:]))
    cause, reason = (
        np.where(gap == 1, np.maximum(change[:-1], change[1:]), mine) for mine in (change[:-1], change[1:])
    )
    linked = intact | ((ahead <= 2 * cause) & (behind <= 2 * reason))
    linked &= line[1:] == line[:-1]
    # The pixels between them, of as many as there is time for: those not far from each other first.
    between = np.where(linked, np.maximum(gap - 2, 0), 0)
    nearest = np.argsort(between, kind="stable")
    linked[nearest[np.cumsum(between[nearest]) > _WORK]] = False
    wanted = np.nonzero(linked & (between > 0))[0]
    counts = between[wanted]
    pair = np.repeat(wanted, counts)
    steps = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    y, x = rows[pair] + steps * shift[1], columns[pair] + steps * shift[0]
    moves = _alike(signed(candidate[y + shift[1], x + shift[0]]) - reference[y, x], near[pair])
    linked[wanted] = np.logical_and.reduceat(moves, np.cumsum(counts) - counts)
    return linked, intact


def _groups(owners: NDArray[Any], segments: NDArray[np.intp]) -> NDArray[np.intp]:
    """Numbers, from 0, that are equal where regions are connected by rotations."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, owners = np.unique(owners, return_inverse=True)
    _, segments = np.unique(segments, return_inverse=True)
    many = int(owners.max()) + 1
    size = many + int(segments.max()) + 1
    graph = coo_array((np.ones(len(owners), bool), (owners, many + segments)), shape=(size, size))
    numbers = connected_components(graph, directed=False)[1][owners]
    _, numbers = np.unique(numbers, return_inverse=True)
    return numbers


def _tolerance(change: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.maximum(_ALIKE, _ALIKE_SHARE * change)


def _alike(difference: NDArray[Any], tolerance: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of …×N×3 differences are within their tolerance in all channels."""
    import numpy as np

    found: NDArray[np.bool_] = np.abs(difference).max(axis=-1) <= tolerance
    return found


def put_back(
    candidate: Pixels, reference: Pixels, before: Pixels, places: Points, things: Sequence[Thing]
) -> Pixels:
    """A candidate, in which other things may have been put back ``before``, with these put back as well."""
    if not things:
        return before
    result = before.copy()
    for thing in things:
        put(result, reference, (places[0][thing.members], places[1][thing.members]), thing.left)
    for thing in things:
        _put_back_faint(candidate, reference, result, thing.box(places), thing.shift)
    return result


def _put_back_faint(candidate: Pixels, reference: Pixels, result: Pixels, box: Box, shift: Shift) -> None:
    """Faint changes in a thing that moved: those that its displacement explains without any rest."""
    import numpy as np

    change = changes_of(within(reference, box), within(candidate, box))
    rows, columns = np.nonzero((change > 0) & (change <= FAINT))
    rows, columns = rows + box.y, columns + box.x
    forward, backward = residuals(reference, candidate, (rows, columns), shift)
    exact = forward.known & backward.known & ~forward.left.any(axis=1) & ~backward.left.any(axis=1)
    result[rows[exact], columns[exact]] = reference[rows[exact], columns[exact]]
