"""`unit` and `lpips` against the public code: its own network and head, carrying the same kernels.

The kernels are the shipped ones. What is called LPIPS needs torchvision's, a download of 550 MB that no test may
need; but the arithmetic does not depend on which numbers are in the kernels, and everything else is as published:
the normalisation of the lpips package, and its learned weights, read from its own file.

Tried, and each breaks these tests: another mean, another tap, another epsilon, two kernels swapped, one tap's
learned weights for another's, one learned weight altered, corners aligned. (Whether 1e-10 is added inside or
outside the root shows on tiny features only: tests/distances/test_distances.py has that.)

Peers are in float64, and the engine's float32 is held to float64 by what it may lose in that case
(`tests/support/rounding.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from percept_cli import PerceptualDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.recipes.presets import load_preset
from scripts.convert_channels import convert
from tests.support.measuring import measured
from tests.support.parity import in_range, pixels
from tests.support.peers import lpips_with_learned_weights, lpips_with_shipped_kernels, torchmetrics_lpips
from tests.support.rounding import ARITHMETIC, Exact, exact, relative_error

pytestmark = pytest.mark.numeric


SIZES = [(1, 64, 64), (1, 37, 53), (2, 33, 48)]
LARGE = [
    pytest.param(3, 48, 80, marks=pytest.mark.slow),
    pytest.param(2, 67, 97, marks=pytest.mark.slow),
    pytest.param(1, 164, 136, marks=pytest.mark.slow),
    pytest.param(2, 131, 97, marks=pytest.mark.slow),
    pytest.param(1, 264, 200, marks=pytest.mark.slow),
]
sizes = pytest.mark.parametrize(("n", "height", "width"), [*SIZES, *LARGE])


@pytest.fixture(scope="module")
def uncalibrated() -> Any:
    return lpips_with_shipped_kernels()


@pytest.fixture(scope="module")
def learned() -> Any:
    return lpips_with_learned_weights()


@pytest.fixture(scope="module")
def spatial() -> Any:
    return lpips_with_learned_weights(spatial=True)


@pytest.fixture(scope="module")
def torchmetrics() -> Any:
    return torchmetrics_lpips()


@cache
def engine_of(preset: str) -> Engine:
    return Engine(load_preset(preset).spec, "cpu")


@cache
def exact_of(preset: str, n: int, height: int, width: int) -> Exact:
    spec = load_preset(preset).spec
    return exact(spec, pixels(n, height, width, seed=1), pixels(n, height, width, seed=2))


def check_layers_and_total(preset: str, peer: Any, n: int, height: int, width: int) -> None:
    reference, candidate = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    with torch.inference_mode():
        total, per_layer = peer(in_range(reference), in_range(candidate), retPerLayer=True)
    known = exact_of(preset, n, height, width)
    published = torch.stack([layer.flatten() for layer in per_layer], dim=1)
    torch.testing.assert_close(known.distances, published, rtol=ARITHMETIC, atol=0)
    torch.testing.assert_close(known.totals, total.flatten(), rtol=ARITHMETIC, atol=0)
    engine = engine_of(preset)
    known.check(measured(engine, reference, candidate, plan_pair(engine.spec, height=height, width=width)))


@sizes
def test_layers_and_total_equal_lpips_without_learned_weights(
    uncalibrated: Any, n: int, height: int, width: int
) -> None:
    check_layers_and_total("five-taps", uncalibrated, n, height, width)


@pytest.mark.usefixtures("all_weights")
@sizes
def test_layers_and_total_equal_lpips(learned: Any, n: int, height: int, width: int) -> None:
    check_layers_and_total("lpips", learned, n, height, width)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize(("n", "height", "width"), SIZES)
def test_the_map_equals_lpips_spatial(spatial: Any, checkpoint: bool, n: int, height: int, width: int) -> None:
    x, y = (pixels(n, height, width, seed).double() / 255 for seed in (1, 2))
    loss = PerceptualDistance("lpips", spatial=True, per_layer=True, checkpoint=checkpoint).double()
    with torch.inference_mode():
        total, per_layer = spatial(2 * x - 1, 2 * y - 1, retPerLayer=True)
        found, layers = loss(x, y)
    assert found.shape == total.shape == (n, 1, height, width)
    # One position's unit vectors, of length 1, may be nearly equal: so values of 1 and not their own size count.
    torch.testing.assert_close(found, total, rtol=ARITHMETIC, atol=ARITHMETIC)
    for mine, theirs in zip(layers.values(), per_layer, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=ARITHMETIC, atol=ARITHMETIC)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize(("n", "height", "width"), [(1, 64, 64), (3, 37, 53)])
def test_gradient_equals_that_of_lpips_with_learned_weights(learned: Any, n: int, height: int, width: int) -> None:
    """In float64, where no rounding moves a ReLU across 0: test_loss.py tells what float32 does, for `unit`."""
    x = pixels(n, height, width, 3).double() / 255
    sides = [(pixels(n, height, width, 4).double() / 255).requires_grad_() for _ in range(2)]
    PerceptualDistance("lpips", reduction="sum").double()(x, sides[0]).backward()
    learned(2 * x - 1, 2 * sides[1] - 1).sum().backward()
    found, expected = (side.grad for side in sides)
    assert found is not None
    assert expected is not None
    assert relative_error(found, expected) < ARITHMETIC


@pytest.mark.usefixtures("all_weights")
@sizes
def test_torchmetrics_differs_by_its_epsilon_alone(torchmetrics: Any, n: int, height: int, width: int) -> None:
    """It divides by √(1e-8 + ‖F‖²) where LPIPS has ‖F‖ + 1e-10.

    With features that are as long as trained ones are, ‖F‖ > 1 nearly everywhere: a vector's length is then
    1e-8 / 2‖F‖² off, relative to it, and the distance at most 1e-8. On dark or flat pictures with shorter vectors
    it would be more.
    """
    reference, candidate = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    with torch.inference_mode():
        theirs = torchmetrics(in_range(reference), in_range(candidate)).flatten()
    torch.testing.assert_close(exact_of("lpips", n, height, width).totals, theirs, rtol=1e-8, atol=0)


def test_the_shipped_learned_weights_are_the_published_ones() -> None:
    import lpips

    published = Path(lpips.__file__).parent / "weights" / "v0.1" / "vgg.pth"
    assert convert("lpips", published) == CHANNEL_WEIGHTS["lpips"].path.read_bytes()
