"""The curve of sRGB, IEC 61966-2-1, both ways: the only one; whoever needs it takes it from here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POWER, _SCALE, _OFFSET, _SLOPE = 2.4, 1.055, 0.055, 12.92
_DARK_CODE, _DARK_LIGHT = 0.04045, 0.0031308  # up to where it is a straight line

ICC_CURVE = (_POWER, 1 / _SCALE, _OFFSET / _SCALE, 1 / _SLOPE, _DARK_CODE)
"""From code to light as ICC's parametric curve 3: (a·x + b)^g, and c·x below d; g, a, b, c, d."""


def to_light(levels: NDArray[Any]) -> NDArray[np.float32]:
    """Levels in 0..255 of any type as linear light in 0..1; those of 8 bits are only looked up."""
    if levels.dtype == "uint8":
        found: NDArray[np.float32] = _light_of_levels()[levels]
        return found
    import numpy as np

    codes = levels / 255.0
    curved = ((codes + _OFFSET) / _SCALE) ** _POWER
    return np.where(codes <= _DARK_CODE, codes / _SLOPE, curved).astype(np.float32)


@cache
def _light_of_levels() -> NDArray[np.float32]:
    import numpy as np

    return to_light(np.arange(256))


def from_light(light: NDArray[Any]) -> NDArray[np.float32]:
    """Linear light, cut to 0..1, as levels in 0..255 with what lies between them."""
    import numpy as np

    # float32 alone would make white darker.
    return encoded(np.clip(light, 0, 1, dtype=np.float64)).astype(np.float32)


def encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light in 0..1 as levels in 0..255, not rounded to float32."""
    import numpy as np

    curved = 255.0 * (_SCALE * np.power(light, 1 / _POWER) - _OFFSET)
    # Where the standard's two pieces meet, the second begins 1e-8 lower: more light must not be darker.
    curved = np.maximum(curved, 255.0 * _SLOPE * _DARK_LIGHT)
    return np.where(light <= _DARK_LIGHT, 255.0 * _SLOPE * light, curved)
