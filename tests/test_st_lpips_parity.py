"""`st-lpips` against stlpips_pytorch: its own code and its published weights on both sides, nothing stands in.

Tried, and each breaks these tests: zeros for the mirrored padding of the blurs, padding by 1 instead of 2, an
unblurred pool, another mean, one tap's learned weights for another's, LPIPS's learned weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from percept_cli import PerceptualDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import load_preset
from scripts.convert_channels import SHA256, convert
from tests.conftest import ROOT
from tests.support.measuring import measured
from tests.support.parity import in_range, pixels
from tests.support.peers import st_lpips
from tests.support.rounding import ARITHMETIC, exact, relative_error

pytestmark = [pytest.mark.usefixtures("all_weights"), pytest.mark.numeric]


@pytest.fixture(scope="module")
def peer() -> Any:
    return st_lpips()


@pytest.mark.parametrize(
    ("n", "height", "width"),
    [
        (1, 64, 64),
        (1, 37, 53),
        pytest.param(3, 48, 80, marks=pytest.mark.slow),
        (3, 51, 33),
        pytest.param(2, 67, 97, marks=pytest.mark.slow),
        pytest.param(1, 164, 136, marks=pytest.mark.slow),
        pytest.param(2, 131, 97, marks=pytest.mark.slow),
        pytest.param(1, 264, 200, marks=pytest.mark.slow),
    ],
)
def test_layers_and_total_equal_st_lpips(peer: Any, n: int, height: int, width: int) -> None:
    reference, candidate = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    with torch.inference_mode():
        total, per_layer = peer(in_range(reference), in_range(candidate), retPerLayer=True)
        # Its total is added up in the place of its first layer.
        per_layer[0] = total - sum(per_layer[1:])
    spec = load_preset("st-lpips").spec
    known = exact(spec, reference, candidate)
    published = torch.stack([layer.flatten() for layer in per_layer], dim=1)
    torch.testing.assert_close(known.totals, total.flatten(), rtol=ARITHMETIC, atol=0)
    torch.testing.assert_close(known.distances, published, rtol=ARITHMETIC, atol=0)
    known.check(measured(Engine(spec, "cpu"), reference, candidate, plan_pair(spec, height=height, width=width)))


@pytest.mark.slow
def test_the_gradient_is_the_peers(peer: Any) -> None:
    x = pixels(2, 49, 66, seed=1).double() / 255
    sides = [(pixels(2, 49, 66, seed=2).double() / 255).requires_grad_() for _ in range(2)]
    PerceptualDistance("st-lpips", reduction="sum").double()(x, sides[0]).backward()
    peer(2 * x - 1, 2 * sides[1] - 1).sum().backward()
    found, expected = (side.grad for side in sides)
    assert found is not None
    assert expected is not None
    assert relative_error(found, expected) < ARITHMETIC


def test_a_shift_counts_less_than_for_lpips() -> None:
    """What it is for: a picture moved by a pixel, beside one with noise. (Measured: 0.02 for 0.3.)"""
    with Image.open(ROOT / "sample_images" / "reference" / "photo-blur.png") as image:
        pixels = np.asarray(image.convert("RGB").resize((128, 128)))
    picture = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255
    still, moved = picture[..., 1:, 1:], picture[..., :-1, :-1]
    noise = torch.randn(still.shape, generator=torch.Generator().manual_seed(0)) / 10
    shares = {}
    for name in ("lpips", "st-lpips"):
        loss = PerceptualDistance(name)
        shares[name] = float(loss(still, moved) / loss(still, (still + noise).clamp(0, 1)))
    assert shares["st-lpips"] < shares["lpips"] / 5


def test_the_shipped_learned_weights_are_the_published_ones() -> None:
    import stlpips_pytorch

    published = Path(str(stlpips_pytorch.__file__)).parent / "weights" / "vST0.0" / "vgg_shift_tolerant.pth"
    assert convert("st-lpips", published) == CHANNEL_WEIGHTS["st-lpips"].path.read_bytes()
    assert WEIGHTS["vgg16-st-lpips"].sha256 == SHA256["st-lpips"]
