"""Pictures → tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from percept_cli.images.decode import Picture

if TYPE_CHECKING:
    from torch import Tensor


def to_batch(pictures: Sequence[Picture]) -> Tensor:
    """Pictures of equal size as one tensor.

    Returns:
        N×3×H×W uint8 in 0..255, sRGB, channels last in memory: the decoded bytes as they are, a quarter of
        what float32 would send to a device.
    """
    import torch

    height, width = pictures[0].height, pictures[0].width
    # bytearray: torch wants memory it may write to, and bytes are read-only.
    joined = bytearray().join(picture.pixels for picture in pictures)
    flat = torch.frombuffer(joined, dtype=torch.uint8)
    return flat.view(len(pictures), height, width, 3).permute(0, 3, 1, 2)
