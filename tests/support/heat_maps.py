"""Heat maps, and the pixels of drawings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from percept_cli.drawing.colours import SCALE
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import HeatMap

RENDER = load_preset("default").spec
COLOURS = np.array(SCALE, np.uint8)


def pixels(image: Image.Image | Path) -> NDArray[np.uint8]:
    return np.asarray(image if isinstance(image, Image.Image) else Image.open(image).convert("RGB"))


def random_heat(width: int, height: int, stride: int = 1) -> HeatMap:
    values = np.random.default_rng(0).integers(0, 256, (-(-height // stride), -(-width // stride)), np.uint8)
    return HeatMap(stride, values.shape[1], values.shape[0], values.tobytes(), 12.0)
