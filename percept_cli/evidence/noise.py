"""How strong the differences are that rendering alone explains in a pair: the noise floor of its peak.

A defect stands out from what is around it; noise of rendering is everywhere that something is drawn, and alike. So
the floor is what the changed cells away from the peak come to. It is granted as far as

- what changed there is the same thing drawn anew (``redrawn``), or
- most of all that is drawn has changed, as by the grain of another seed: a defect that is repeated is no noise;
- and nothing took the detail away: what is blurred is alike all over, and is a defect;
- and it was drawn by another engine, not elsewhere by the same one: a line of text that moved is a defect.

Where little is drawn, no cell is far from the peak. There the floor is the middle one of all changed cells, if all
that is drawn changed, and is the same drawn anew elsewhere; and for one thing alone, like a letter, a fixed one.
Edges that were only shaded otherwise have a small one.
tests/corpus/RESULTS.md has what each of these is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.evidence.colour import NOTICEABLE
from percept_cli.evidence.redrawn import Redrawn, redrawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.pixels import Pixels

    Grid = NDArray[np.float32]
    Cells = NDArray[np.bool_]

FAINT = 0.09
"""Distance of a cell that no limit is ever below, its warning included: such cells need no explanation."""
SOFTENED, MOVED = "detail was lost", "something moved and looks the same"
_NEAR, _SHARE_NEAR = 8, 0.12  # cells on each side of the peak that say nothing of noise: at most; of what is drawn
_FEW = 5  # cells that say nothing either
_QUANTILE, _ABOVE = 0.9, 0.1  # quiet noise has places that stand out from it as well
_TAIL, _TAIL_SHARE, _MANY = 0.98, 0.6, 50  # of noise with strong outliers, in so many cells
_SHARE_OF_DETAIL, _SHARE_OF_ALL = 0.1, 0.5  # that are drawn anew: from these on it is noise altogether
_MOST_FROM, _MOST_FULLY = 0.5, 0.8  # shares that changed in any way, from which on that is noise; and altogether
_UNEXPLAINED = 0.2  # share of a cell's change, at most, for it to be the same drawn anew
_ALIKE, _OF_THOSE = 0.6, 0.75  # share of the detail that changed, and of that drawn anew, for all to be alike
_REST = 0.6  # of the change, at most, when each cell is laid over the other picture: the rest has moved
_KEPT = 0.5  # of the detail, in the middle one of the changed cells: less, and it was blurred
_UNLIKE, _ALONE = 0.05, 0.35  # at most, of one thing alone; the floor of it
_LEAST_SIDE = 24  # pixels of a picture, for one thing alone to be told
_SHADED, _EDGES = 0.02, 0.1  # unlike at most, of edges shaded otherwise in their place; the floor of them
_OF_MEAN = 0.75  # of the floor, what the mean over the picture may be
_NEAR_COLOUR = 4  # cells around the strongest difference of colour that say nothing of its noise
_COLOUR_FROM, _COLOUR_FULLY = 0.1, 0.25  # shares of what is drawn from which on that is noise; and altogether
_TIMES_COLOUR = 1.5
_ALL_WAYS, _ONE_WAY = 0.5, 0.8  # up to which it is noise, and from which on another colour
_CORNERS, _TELLING = 0.1, 0.6  # of a cell that shows how it was drawn; share of the changed cells that do
_MOVED_BY, _SAME, _SAME_REST = 0.3, 0.025, 0.2  # pixels; unlike at most; of the change, at most
_OF_TELLING, _NEARLY_ALL = 0.6, 0.7  # shares of those that moved as they are
_NOT_ALL, _NOT_MOST = 0.9, 0.5  # of what is drawn, that changed, and visibly: the rest stayed
_TOGETHER, _AS_FAR = 0.6, 0.1  # share of them, per line, that moved by one distance; pixels of difference
_STAYED = 2  # cells at least: the edge of one thing that moved may be in one that did not change
_APART, _SOME = 0.5, 0.05  # pixels by which some moved otherwise; share of them
_MOST_CELLS = 300  # that are looked at: the strongest, and others spread over the rest


@dataclass(frozen=True)
class NoiseFloor:
    """What it is, and what it rests on."""

    value: float
    """≥ 0, as distances of cells are."""
    redrawn: bool = False
    """Whether all that is drawn changed, and the peak too is the same drawn anew."""
    because: str = ""
    """Why less noise is granted than there seems to be, if so: detail is gone, or the same stands elsewhere."""
    overall: float = 0.0
    """What the mean over the picture may come to by noise alone; 0 where few cells changed."""
    colour: float = 0.0
    """ΔE that noise adds to the strongest difference of colour, where something is drawn; 0 for flat areas."""


NO_NOISE = NoiseFloor(0.0)


def noise_floor(
    distances: Grid, changed: Cells, detailed: Cells, reference: Pixels, candidate: Pixels
) -> NoiseFloor:
    """The floor of a pair.

    Args:
        distances: per cell, weighted by how visible its change is.
        changed: per cell, whether a pixel of it changed by more than rounding.
        detailed: per cell, whether something is drawn in it, in either picture.
        reference: H×W×3, uint8 or float32, sRGB in 0..255.
        candidate: the same shape and type.
    """
    import numpy as np

    strong = changed & (distances > FAINT)
    if not strong.any():
        return NoiseFloor(_around(distances, changed, changed, detailed))
    rows, columns = _looked_at(distances, strong)
    found = redrawn(reference, candidate, rows, columns)
    if _moved(found, rows, strong, changed, detailed):
        quiet = changed & ~strong
        return NoiseFloor(_around(distances, quiet, quiet, detailed), because=MOVED)
    anew = found.unexplained <= _UNEXPLAINED
    mostly = float(anew.mean()) >= _OF_THOSE
    share = float((changed & detailed).sum() / max(1, detailed.sum()))
    if strong.sum() >= _FEW and np.median(found.kept) < _KEPT:
        return NoiseFloor(0.0, because=SOFTENED if mostly or share >= _ALIKE else "")
    alike = share >= _ALIKE and mostly
    displaced = float(found.rest.sum()) <= _REST * float(found.change.sum())
    same = changed & ~strong
    same[rows, columns] = anew
    floor = _around(distances, changed, same, detailed, looked_at=len(rows) / strong.sum())
    if alike and displaced and strong.sum() >= _FEW:
        floor = max(floor, float(np.median(distances[strong])) + _ABOVE)
    large = min(reference.shape[:2]) >= _LEAST_SIDE
    if large and share >= _ALIKE and found.unlike.max() <= _UNLIKE:
        floor = max(floor, _ALONE)
    if bool(anew.all()) and found.unlike.max() <= _SHADED and np.hypot(found.down, found.right).max() < _MOVED_BY:
        floor = max(floor, _EDGES)
    peak = int(np.argmax(distances[rows, columns]))
    mean = _OF_MEAN * floor if changed.sum() >= _MANY else 0.0
    return NoiseFloor(floor, redrawn=alike and bool(anew[peak]), overall=mean)


def _moved(found: Redrawn, rows: NDArray[np.intp], strong: Cells, changed: Cells, detailed: Cells) -> bool:
    """Whether the same drawing stands elsewhere, beside what stayed or moved otherwise: the layout changed.

    No engine draws letters exactly as another does, so this is one that was told to draw them in another place.
    What stands in one line goes by one distance then. Letters that drift ever further along it are another
    engine's.
    """
    import numpy as np

    telling = found.corners >= _CORNERS
    if telling.sum() < _FEW or telling.mean() < _TELLING:
        return False
    down, right = found.down[telling], found.right[telling]
    same = (np.hypot(down, right) >= _MOVED_BY) & (found.unlike[telling] <= _SAME)
    same &= found.rest[telling] <= _SAME_REST * found.change[telling]
    if same.mean() < _OF_TELLING:
        return False
    by, lines = down[same] + 1j * right[same], rows[telling][same]
    alike = ((np.abs(by[:, None] - by) <= _AS_FAR) & (lines[:, None] == lines)).sum(axis=1)
    if sum(alike[lines == line].max() for line in np.unique(lines)) < _TOGETHER * len(by):
        return False
    apart = np.abs(by - by[alike.argmax()]) >= _APART
    drawn = max(1, int(detailed.sum()))
    stayed = drawn - int((changed & detailed).sum())
    return bool(
        stayed >= max(_STAYED, (1 - _NOT_ALL) * drawn)
        or (strong & detailed).sum() <= _NOT_MOST * drawn
        or (apart.mean() >= _SOME and same.mean() >= _NEARLY_ALL)
    )


def colour_noise(colours: Grid, changed: Cells, drawn: Cells, one_way: float = 0.0) -> float:
    """ΔE that noise adds to the strongest difference of colour, where something is drawn.

    Codecs and other rasterisers change the colour of letters and lines a little, and somewhere by more. Within an
    area nothing of the kind happens: there, the same change everywhere is another colour. So is one that goes the
    same way in all that is drawn: a picture that is brighter.

    Args:
        colours: per cell, ΔE.
        changed: per cell, whether a pixel of it changed by more than rounding.
        drawn: per cell, whether something is drawn in it or beside it.
        one_way: how far the colours of what is drawn changed in one direction, 0 to 1.
    """
    import numpy as np

    peak = np.unravel_index(int((colours * drawn).argmax()), colours.shape)
    far = np.ones(colours.shape, bool)
    far[tuple(slice(max(0, int(at) - _NEAR_COLOUR), int(at) + _NEAR_COLOUR + 1) for at in peak)] = False
    others = colours[changed & drawn & far]
    if len(others) < _FEW:
        return 0.0
    share = len(others) / int((drawn & far).sum())
    share = float(np.clip((share - _COLOUR_FROM) / (_COLOUR_FULLY - _COLOUR_FROM), 0, 1))
    noise = min(NOTICEABLE, _TIMES_COLOUR * float(np.quantile(others, _QUANTILE)) * share)
    return noise * float(np.clip((_ONE_WAY - one_way) / (_ONE_WAY - _ALL_WAYS), 0, 1))


def _looked_at(distances: Grid, strong: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which strong cells: all; where there are many, the strongest and others at equal steps of strength."""
    import numpy as np

    rows, columns = np.nonzero(strong)
    if len(rows) > _MOST_CELLS:
        order = np.argsort(-distances[rows, columns], kind="stable")
        half = _MOST_CELLS // 2
        others = np.sort(order[half:])
        spread = others[np.linspace(0, len(others) - 1, half).astype(np.intp)]
        chosen = np.concatenate([order[:half], spread])
        rows, columns = rows[chosen], columns[chosen]
    return rows, columns


