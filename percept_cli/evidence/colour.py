"""The difference of colour that is left when detail is blurred away, and that of what is drawn on its ground.

Normalised features barely see a flat area that becomes a little darker: its features keep their direction. A
person does. So colour is compared on its own: both pictures in linear light, averaged over 4×4 pixels and blurred,
in CIELAB, where equal distances look about equally different (CIE 15:2004, ΔE*ab of 1976). That of littleCMS is
relative to D50, the white of print; a display's is D65.

Letters that become grey, or red, are too thin to show in that. Their ink is what a tile has beside its ground:
noise of rendering moves it about and takes and gives at the edges, but leaves its colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from percept_cli.evidence.pixels import changes_of
from percept_cli.images.srgb import to_light

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.pixels import Pixels

    Floats = NDArray[np.float32]

STEP = 4
"""Pixels per side of what one value of the map stands for."""
SIGMA = 1.25
"""Of the Gaussian, in values of the map: 5 pixels, about what an eye averages over at a usual distance."""
REACH = 4
"""Values beyond which the Gaussian is cut off: three sigma, rounded up."""
NOTICEABLE = 2.3
"""ΔE*ab of a difference that is just noticed (Mahy et al. 1994)."""
DISPLACED = 2
"""Pixels by which an edge between two colours may have moved: rasterisers move it by one, and letters by two."""
TILE = 48
"""Pixels per side of the tiles in which ink is told from its ground: a few letters."""
_SEEN = 8  # levels of 255 by which a pixel must change to count for a tile
_LEAST_SHARE = 0.005  # of a tile's pixels, for the tile to count
_INK, _LEAST_INK = 10, 0.01  # ΔE from the ground of what is ink, and the share of a tile's pixels that are
_ROWS_AT_A_TIME = 256 * STEP

TO_XYZ = (
    (0.4123908, 0.3575843, 0.1804808),
    (0.2126390, 0.7151687, 0.0721923),
    (0.0193308, 0.1191948, 0.9505322),
)
"""sRGB → CIE XYZ of D65, by seven digits (IEC 61966-2-1), which are part of what every ΔE is."""


def blurred_lab(picture: Pixels) -> Floats:
    """CIELAB of the blurred picture.

    Args:
        picture: H×W×3, uint8 or float32, sRGB in 0..255.

    Returns:
        ⌈H/4⌉×⌈W/4⌉×3: L* in 0..100, a* and b*.
    """
    return _lab(_blurred(_averaged(picture)))


def colour_map(reference: Floats, candidate: Floats) -> Floats:
    """ΔE*ab of two blurred pictures, less what an edge between two colours makes that moved a little.

    An edge moves by at most ``DISPLACED`` pixels: that much of the steeper slope of the two is subtracted.

    Args:
        reference: what ``blurred_lab`` gives.
        candidate: the same shape.

    Returns:
        ⌈H/4⌉×⌈W/4⌉ values ≥ 0; 0 for equal pixels. Black and white are 100 apart.
    """
    import numpy as np

    edges = np.maximum(_slope(reference), _slope(candidate))
    found: Floats = np.maximum(0, _length(reference - candidate) - DISPLACED / STEP * edges)
    return found


def one_way(reference: Floats, candidate: Floats, where: NDArray[np.bool_]) -> float:
    """How far colours changed in one direction: 1 if all became darker, or redder; 0 if they went all ways.

    Args:
        reference: what ``blurred_lab`` gives.
        candidate: the same shape.
        where: at which values to look.
    """
    change = (candidate - reference)[where]
    together = float(_length(change).sum())
    return float(_length(change.sum(axis=0, keepdims=True))[0]) / together if together else 0.0


def _slope(colours: Floats) -> Floats:
    """ΔE from one value of the map to the next, in the direction in which it is steepest."""
    import numpy as np

    axes = [axis for axis in (0, 1) if colours.shape[axis] > 1]
    squares = [_length(np.gradient(colours, axis=axis)) ** 2 for axis in axes]
    found: Floats = np.sqrt(sum(squares, np.zeros(colours.shape[:2], np.float32)))
    return found


def _length(colours: Floats) -> Floats:
    import numpy as np

    squares = colours**2
    found: Floats = np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2])
    return found


def ink_change(reference: Pixels, candidate: Pixels) -> float:
    """How much another colour the ink has: ΔE*ab, the median over the tiles that changed.

    A tile's ground is its median colour; its ink the mean of what its pixels are apart from that, weighted by how
    far they are. Half of the changed tiles must have another ink for it to count, and tiles without ink in one of
    the pictures do not: a defect has a place, and other measures; this one is for what is the same everywhere,
    which those take for noise.

    Args:
        reference: H×W×3, uint8 or float32, sRGB in 0..255.
        candidate: the same shape and type.

    Returns:
        A value ≥ 0; 0 where no tile changed visibly.
    """
    import numpy as np

    found = []
    for rows in _tiles(reference.shape[0]):
        seen = changes_of(reference[rows], candidate[rows]) > _SEEN
        for columns in _tiles(reference.shape[1]):
            if seen[:, columns].mean() >= _LEAST_SHARE:
                sides = (_lab(to_light(side[rows, columns])).reshape(-1, 3) for side in (reference, candidate))
                apart = _ink_apart(*sides)
                found += [] if apart is None else [apart]
    return float(np.median(found)) if found else 0.0


def _tiles(length: int) -> Iterator[slice]:
    """One axis in tiles; the last ends where the picture does."""
    for first in range(0, max(1, length - TILE + 1), TILE):
        yield slice(first, first + TILE)
    if length > TILE and length % TILE:
        yield slice(length - TILE, length)


def _ink_apart(reference: Floats, candidate: Floats) -> float | None:
    """ΔE of the ink of two tiles, by the ground of that which makes it the less: a ground may be a close call.

    None if either has no ink: then something came or went.
    """
    import numpy as np

    found = []
    for ground in (np.median(reference, axis=0), np.median(candidate, axis=0)):
        first, second = (_ink(side - ground) for side in (reference, candidate))
        if first is None or second is None:
            return None
        found.append(float(np.linalg.norm(first - second)))
    return min(found)


def _ink(apart: Floats) -> Floats | None:
    import numpy as np

    lengths = np.linalg.norm(apart, axis=1)
    if (lengths > _INK).mean() < _LEAST_INK:
        return None
    ink: Floats = lengths @ apart / lengths.sum()
    return ink


def _averaged(picture: Pixels) -> Floats:
    """Linear light, averaged over blocks of pixels; those at the end are of fewer."""
    import numpy as np

    height, width = picture.shape[:2]
    found = np.empty((-(-height // STEP), -(-width // STEP), 3), np.float32)
    columns = np.diff([*range(0, width, STEP), width])[None, :, None]
    for top in range(0, height, _ROWS_AT_A_TIME):
        part = to_light(picture[top : top + _ROWS_AT_A_TIME])
        rows = np.diff([*range(0, len(part), STEP), len(part)])[:, None, None]
        sums = np.add.reduceat(part, range(0, len(part), STEP), axis=0)
        sums = np.add.reduceat(sums, range(0, width, STEP), axis=1)
        found[top // STEP : top // STEP + len(sums)] = sums / (rows * columns)
    return found


def _blurred(picture: Floats) -> Floats:
    from scipy import ndimage

    blurred: Floats = ndimage.gaussian_filter(picture, (SIGMA, SIGMA, 0), mode="nearest", radius=(REACH, REACH, 0))
    return blurred


def _lab(linear: Floats) -> Floats:
    import numpy as np

    matrix = np.array(TO_XYZ, np.float32)
    matrix /= matrix.sum(axis=1, keepdims=True)
    ratio = linear @ matrix.T
    edge = 6 / 29
    curve = np.where(ratio > edge**3, np.cbrt(ratio), ratio / (3 * edge**2) + 4 / 29)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1).astype(np.float32)
