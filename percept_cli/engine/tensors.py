"""Pictures, and constants, → tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from percept_cli.geometry import Rectangle
from percept_cli.images.picture import Picture

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def to_batch(
    pictures: Sequence[Picture], parts: Sequence[Rectangle] | None = None, *, pinned: bool = False
) -> Tensor:
    """Pictures of equal size, or parts of equal size from anywhere in pictures, as one tensor.

    Args:
        pictures: one or more, all of 8 bits or all deep.
        parts: which pixels of each; None for all.
        pinned: whether in memory that a GPU reads by itself, while the processor does other work.

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
    if not pinned:
        return torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)
    # Put together where the GPU can read it: one pass over the pixels less.
    dtype = torch.uint8 if views[0].dtype == np.uint8 else torch.float32
    found = torch.empty((len(views), *views[0].shape), dtype=dtype, pin_memory=True)
    np.stack(views, out=found.numpy())
    return found.permute(0, 3, 1, 2)


def constants(values: Sequence[float], device: torch.device, dtype: torch.dtype) -> Tensor:
    """A few values on a device, without waiting for it.

    ``torch.tensor(values, device=device)`` copies them there from memory that is not pinned, and a GPU has to be
    done with all that it was given before such a copy returns.

    Args:
        values: which.
        device: where.
        dtype: as what.

    Returns:
        One dimension, as long as the values.
    """
    import torch

    return torch.cat([torch.full((1,), value, device=device, dtype=dtype) for value in values])
