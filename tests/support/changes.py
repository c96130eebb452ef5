"""Pictures as arrays of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from percept_cli.evidence.changes import pixels_left_out
from percept_cli.geometry import Box
from percept_cli.images.picture import Picture
from tests.conftest import as_picture, drawing


def pixels(picture: Picture) -> np.ndarray:
    return np.frombuffer(picture.pixels[:], np.uint8).reshape(picture.height, picture.width, 3)


def picture(array: np.ndarray) -> Picture:
    return as_picture(Image.fromarray(np.ascontiguousarray(array)))


@pytest.fixture
def base() -> np.ndarray:
    return np.asarray(drawing(123, 77, seed=3)).copy()


def left_out(*boxes: Box, mask: np.ndarray | None = None) -> np.ndarray | None:
    return pixels_left_out(boxes, mask, 123, 77)
