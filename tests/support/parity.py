"""Pixels, and what the public code is given of them."""

from __future__ import annotations

import torch
from torch import Tensor


def pixels(n: int, height: int, width: int, seed: int) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


def in_range(pictures: Tensor) -> Tensor:
    """As the lpips package takes them: float64 in [-1, 1]."""
    return pictures.double() / 127.5 - 1
