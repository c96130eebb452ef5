"""Pictures of rows that are told apart, and such with bands put in or taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]


def page(height: int, width: int = 48, seed: int = 1) -> Rows:
    """Lines of what could be text, four rows high, each below two blank rows."""
    rng = np.random.default_rng(seed)
    found = np.full((height, width, 3), 255, np.uint8)
    for top in range(2, height - 3, 6):
        strokes = rng.random((4, width)) < 0.4
        strokes[:, int(width * rng.uniform(0.5, 1)) :] = False
        found[top : top + 4][strokes] = 20
    return found


def with_band(picture: Rows, at: int, band: Rows) -> Rows:
    """A picture with rows put in."""
    return np.concatenate([picture[:at], band, picture[at:]])


def noisy(picture: Rows, seed: int = 5) -> Rows:
    """A picture as another renderer has it: other levels where there is detail."""
    rng = np.random.default_rng(seed)
    levels = picture.astype(float)
    detail = np.abs(np.diff(levels, axis=1, prepend=levels[:, :1])).max(axis=2, keepdims=True) > 24
    found: Rows = np.clip(levels + rng.normal(0, 18, levels.shape) * detail, 0, 255).astype(np.uint8)
    return found
