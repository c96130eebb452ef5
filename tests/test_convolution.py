"""Every convolution algorithm against a float64 direct sum, and how it may be divided."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from percept_cli.engine import winograd
from percept_cli.engine.convolution import Convolution, prepare
from tests.rounding import UNIT, products, relative_error

pytestmark = pytest.mark.numeric

CPU = torch.device("cpu")
# Inputs, outputs, tile: the direct sum, columns transformed, whole windows transformed.
LAYERS = {
    "direct": (3, 64, 4),
    "by row, 4": (64, 128, 4),
    "by row, 2": (64, 64, 2),
    "windows of 4": (128, 256, 4),
    "windows of 2": (64, 256, 2),
}


def rounding(inputs: int, tile: int) -> float:
    """Relative error that one layer may have in float32."""
    return UNIT * math.sqrt(products(inputs, tile=tile if inputs > 3 else None))


def close(found: Tensor, expected: Tensor, inputs: int, tile: int) -> None:
    """Equal but for the order of sums, which libraries choose by the size of a product: each is off in its way."""
    assert relative_error(found, expected) <= 2 * rounding(inputs, tile)


every_algorithm = pytest.mark.parametrize(("inputs", "outputs", "tile"), LAYERS.values(), ids=LAYERS)


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def kernels(inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    return random(outputs, inputs, 3, 3, seed=2), random(outputs, seed=3)


def layer(inputs: int, outputs: int, tile: int, dtype: torch.dtype = torch.float32) -> Convolution:
    return prepare(*kernels(inputs, outputs), tile=tile, device=CPU, dtype=dtype)


def run(convolution: Convolution, padded: Tensor, outputs: int, *, relu: bool = False) -> Tensor:
    """N×(R+2)×W×I to N×R×W×O."""
    n, rows, width, _ = padded.shape
    out = torch.full((n, rows - 2, width, outputs), torch.nan, dtype=padded.dtype)
    with torch.inference_mode():
        convolution(padded, out, relu=relu)
    return out


@every_algorithm
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (8, 11), (25, 31), (5, 700)])
@pytest.mark.parametrize("relu", [False, True])
def test_equals_the_direct_sum_in_float64(
    inputs: int, outputs: int, tile: int, height: int, width: int, relu: bool
) -> None:
    padded = random(2, height + 2, width, inputs)
    weight, bias = (values.double() for values in kernels(inputs, outputs))
    expected = F.conv2d(padded.double().permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    found = run(layer(inputs, outputs, tile), padded, outputs, relu=relu)
    expected = expected.clamp_min(0) if relu else expected
    assert relative_error(found, expected) < rounding(inputs, tile)


@every_algorithm
def test_a_picture_has_the_same_features_alone_and_in_a_batch(inputs: int, outputs: int, tile: int) -> None:
    padded = random(3, 28, 34, inputs)
    convolution = layer(inputs, outputs, tile)
    alone = [run(convolution, padded[i : i + 1], outputs) for i in range(3)]
    close(run(convolution, padded, outputs), torch.cat(alone), inputs, tile)


@every_algorithm
def test_bands_and_crops_have_the_digits_of_the_whole(inputs: int, outputs: int, tile: int) -> None:
    """Where bands begin at tiles. A crop's edge columns see zeros that are not the picture's."""
    padded = random(1, 34, 100, inputs)
    convolution = layer(inputs, outputs, tile)
    whole = run(convolution, padded, outputs)
    bands = [
        run(convolution, padded[:, top : top + rows + 2], outputs) for top, rows in ((0, 12), (12, 8), (20, 12))
    ]
    close(torch.cat(bands, dim=1), whole, inputs, tile)
    crop = run(convolution, padded[:, :, 32:64], outputs)
    close(crop[:, :, 4:-4], whole[:, :, 36:60], inputs, tile)


def test_half_precision_is_summed_directly() -> None:
    padded = random(1, 12, 10, 64).bfloat16()
    weight, bias = (values.bfloat16() for values in kernels(64, 128))
    expected = F.conv2d(padded.permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    assert torch.equal(run(layer(64, 128, 4, torch.bfloat16), padded, 128), expected)


@pytest.mark.parametrize("outputs", [128, 256])
def test_threads_do_not_share_working_memory(outputs: int) -> None:
    convolution = layer(128, outputs, 4)
    inputs = [random(1, 42, 40 + i, 128, seed=i) for i in range(8)]
    expected = [run(convolution, padded, outputs) for padded in inputs]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda padded: run(convolution, padded, outputs), inputs * 3)
        for one, right in zip(found, expected * 3, strict=True):
            close(one, right, 128, 4)


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
    # Some ten roundings of 1.1e-16, of values up to 3 that the transforms enlarge tenfold.
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
