"""The difference of colour that is left when detail is blurred away.

Normalised features barely see a flat area that becomes a little darker: its features keep their direction. A
person does. So colour is compared on its own: both pictures in linear light, averaged over 4×4 pixels and blurred,
in CIELAB, where equal distances look about equally different (CIE 15:2004, ΔE*ab of 1976).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STEP = 4
"""Pixels per side of what one value of the map stands for."""
SIGMA = 1.25
"""Of the Gaussian, in values of the map: 5 pixels, about what an eye averages over at a usual distance."""
REACH = 4
"""Values beyond which the Gaussian is cut off: three sigma, rounded up."""
_ROWS_AT_A_TIME = 256 * STEP

# sRGB → CIE XYZ of D65 (IEC 61966-2-1), rows divided by the white's X, Y and Z: white is 1, 1, 1.
_TO_XYZ = (
    (0.4123908, 0.3575843, 0.1804808),
    (0.2126390, 0.7151687, 0.0721923),
    (0.0193308, 0.1191948, 0.9505322),
)


def colour_map(reference: NDArray[np.uint8], candidate: NDArray[np.uint8]) -> Floats:
    """ΔE*ab of the blurred pictures.

    Args:
        reference: H×W×3, sRGB in 0..255.
        candidate: the same shape.

    Returns:
        ⌈H/4⌉×⌈W/4⌉ values ≥ 0; 0 for equal pixels. Black and white are 100 apart.
    """
    import numpy as np

    first, second = (_lab(_blurred(_averaged(side))) for side in (reference, candidate))
    squares = (first - second) ** 2
    found: Floats = np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2])
    return found


def _averaged(picture: NDArray[np.uint8]) -> Floats:
    """Linear light, averaged over blocks of pixels; those at the end are of fewer."""
    import numpy as np

    codes = np.arange(256) / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)
    height, width = picture.shape[:2]
    found = np.empty((-(-height // STEP), -(-width // STEP), 3), np.float32)
    columns = np.diff([*range(0, width, STEP), width])[None, :, None]
    for top in range(0, height, _ROWS_AT_A_TIME):
        part = linear[picture[top : top + _ROWS_AT_A_TIME]]
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

    matrix = np.array(_TO_XYZ, np.float32)
    matrix /= matrix.sum(axis=1, keepdims=True)
    ratio = linear @ matrix.T
    edge = 6 / 29
    curve = np.where(ratio > edge**3, np.cbrt(ratio), ratio / (3 * edge**2) + 4 / 29)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1).astype(np.float32)
