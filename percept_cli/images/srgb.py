"""The curve of sRGB, IEC 61966-2-1, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def to_light(levels: NDArray[Any]) -> NDArray[np.float32]:
    """Levels in 0..255 of any type as linear light in 0..1."""
    import numpy as np

    codes = levels / 255.0
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(np.float32)


def from_light(light: NDArray[Any]) -> NDArray[np.float32]:
    """Linear light, cut to 0..1, as levels in 0..255 with what lies between them."""
    import numpy as np

    return encoded(np.clip(light, 0, 1, dtype=np.float64)).astype(
        np.float32
    )  # float32 alone would make white darker


def encoded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light in 0..1 as levels in 0..255, not rounded to float32."""
    import numpy as np

    curved = 255.0 * (1.055 * np.power(light, 1 / 2.4) - 0.055)
    # Where the standard's two pieces meet, the second begins 1e-8 lower: more light must not be darker.
    curved = np.maximum(curved, 255.0 * 12.92 * 0.0031308)
    return np.where(light <= 0.0031308, 255.0 * 12.92 * light, curved)
