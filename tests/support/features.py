"""Random features."""

from __future__ import annotations

import torch
from torch import Tensor


def features(n: int, shape: tuple[int, int, int], seed: int) -> Tensor:
    """Non-negative features with many zeros, as after a ReLU."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, *shape, generator=generator).relu().contiguous(memory_format=torch.channels_last)
