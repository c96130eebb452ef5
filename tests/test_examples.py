"""The examples in docs/examples: each script runs as it stands, and its loss falls."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.conftest import drawing
from tests.support.examples import EXAMPLES, PHOTOS, example


def tensor(width: int, height: int, seed: int) -> torch.Tensor:
    pixels = torch.frombuffer(bytearray(drawing(width, height, seed).tobytes()), dtype=torch.uint8)
    return pixels.view(1, height, width, 3).permute(0, 3, 1, 2) / 255


@pytest.mark.slow
def test_the_loss_of_super_resolution_falls() -> None:
    first, middle, last = example("super_resolution")["train"](PHOTOS, steps=40, side=32, batch=2)
    # Slowly: it begins with bilinear interpolation, which is not bad.
    assert last < 0.995 * middle < 0.99 * first


def test_the_loss_of_style_transfer_falls() -> None:
    content, style = tensor(24, 20, 1), tensor(24, 20, 2)
    picture, losses = example("style_transfer")["transfer"](content, style, steps=10)
    assert losses[-1] < 0.8 * losses[0]
    assert picture.shape == content.shape
    assert not torch.equal(picture, content)


def test_noise_becomes_the_picture() -> None:
    target = tensor(24, 20, 1)
    optimise = example("optimise_image")["optimise"]
    start, _ = optimise(target, steps=0)
    picture, losses = optimise(target, steps=40)
    assert losses[-1] < 0.4 * losses[0]
    # Nothing has told it the pixels, and yet they come.
    assert F.mse_loss(picture, target) < 0.3 * F.mse_loss(start, target)


def test_the_demo_is_short_and_documented() -> None:
    assert len((EXAMPLES / "optimise_image.py").read_text(encoding="utf-8").splitlines()) <= 40
    for path in EXAMPLES.glob("*.py"):
        assert f"python docs/examples/{path.name} " in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_demo_runs_as_a_script(tmp_path: Any) -> None:
    out = tmp_path / "optimised.png"
    command = [sys.executable, str(EXAMPLES / "optimise_image.py"), str(PHOTOS[0]), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert "→" in done.stdout
    assert out.is_file()
