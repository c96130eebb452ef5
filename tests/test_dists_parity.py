"""`dists` against DISTS_pytorch: its own module and channel weights, carrying the same kernels and normalisation.

The peer sums products of features, and takes covariances as small differences of them: in float32 it loses digits
that percept keeps, and how many depends on the machine. So it is in float64, and the engine's float32 is held to
float64 by what it may lose in that case (`tests/support/rounding.py`).

Tried, and each breaks these tests: alpha and beta swapped, one tap's weights for another's, maxima for pools,
another blur, 1e-3 for 1e-6 in either ratio, a variance that is unbiased, another mean.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from percept_cli import PerceptualDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.networks.channels import CHANNEL_WEIGHTS, load_channel_weights
from percept_cli.recipes.recipe import make_recipe
from scripts.convert_channels import convert
from tests.support.measuring import measured
from tests.support.parity import pixels
from tests.support.peers import dists_with_shipped_kernels, published_dists_weights
from tests.support.rounding import ARITHMETIC, exact, relative_error

pytestmark = pytest.mark.numeric

SPEC = make_recipe("dists", backbone="vgg16-oxford-l2pool").spec


@pytest.fixture(scope="module")
def peer() -> Any:
    return dists_with_shipped_kernels()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SPEC, "cpu")


AMOUNTS = (255, 40, 3)
"""Levels of noise."""
# Float64 takes seconds: the quick tests have each amount once, and the slow ones everything else.
QUICK = {(1, 64, 64, 255), (1, 37, 53, 3), (3, 31, 45, 40)}
SIZES = [
    (1, 64, 64),
    (1, 37, 53),
    (3, 48, 80),
    (3, 31, 45),
    (1, 67, 97),
    (1, 164, 130),
    (1, 131, 97),
    (1, 200, 162),
]


@pytest.mark.parametrize(
    ("n", "height", "width", "amount"),
    [
        pytest.param(*size, amount, marks=() if (*size, amount) in QUICK else pytest.mark.slow)
        for size in SIZES
        for amount in AMOUNTS
    ],
)
def test_the_sum_of_the_layers_is_dists(
    peer: Any, engine: Engine, n: int, height: int, width: int, amount: int
) -> None:
    reference, noise = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    candidate = (reference.int() + (noise % (2 * amount + 1)).int() - amount).clamp(0, 255).to(torch.uint8)
    with torch.inference_mode():
        published = peer(reference.double() / 255, candidate.double() / 255).reshape(n)
    known = exact(SPEC, reference, candidate)
    torch.testing.assert_close(known.totals, published, rtol=ARITHMETIC, atol=0)
    known.check(measured(engine, reference, candidate, plan_pair(SPEC, height=height, width=width)))


def test_the_differentiable_number_and_its_gradient_are_the_peers(peer: Any) -> None:
    loss = PerceptualDistance("dists", backbone="vgg16-oxford-l2pool", reduction="none").double()
    reference, candidate = (pixels(2, 33, 34, seed=seed).double() / 255 for seed in (1, 2))
    sides = [candidate.clone().requires_grad_() for _ in range(2)]
    mine = loss(reference, sides[0])
    theirs = peer(reference, sides[1], require_grad=True)
    torch.testing.assert_close(mine, theirs, rtol=ARITHMETIC, atol=0)
    mine.sum().backward()
    theirs.sum().backward()
    assert sides[0].grad is not None
    assert sides[1].grad is not None
    assert relative_error(sides[0].grad, sides[1].grad) < ARITHMETIC


def test_the_shipped_channel_weights_are_the_published_ones() -> None:
    record = CHANNEL_WEIGHTS["dists"]
    assert convert("dists", published_dists_weights()) == record.path.read_bytes()
    published = torch.load(published_dists_weights(), weights_only=True)
    weights = load_channel_weights(record)
    for part in record.parts:
        together = torch.cat([weights[f"{tap}.{part}"] for tap in record.taps])
        assert torch.equal(together, published[part].flatten())
