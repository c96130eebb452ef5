"""Two pictures of one width → the bands of rows that were inserted or removed between them, if the rest then fits.

First exactly: rows that are equal from the top, and from the bottom. Otherwise rows are aligned by what each looks
like, as lines of text are by ``diff``, at little cost for rows that differ somewhere and with a price for each
band: noise, and things that changed, do not keep the rest from being found.

Where several places are right, as of a blank band in blank space, the lowest edge of the picture is taken where
nothing else has to move, and the topmost place otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.images.picture import bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]
    """Rows × parts: what each row of a picture looks like."""

MOST_ROWS = 1 << 16
"""Rows of a picture that are aligned, at most; of more only what is exact is found."""
_MOST_BANDS = 8
_MOST_PARTS = 256  # of a row, each as its mean level
_MOST_VALUES = 1 << 23  # of a picture: 32 MB
_MOST_CHANGE = 32.0  # levels: a part that changed by more counts as much, so that few of them count little
_UNLIKE = 16  # displacements by which rows are compared that have nothing to do with each other
_MOST_TRIED = 2048  # rows
_FITS = 0.5  # of what such rows differ by: the rest fits if it differs by no more
_PRICE = 2.0  # of a band, in rows with something in them that do not fit
_PRICE_OF_A_STEP = 0.1  # for a row that is one higher or lower than its neighbours
_PRICE_OF_ROW = 0.5  # of each row in it: to take one away and put another there is no cheaper than to change it
_ANCHORS = 64  # places of the one picture that are looked for in the other
_ANCHOR_ROWS, _ANCHOR_PARTS = 16, 16
_MOST_SHIFTS = 14
_NEARLY = 0.05  # of a row that does not fit: places for a band that differ by less are equally good
_NONE = -1
_NOWHERE = (math.inf, _NONE)


@dataclass(frozen=True)
class Gap:
    """Rows that one of the two pictures has and the other has not; one of the two counts is 0."""

    first: int
    """The row of the first picture at which they are missing, or begin."""
    second: int
    """The same of the second picture."""
    removed: int
    """How many only the first picture has."""
    inserted: int
    """How many only the second picture has."""


def find_gaps(first: NDArray[Any], second: NDArray[Any]) -> tuple[Gap, ...] | None:
    """The bands of rows without which two pictures fit each other; None where none are found.

    Args:
        first: H×W×3, levels of 0..255.
        second: of the same width, and of any height.

    Returns:
        From the top; none of two pictures that are equal.
    """
    high, higher = len(first), len(second)
    least, more = min(high, higher), higher - high
    top = _equal_rows(first, second, least)
    if top == least:
        return _edge(high, higher)
    bottom = _equal_rows(first[::-1], second[::-1], least)
    if more and top + bottom >= least:
        at = least - bottom
        return (Gap(at, at, max(0, -more), max(0, more)),)
    if max(high, higher) > MOST_ROWS:
        return None
    parts = max(1, min(first.shape[1], _MOST_PARTS, _MOST_VALUES // max(high, higher)))
    return _aligned(_looks_of(first, parts), _looks_of(second, parts))


def detail_of(picture: NDArray[Any]) -> float:
    """How much there is to be seen in a picture, H×W×3, by which it could be aligned: 0 of a blank one."""
    import numpy as np

    looks = _looks_of(picture, max(1, min(picture.shape[1], _MOST_PARTS, _MOST_VALUES // len(picture))))
    return float(np.abs(np.diff(looks, axis=0)).sum() + np.abs(np.diff(looks, axis=1)).sum())


def _edge(high: int, higher: int) -> tuple[Gap, ...]:
    least, more = min(high, higher), higher - high
    return (Gap(least, least, max(0, -more), max(0, more)),) if more else ()


def _equal_rows(first: NDArray[Any], second: NDArray[Any], most: int) -> int:
    """How many rows are equal from the top."""
    for rows in bands(most, first.shape[1]):
        equal = (first[rows] == second[rows]).reshape(rows.stop - rows.start, -1).all(axis=1)
        if not equal.all():
            return int(rows.start) + int(equal.argmin())
    return most


def _looks_of(picture: NDArray[Any], parts: int) -> Rows:
    """The mean level of each part of each row."""
    import numpy as np

    width = picture.shape[1]
    edges = np.arange(parts) * width // parts
    sizes = 3 * np.diff(np.append(edges, width)).astype(np.float32)
    found = np.empty((len(picture), parts), np.float32)
    for rows in bands(*picture.shape[:2]):
        grey = picture[rows, :, 0].astype(np.float32)
        for channel in (1, 2):  # numpy's sum over so short an axis takes several times as long
            grey += picture[rows, :, channel]
        found[rows] = np.add.reduceat(grey, edges, axis=1) / sizes
    return found


def _aligned(first: Rows, second: Rows) -> tuple[Gap, ...] | None:
    import numpy as np

    shifts = _likely_shifts(first, second)
    unlike = _unlike(first, second)
    # Rows with something in them weigh most: blank ones fit everywhere.
    weight = float((unlike**2).sum() / max(unlike.sum(), 1e-6))
    costs = np.stack([_cost_about(first, second, shift, weight) for shift in shifts])
    path = _cheapest(costs, shifts, len(second), (_PRICE * weight, _PRICE_OF_ROW * weight))
    gaps = _moved_up(_gaps_of(path, len(first), len(second)), first, second, _NEARLY * weight)
    if not gaps or len(gaps) > _MOST_BANDS:
        return None
    left = float(np.mean([costs[shifts.index(j - i), i] for i, j in path]))
    matched, least = len(path), min(len(first), len(second))
    fits = 2 * matched >= least and left <= _FITS * float(unlike.mean())
    return gaps if fits else None


def _cost(first: Rows, second: Rows, shift: int) -> Rows:
    """How much each row of the first differs from that of the second so far below; infinite where none is."""
    import numpy as np

    found = np.full(len(first), np.inf, np.float32)
    top, bottom = max(0, -shift), min(len(first), len(second) - shift)
    if top < bottom:
        apart = np.abs(first[top:bottom] - second[top + shift : bottom + shift])
        found[top:bottom] = np.minimum(apart, _MOST_CHANGE, out=apart).mean(axis=1)
    return found


def _cost_about(first: Rows, second: Rows, shift: int, weight: float) -> Rows:
    """As ``_cost``, at most that of unlike rows with something in them, so that none are put in for what changed.

    For a price, rows may also be those above or below: lines of text go to whole pixels, each by itself.
    """
    import numpy as np

    found = _cost(first, second, shift)
    beside = np.minimum(_cost(first, second, shift - 1), _cost(first, second, shift + 1))
    least = np.minimum(np.minimum(found, beside + np.float32(_PRICE_OF_A_STEP * weight)), np.float32(weight))
    return np.where(np.isfinite(found), least, np.float32(np.inf))


def _unlike(first: Rows, second: Rows) -> Rows:
    """How much rows differ that have nothing to do with each other: of some of them, each one's median."""
    import numpy as np

    many = min(_UNLIKE, len(second))
    step = max(1, len(second) // (many + 1))
    # Around the end and back again, so that every row has all of them.
    rows = np.arange(0, len(first), max(1, len(first) // _MOST_TRIED))
    found = []
    for turn in range(1, many + 1):
        apart = np.abs(first[rows] - second[(rows + step * turn) % len(second)])
        found.append(np.minimum(apart, _MOST_CHANGE).mean(axis=1))
    median: Rows = np.median(np.stack(found), axis=0)
    return median


def _likely_shifts(first: Rows, second: Rows) -> list[int]:
    """Displacements of rows that may be right, in order: where places with something in them are found again."""
    import numpy as np

    more = len(second) - len(first)
    rows = max(1, min(_ANCHOR_ROWS, len(first) // 4, len(second) // 4))
    parts = min(_ANCHOR_PARTS, first.shape[1])
    edges = np.arange(parts) * first.shape[1] // parts
    one, other = (np.add.reduceat(side, edges, axis=1) / (side.shape[1] / parts) for side in (first, second))
    level = one.mean()
    one, other = one - level, other - level
    anchors = _anchors(one, rows)
    wanted = np.stack([one[at : at + rows].ravel() for at in anchors])
    windows = np.lib.stride_tricks.sliding_window_view(other, rows, axis=0)
    apart = np.concatenate(
        [
            _apart(wanted, np.swapaxes(windows[begin : begin + 2048], 1, 2).reshape(-1, rows * parts))
            for begin in range(0, len(windows), 2048)
        ],
        axis=1,
    )
    votes: dict[int, int] = {}
    for at, found in zip(anchors, apart, strict=True):
        good = np.flatnonzero(found <= found.min() + 1e-3 * found.mean()) - at
        for shift in {int(good[np.abs(good - near).argmin()]) for near in (0, more)}:
            votes[shift] = votes.get(shift, 0) + 1
    best = sorted(votes, key=lambda shift: (-votes[shift], abs(shift)))[:_MOST_SHIFTS]
    return sorted({0, more, *best})


def _apart(wanted: Rows, windows: Rows) -> Rows:
    """Squared distances of each of the one to each of the other."""
    found: Rows = (wanted**2).sum(axis=1)[:, None] + (windows**2).sum(axis=1)[None] - 2 * wanted @ windows.T
    return found


def _anchors(rows: Rows, size: int) -> list[int]:
    """Where in each part of a picture there is most to be found again."""
    import numpy as np

    detail = np.abs(np.diff(rows, axis=0, prepend=rows[:1])).sum(axis=1)
    there = np.convolve(detail, np.ones(size), "valid")
    pieces = np.array_split(np.arange(len(there)), min(_ANCHORS, len(there)))
    return [int(piece[there[piece].argmax()]) for piece in pieces if len(piece)]


def _cheapest(costs: Rows, shifts: list[int], high: int, prices: tuple[float, float]) -> list[tuple[int, int]]:
    """The cheapest way to go down both pictures: pairs of rows that belong together, from the top.

    Args:
        costs: displacements × rows of the first picture.
        shifts: the displacements, in order.
        high: rows of the second picture.
        prices: of each band that is passed over, in either picture, and of each row in it.
    """
    many, (price, each) = len(shifts), prices
    rows = costs.shape[1]
    came_by = list[int]()  # for each pair its number of row and displacement as one: the pair before
    before = [math.inf] * many
    # For each row of the second picture the best pair that it is in, less the price of the first's rows above it.
    lowest: dict[int, tuple[float, int]] = {}
    ends: list[tuple[float, int]] = []
    # In plain Python: of so few displacements, numpy would take longer.
    for row, mine in enumerate(costs.T.tolist()):
        now = list[float]()
        smaller, source_of_smaller = math.inf, _NONE  # the best of the smaller displacements
        for which, (shift, cost) in enumerate(zip(shifts, mine, strict=True)):
            column, number = row + shift, row * many + which
            # At the start only rows of one picture are passed over.
            best, source = math.inf, _NONE
            if not row or not column:
                best = price + each * abs(shift) if shift else 0.0
            if before[which] < best:
                best, source = before[which], number - many
            # Rows of the second picture are passed over.
            if smaller + each * shift + price < best:
                best, source = smaller + each * shift + price, source_of_smaller
            # Rows of the first: from any row above whose counterpart is the one before.
            low, low_source = lowest.get(column - 1, _NOWHERE)
            if low + each * (row - 1) + price < best:
                best, source = low + each * (row - 1) + price, low_source
            if before[which] - each * shift < smaller:
                smaller, source_of_smaller = before[which] - each * shift, number - many
            best += cost
            now.append(best)
            came_by.append(source)
            if best < math.inf and (row == rows - 1 or column == high - 1):
                over = rows - 1 - row + high - 1 - column
                ends.append((best + (price + each * over if over else 0.0), number))
        for which, (shift, best) in enumerate(zip(shifts, now, strict=True)):
            if best - each * row < lowest.get(row + shift, _NOWHERE)[0]:
                lowest[row + shift] = best - each * row, row * many + which
        before = now
    path = list[tuple[int, int]]()
    number = min(ends)[1]
    while number != _NONE:
        row, which = divmod(number, many)
        path.append((row, row + shifts[which]))
        number = came_by[number]
    return path[::-1]


def _gaps_of(path: list[tuple[int, int]], high: int, higher: int) -> list[Gap]:
    """What a path passes over."""
    gaps, last, last_there = [], -1, -1
    for row, there in (*path, (high, higher)):
        removed, inserted = row - last - 1, there - last_there - 1
        if removed or inserted:
            gaps.append(Gap(last + 1, last_there + 1, removed, inserted))
        last, last_there = row, there
    return gaps


def _moved_up(gaps: list[Gap], first: Rows, second: Rows, slack: float) -> tuple[Gap, ...]:
    """Bands at the topmost of the places that are as good; one at the lower edge stays there."""
    moved = list[Gap]()
    for gap in gaps:
        floor = moved[-1].first + moved[-1].removed if moved else 0
        at_edge = gap.first + gap.removed == len(first) and gap.second + gap.inserted == len(second)
        up = 0
        while not at_edge and gap.first - up > floor and gap.second - up > 0:
            row, there = gap.first - up - 1, gap.second - up - 1
            now = _row_cost(first[row], second[there])
            then = _row_cost(first[row + gap.removed], second[there + gap.inserted])
            if then > now + slack:
                break
            up += 1
        moved.append(Gap(gap.first - up, gap.second - up, gap.removed, gap.inserted))
    return tuple(moved)


def _row_cost(one: Rows, other: Rows) -> float:
    import numpy as np

    return float(np.minimum(np.abs(one - other), _MOST_CHANGE).mean())
