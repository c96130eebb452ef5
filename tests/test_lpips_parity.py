"""`unit` against the lpips package: its own network and head, carrying the same kernels and normalisation.

Tried, and each breaks these tests: another mean, another tap, another epsilon, two kernels swapped. (Whether 1e-10
is added inside or outside the root shows on tiny features only: test_distances.py has that.)
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.presets import load_preset
from tests.peers import lpips_with_shipped_kernels

# Two float32 networks of 13 layers that sum in different orders.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def peer() -> Any:
    return lpips_with_shipped_kernels()


def pixels(n: int, height: int, width: int, seed: int) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


@pytest.mark.parametrize(
    ("n", "height", "width"), [(1, 64, 64), (1, 37, 53), (3, 48, 80), (2, 131, 97), (1, 264, 200)]
)
def test_layers_and_total_equal_lpips(peer: Any, n: int, height: int, width: int) -> None:
    reference, candidate = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    with torch.inference_mode():
        total, per_layer = peer(reference / 127.5 - 1, candidate / 127.5 - 1, retPerLayer=True)
    spec = load_preset("default").spec
    found = Engine(spec, "cpu").measure(reference, candidate, plan_pair(spec, height=height, width=width))
    expected = torch.stack([layer.flatten() for layer in per_layer], dim=1).double()
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=0)
    torch.testing.assert_close(found.sum(dim=1), total.flatten().double(), rtol=TOLERANCE, atol=0)
