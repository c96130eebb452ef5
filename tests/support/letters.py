"""Letters that stand anywhere, at a fraction of a pixel too."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SCALE = 8


def written(text: str, size: int, right: float = 0.0, down: float = 0.0) -> np.ndarray:
    """Black letters on white, drawn large and reduced, so that they can stand at any fraction of a pixel."""
    large = Image.new("L", (96 * SCALE, 48 * SCALE), 255)
    font = ImageFont.load_default(size * SCALE)
    ImageDraw.Draw(large).text(((20 + right) * SCALE, (10 + down) * SCALE), text, 0, font=font)
    small = np.asarray(large.resize((96, 48), Image.Resampling.BOX))
    return np.repeat(small[..., None], 3, axis=2)


def page(*moved: tuple[float, float], size: int = 12) -> np.ndarray:
    """Lines of text below each other, each moved to the right and down by pixels or fractions of one."""
    lines = ("x = f(a+b)", "One more.", "Ag 17 kg", "sin(y) = 3", "lim n, m", "Total 42")
    return np.concatenate([written(text, size, *by) for text, by in zip(lines, moved, strict=False)])
