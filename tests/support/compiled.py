"""Compiled convolutions by name, and one layer of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from percept_cli.engine import compiled
from percept_cli.engine.compiled import Kernel
from tests.support.convolutions import kernels


def there(name: str) -> Kernel:
    """The compiled code for a set of instructions, or the test is skipped."""
    found = compiled.found()
    if found.why:
        pytest.skip(f"no compiled code: {found.why}")
    kernel = next((kernel for kernel in found.kernels if kernel.name == name), None)
    if kernel is None:
        pytest.skip(f"this processor has no {name}")
    return kernel


def run(kernel: Kernel, padded: Tensor, outputs: int, tile: int, *, relu: bool = False) -> Tensor:
    """N×(R+2)×W×I to N×R×W×O, with the same kernels for the same channels."""
    n, rows, width, inputs = padded.shape
    weight, bias = kernels(inputs, outputs)
    out = torch.full((n, rows - 2, width, outputs), torch.nan)
    kernel.convolve(tile, padded, kernel.pack(weight, tile), bias, out, relu=relu)
    return out
