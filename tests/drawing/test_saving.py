"""Formats of drawings by their endings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import Percept, Save
from tests.support.heat_maps import pixels


def test_formats_by_ending(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png", 200, 100)
    (tmp_path / "h.png").write_text("an older one")
    (tmp_path / "percept.toml").write_text('threshold = 1e-9\nformat = "json"\n')  # no business of this command
    for name in ("h.png", "h.JPG", "h.jpeg", "h.webp"):
        done = percept("heatmap", "a.png", "a.png", "-o", name)
        assert (done.returncode, done.stdout) == (0, "")
    found = {}
    for name, kind in (("h.png", "PNG"), ("h.JPG", "JPEG"), ("h.jpeg", "JPEG"), ("h.webp", "WEBP")):
        with Image.open(tmp_path / name) as image:
            assert image.format == kind
            found[name] = pixels(image.convert("RGB")).astype(int)
    assert (found["h.webp"] == found["h.png"]).all()
    assert np.abs(found["h.jpeg"] - found["h.png"]).mean() < 2
    assert sorted(os.listdir(tmp_path)) == ["a.png", "h.JPG", "h.jpeg", "h.png", "h.webp", "percept.toml"]
