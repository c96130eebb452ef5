"""Both convolution algorithms against a float64 direct sum."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.nn.functional as F

from percept_cli.engine import winograd
from percept_cli.engine.convolution import Convolution

CPU = torch.device("cpu")


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 11), (25, 31), (33, 47), (64, 19)])
@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(128, 192, 2), (128, 192, 16), (8, 16, 1)])
def test_equals_the_direct_sum_in_float64(inputs: int, outputs: int, stride: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height * width)
    features = torch.randn(2, inputs, height, width, generator=generator)
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator)
    bias = torch.randn(outputs, generator=generator)
    expected = F.conv2d(features.double(), weight.double(), bias.double(), padding=1)
    convolution = Convolution(weight, bias, stride=stride, device=CPU, dtype=torch.float32)
    with torch.inference_mode():
        found = convolution(features.contiguous(memory_format=torch.channels_last))
    # One layer in float32: 2e-7 measured for the direct sum and tiles of 2, 1e-6 for tiles of 4.
    assert float((found - expected).norm() / expected.norm()) < 3e-6


@pytest.mark.parametrize("stride", [2, 16])
def test_a_picture_has_the_same_features_alone_and_in_a_batch(stride: int) -> None:
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(3, 128, 26, 34, generator=generator).contiguous(memory_format=torch.channels_last)
    convolution = Convolution(
        torch.randn(256, 128, 3, 3, generator=generator),
        torch.zeros(256),
        stride=stride,
        device=CPU,
        dtype=torch.float32,
    )
    with torch.inference_mode():
        together = convolution(features)
        alone = [convolution(features[i : i + 1]) for i in range(3)]
    # Matrix products of another height may sum in another order on other machines.
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-6, atol=1e-4)


def test_threads_do_not_share_working_memory() -> None:
    generator = torch.Generator().manual_seed(4)
    convolution = Convolution(
        torch.randn(128, 128, 3, 3, generator=generator),
        torch.zeros(128),
        stride=2,
        device=CPU,
        dtype=torch.float32,
    )
    inputs = [
        torch.randn(1, 128, 40, 40 + i, generator=generator).contiguous(memory_format=torch.channels_last)
        for i in range(8)
    ]

    def run(features: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return convolution(features)

    expected = [run(features) for features in inputs]
    with ThreadPoolExecutor(4) as pool:
        for found, right in zip(pool.map(run, inputs * 3), expected * 3, strict=True):
            torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("tile", winograd.TILES.values(), ids=["2", "4"])
def test_the_transforms_are_an_exact_convolution_in_float64(tile: winograd.Tile) -> None:
    """One axis, in float64: Aᵀ[(G g) ∘ (Bᵀ d)] is the correlation of d with g to the last digits."""
    generator = torch.Generator().manual_seed(5)
    d = torch.randn(tile.m + 2, 1, generator=generator, dtype=torch.float64)
    g = torch.randn(3, generator=generator, dtype=torch.float64)
    values, outputs = torch.empty_like(d), torch.empty(tile.m, 1, dtype=torch.float64)
    tile.transform_input(d.unbind(0), values.unbind(0))
    products = (torch.tensor(tile.g, dtype=torch.float64) @ g)[:, None] * values
    tile.transform_output(products.unbind(0), outputs.unbind(0))
    expected = torch.stack([(d[i : i + 3, 0] * g).sum() for i in range(tile.m)])[:, None]
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
