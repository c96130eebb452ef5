"""`dists` against DISTS_pytorch: its own module and channel weights, carrying the same kernels and normalisation.

The peer sums products of features in float32, and takes covariances as small differences of them, so that it loses
digits that percept keeps: it is compared with both as published and, more closely, in float64.

Tried, and each breaks these tests: alpha and beta swapped, one tap's weights for another's, maxima for pools,
another blur, 1e-3 for 1e-6 in either ratio, a variance that is unbiased, another mean.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from percept_cli import PerceptualDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.presets import customise, load_preset
from percept_cli.weights.channels import CHANNEL_WEIGHTS, load_channel_weights
from scripts.convert_channels import convert
from tests.peers import dists_with_shipped_kernels, published_dists_weights
from tests.test_lpips_parity import pixels

SPEC = customise(load_preset("dists"), backbone="vgg16-oxford-l2pool")


@pytest.fixture(scope="module")
def peer() -> Any:
    return dists_with_shipped_kernels()


@pytest.fixture(scope="module")
def exact_peer(peer: Any) -> Any:
    return copy.deepcopy(peer).double()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SPEC, "cpu")


@pytest.mark.parametrize("amount", [255, 40, 3])
@pytest.mark.parametrize(
    ("n", "height", "width"), [(1, 64, 64), (1, 37, 53), (3, 48, 80), (3, 31, 45), (1, 131, 97), (1, 200, 162)]
)
def test_the_sum_of_the_layers_is_dists(
    peer: Any, exact_peer: Any, engine: Engine, n: int, height: int, width: int, amount: int
) -> None:
    reference, noise = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    candidate = (reference.int() + (noise % (2 * amount + 1)).int() - amount).clamp(0, 255).to(torch.uint8)
    found = engine.measure(reference, candidate, plan_pair(SPEC, height=height, width=width)).sum(dim=1)
    with torch.inference_mode():
        published = peer(reference / 255, candidate / 255).double().reshape(n)
        exact = exact_peer(reference.double() / 255, candidate.double() / 255).reshape(n)
    # Features are float32 here: of pictures that hardly differ, a distance of some thousandths keeps fewer digits.
    torch.testing.assert_close(found, exact, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(found, published, rtol=1e-5, atol=2e-7)


def test_the_differentiable_number_and_its_gradient_are_the_peers(peer: Any) -> None:
    loss = PerceptualDistance("dists", backbone="vgg16-oxford-l2pool", reduction="none")
    reference, candidate = (pixels(2, 49, 66, seed=seed) / 255 for seed in (1, 2))
    sides = [candidate.clone().requires_grad_() for _ in range(2)]
    mine = loss(reference, sides[0])
    theirs = peer(reference, sides[1], require_grad=True)
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=0)
    mine.sum().backward()
    theirs.sum().backward()
    assert sides[0].grad is not None
    assert sides[1].grad is not None
    error = (sides[0].grad - sides[1].grad).norm() / sides[1].grad.norm()
    assert error < 1e-4


def test_the_shipped_channel_weights_are_the_published_ones() -> None:
    record = CHANNEL_WEIGHTS["dists"]
    assert convert("dists", published_dists_weights()) == record.path.read_bytes()
    published = torch.load(published_dists_weights(), weights_only=True)
    weights = load_channel_weights(record)
    for part in record.parts:
        together = torch.cat([weights[f"{tap}.{part}"] for tap in record.taps])
        assert torch.equal(together, published[part].flatten())
