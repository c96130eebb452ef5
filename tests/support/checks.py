"""Folders for `percept check`, and its results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.reported import SCHEMA


def page(label: str = "Total 35", *, noise: int = 0, icon: bool = True) -> Image.Image:
    """A small page with text, an icon and a flat panel; noise of so many levels."""
    image = Image.new("RGB", (160, 96), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 60, 40), (70, 110, 180))
    draw.text((70, 10), label, (20, 20, 20))
    draw.text((8, 60), "Sent with care, and on time", (90, 90, 90))
    if icon:
        draw.ellipse((130, 60, 150, 80), (200, 60, 40))
    if not noise:
        return image
    grain = np.random.default_rng(1).integers(-noise, noise + 1, (96, 160, 3))
    return Image.fromarray(np.clip(np.asarray(image).astype(int) + grain, 0, 255).astype(np.uint8))


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for folder in ("expected/ui", "actual/ui"):
        (tmp_path / folder).mkdir(parents=True)
    for name, candidate in (
        ("same.png", page()),
        ("noise.png", page(noise=2)),
        ("ui/digit.png", page("Total 38")),
        ("ui/icon.png", page(icon=False)),
    ):
        page().save(tmp_path / "expected" / name)
        candidate.save(tmp_path / "actual" / name)
    return tmp_path


def results_of(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    return {row["name"]: row for row in document["results"]} | {"": document}
