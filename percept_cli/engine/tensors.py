"""Pictures → tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from percept_cli.geometry import Rectangle
from percept_cli.images.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor


def to_batch(pictures: Sequence[Picture], parts: Sequence[Rectangle] | None = None) -> Tensor:
    """Pictures of equal size, or parts of equal size from anywhere in pictures, as one tensor.

    Args:
        pictures: one or more, all of 8 bits or all deep.
        parts: which pixels of each; None for all.

    Returns:
        N×3×H×W in 0..255, sRGB, channels last in memory: of 8-bit pictures uint8, the decoded bytes as they
        are, a quarter of what the float32 of deep ones sends to a device.
    """
    import numpy as np
    import torch

    if parts is None:
        views = [picture.array for picture in pictures]
    else:
        views = [
            picture.part(part.top, part.left, part.bottom, part.right)
            for picture, part in zip(pictures, parts, strict=True)
        ]
    return torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)
