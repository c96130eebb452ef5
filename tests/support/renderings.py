"""Folders of the same charts, rendered again: seeded noise in one half, and defects where a test wants them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 192, 96
NOISY = (112, 16, 184, 80)
"""Left, top, right, bottom of what is hatched, and noisy."""
AWAY = (16, 30, 30, 41)
"""Where a defect is away from noise: it takes the first letters of a label."""
WITHIN = (136, 40, 144, 48)
"""Where one is amid noise."""


def chart(seed: int = 0, *, noise: int = 50, defect: tuple[int, int, int, int] | None = None) -> Image.Image:
    """A panel with labels on the left, and a hatched area on the right.

    Args:
        seed: of the noise on the hatching; none for 0.
        noise: its largest, in levels.
        defect: a rectangle that is painted over.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 4, 90, 20), (70, 110, 180))
    for row in range(4):
        draw.text((16, 28 + 14 * row), f"Row {row}: {37 * row}", (20, 20, 20))
    left, top, right, bottom = NOISY
    for x in range(left, right, 4):
        draw.line((x, top, x, bottom - 1), (60, 120, 90))
    if seed:
        pixels = np.asarray(image).astype(int)
        area = pixels[top:bottom, left:right]
        area += np.random.default_rng(seed).integers(-noise, noise + 1, area.shape) * (area < 200)
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if defect is not None:
        ImageDraw.Draw(image).rectangle(defect, (250, 250, 250))
    return image


def save(folder: Path, pictures: Mapping[str, Image.Image]) -> Path:
    """A folder of them, by name."""
    for name, picture in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name)
    return folder


def renderings(root: Path, runs: int = 3) -> list[Path]:
    """A baseline and so many runs, each of a noisy chart and of one that is always the same."""
    folders = [save(root / "base", {"chart.png": chart(), "ui/still.png": chart()})]
    for seed in range(1, runs + 1):
        folders.append(save(root / f"run{seed}", {"chart.png": chart(seed), "ui/still.png": chart()}))
    return folders
