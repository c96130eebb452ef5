"""Layers with random kernels, and what a convolution may lose."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from percept_cli.engine.convolution import Convolution, prepare
from tests.support.rounding import UNIT, products, relative_error

CPU = torch.device("cpu")


def rounding(inputs: int, tile: int) -> float:
    """Relative error that one layer may have in float32."""
    return UNIT * math.sqrt(products(inputs, tile=tile if inputs > 3 else None))


def close(found: Tensor, expected: Tensor, inputs: int, tile: int) -> None:
    """Equal but for the order of sums, which libraries choose by the size of a product: each is off in its way."""
    assert relative_error(found, expected) <= 2 * rounding(inputs, tile)


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
