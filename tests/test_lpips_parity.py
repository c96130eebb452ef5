"""`unit` against the lpips package: its own network and head, carrying the same kernels and normalisation.

Swapping a mean, a tap, the epsilon's place or one kernel breaks these tests (tried).
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.presets import load_preset
from percept_cli.weights.loading import load_kernels
from percept_cli.weights.registry import WEIGHTS

# Two float32 networks of 13 layers that sum in different orders.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def peer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips 0.1.4 calls torchvision by argument names of long ago
        import lpips

        model = lpips.LPIPS(net="vgg", lpips=False, pnet_rand=True, verbose=False).eval()
    kernels = load_kernels(WEIGHTS["vgg16-oxford"])
    convolutions = [module for module in model.net.modules() if isinstance(module, torch.nn.Conv2d)]
    names = sorted(key for key in kernels if key.endswith(".weight"))
    with torch.no_grad():
        for module, key in zip(convolutions, names, strict=True):
            assert module.bias is not None
            module.weight.copy_(kernels[key])
            module.bias.copy_(kernels[key.replace("weight", "bias")])
        # lpips takes x in [-1, 1] and computes (x - shift) / scale; 255·(x + 1)/2 - mean is that with
        # scale = 2/255 and shift = 2·mean/255 - 1.
        mean = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
        model.scaling_layer.shift.copy_(2 * mean / 255 - 1)
        model.scaling_layer.scale.copy_(torch.full_like(mean, 2 / 255))
    return model


def pixels(n: int, height: int, width: int, seed: int) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


@pytest.mark.parametrize(("n", "height", "width"), [(1, 64, 64), (1, 37, 53), (3, 48, 80), (2, 131, 97)])
def test_layers_and_total_equal_lpips(peer: Any, n: int, height: int, width: int) -> None:
    reference, candidate = pixels(n, height, width, seed=1), pixels(n, height, width, seed=2)
    with torch.inference_mode():
        total, per_layer = peer(reference / 127.5 - 1, candidate / 127.5 - 1, retPerLayer=True)
    spec = load_preset("default").spec
    found = Engine(spec, "cpu").measure(
        reference, candidate, plan_pair(spec, height=height, width=width, equal=False)
    )
    expected = torch.stack([layer.flatten() for layer in per_layer], dim=1).double()
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=0)
    torch.testing.assert_close(found.sum(dim=1), total.flatten().double(), rtol=TOLERANCE, atol=0)
