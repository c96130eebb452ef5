"""Pixels in a range, and tensors of pictures."""

from __future__ import annotations

import torch
from torch import Tensor

SHALLOW = "relu1_2,relu2_1"


def pixels(n: int, height: int, width: int, seed: int) -> Tensor:
    return torch.randint(
        0, 256, (n, 3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


def pictures(n: int, height: int, width: int, seed: int) -> Tensor:
    """N×3×H×W float32 sRGB in [0, 1]."""
    return pixels(n, height, width, seed) / 255
