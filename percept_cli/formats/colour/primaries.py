"""Primaries and whites as matrices, and linear light in other primaries → BT.709's.

The arithmetic of chromaticities is here alone: profiles made of PNG's chunks and of H.273's codes take it as well.
It is not littleCMS's, whose colorants have 16 bits behind their points: light has no limit to lose them in.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from percept_cli.formats.faults import damaged
from percept_cli.images.picture import bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Primaries:
    """CIE 1931 chromaticities: x and y of red, green, blue and white."""

    red_x: float
    red_y: float
    green_x: float
    green_y: float
    blue_x: float
    blue_y: float
    white_x: float
    white_y: float


BT709 = Primaries(0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
"""ITU-R BT.709, which sRGB shares; white is D65."""
XYZ = Primaries(1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)
"""CIE XYZ itself, of which equal amounts are white."""

_SAME = 1e-4  # chromaticities are published with four digits
_BRADFORD = (  # CIE 159:2004, and ICC.1:2022, annex E
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)


def to_bt709(colours: NDArray[np.float32], primaries: Primaries, scale: float = 1.0) -> None:
    """Convert light in place; white stays white, by Bradford's adaptation.

    Pixels that are not finite in all channels stay as they are: what is found there later is what the file holds.

    Args:
        colours: H×W×3 float32, linear light.
        primaries: what it is in.
        scale: what it is multiplied by as well.

    Raises:
        UnreadableImage: for primaries that span no colours.
    """
    import numpy as np

    same = all(abs(a - b) <= _SAME for a, b in zip(astuple(primaries), astuple(BT709), strict=True))
    if same and scale == 1.0:
        return
    matrix = scale * (np.eye(3) if same else _matrix(primaries))
    height, width = colours.shape[:2]
    for rows in bands(height, width):
        band = colours[rows]
        finite = np.all(np.isfinite(band), axis=2, keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):
            converted = np.einsum("ij,hwj->hwi", matrix, band, dtype=np.float64)
            np.copyto(band, converted, where=finite, casting="same_kind")


def _matrix(primaries: Primaries) -> NDArray[np.float64]:
    """From light in these primaries to light in BT.709's."""
    import numpy as np

    if not primaries.white_y > 1e-3:  # NaN too
        raise damaged("its chromaticities have no valid white point")
    white, numbers = white_of(primaries), np.array(astuple(primaries))
    if not (np.abs(cones_of(white)) > 1e-6).all():
        raise damaged("its chromaticities have no valid white point")
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > 10:
        raise damaged("its chromaticities are out of range")
    if abs(np.linalg.det(columns_of(primaries))) < 1e-6:
        raise damaged("its chromaticities span no colours")
    adapt = adaptation(white, white_of(BT709))
    matrix: NDArray[np.float64] = np.linalg.inv(to_xyz(BT709)) @ adapt @ to_xyz(primaries)
    return matrix


def adaptation(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """From XYZ as it looks under one white to what looks like it under another, by Bradford's method."""
    import numpy as np

    gains = np.diag(cones_of(target) / cones_of(source))
    found: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ gains @ np.array(_BRADFORD)
    return found


def cones_of(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """What XYZ is to the eye's three kinds of cones, by Bradford's matrix."""
    import numpy as np

    found: NDArray[np.float64] = np.array(_BRADFORD) @ colour
    return found


def to_xyz(primaries: Primaries) -> NDArray[np.float64]:
    """From light in them to XYZ (SMPTE RP 177): the columns are primaries, as bright as adds up to white."""
    import numpy as np

    columns = columns_of(primaries)
    return columns * np.linalg.solve(columns, white_of(primaries))


def columns_of(primaries: Primaries) -> NDArray[np.float64]:
    """x, y and z of red, green and blue, each a column."""
    import numpy as np

    xy = np.array(astuple(primaries)[:6], np.float64).reshape(3, 2)
    return np.column_stack([xy[:, 0], xy[:, 1], 1 - xy.sum(axis=1)]).T


def white_of(primaries: Primaries) -> NDArray[np.float64]:
    """X, Y and Z of white, of which Y is 1."""
    import numpy as np

    x, y = primaries.white_x, primaries.white_y
    return np.array([x / y, 1.0, (1 - x - y) / y])
