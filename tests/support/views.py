"""Animations, pages and icons, and what is refused of them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import parse_limits
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import Side
from tests.conftest import drawing

SHALLOW: dict[str, Any] = {"layers": "relu1_2", "device": "cpu"}


def icon(colour: tuple[int, int, int], under: tuple[int, int, int] = (0, 0, 0), opacity: int = 255) -> Image.Image:
    """A disc on transparent ground."""
    image = Image.new("RGBA", (40, 40), (*under, 0))
    mask = Image.new("L", (40, 40), 0)
    mask.paste(opacity, (10, 10, 30, 30))
    image.paste((*colour, opacity), (10, 10, 30, 30))
    return image


def animation(seeds: list[int], durations: int | list[int] = 100, form: str = "GIF") -> bytes:
    file = io.BytesIO()
    first, *rest = (drawing(24, 20, seed).quantize(64).convert("RGB") for seed in seeds)
    lossless = {"lossless": True} if form == "WEBP" else {}
    first.save(file, form, save_all=True, append_images=rest, duration=durations, **lossless)
    return file.getvalue()


def light(values: np.ndarray[Any, Any], alpha: np.ndarray[Any, Any] | None = None) -> Decoded:
    colours = np.broadcast_to(values.astype(np.float32)[..., None], (*values.shape, 3))
    kept = None if alpha is None else alpha.astype(np.float32).tobytes()
    height, width = values.shape
    return Decoded((Frame(width, height, np.ascontiguousarray(colours).tobytes(), kept, deep=True),), scene=True)


def side(name: str, values: NDArray[np.float32]) -> Side:
    return Side(name, light(values))


def refusal(data: bytes, frame: int | None, limits: str) -> tuple[str, str | None]:
    with pytest.raises(UnsupportedImage) as error:
        decode(data, "x.tif", ImagePolicy(frame=frame, limits=parse_limits(limits)))
    return str(error.value), error.value.hint