def _around(distances: Grid, changed: Cells, same: Cells, detailed: Cells, looked_at: float = 1.0) -> float:
    """What the cells away from the peak come to, as far as that is noise.

    Args:
        distances: per cell.
        changed: per cell.
        same: the changed cells that are the same drawn anew; of those that were looked at.
        detailed: per cell.
        looked_at: the share of the cells above ``FAINT`` that were looked at.
    """
    import numpy as np

    far = _away_from_peak(distances, detailed)
    drawn = max(1, int((far & detailed).sum()))
    of_detail, of_all = (changed & far & detailed).sum() / drawn, (changed & far).sum() / max(1, far.sum())
    most = float(np.clip((max(of_detail, of_all) - _MOST_FROM) / (_MOST_FULLY - _MOST_FROM), 0, 1))
    same = same & far
    each = np.where(distances > FAINT, 1 / looked_at, 1)
    of_detail, of_all = (each * (same & detailed)).sum() / drawn, (each * same).sum() / max(1, far.sum())
    anew = min(1.0, float(max(of_detail / _SHARE_OF_DETAIL, of_all / _SHARE_OF_ALL)))
    return max(_strength(distances[changed & far]) * most, _strength(distances[same]) * anew)


def _strength(values: Grid) -> float:
    import numpy as np

    if len(values) < _FEW:
        return 0.0
    strength = float(np.quantile(values, _QUANTILE)) + _ABOVE
    if len(values) >= _MANY:
        strength = max(strength, _TAIL_SHARE * float(np.quantile(values, _TAIL)))
    return strength


def _away_from_peak(distances: Grid, detailed: Cells) -> Cells:
    """Cells that are not near the strongest one, as distances go in what is drawn."""
    import numpy as np

    drawn = detailed if detailed.any() else np.ones_like(detailed)
    peak = np.unravel_index(int(distances.argmax()), distances.shape)
    near = []
    for axis, at in enumerate(peak):
        there = np.nonzero(drawn.any(axis=1 - axis))[0]
        reach = int(np.clip((there[-1] - there[0] + 1) * _SHARE_NEAR, 1, _NEAR))
        near.append(slice(max(0, int(at) - reach), int(at) + reach + 1))
    far = np.ones(distances.shape, bool)
    far[tuple(near)] = False
    return far
