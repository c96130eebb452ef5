"""Working memory that is taken from the system once and used again."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_ALIGNMENT = 64  # bytes: a cache line, which vector instructions want their data to begin at


class Workspace(threading.local):
    """Memory on one device that each thread keeps, as much as it needed at most.

    Fresh buffers of many megabytes come as pages that the system zeroes when they are first touched, in every
    layer anew, which costs as much as a pass over them.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._bytes = torch.empty(0, dtype=torch.uint8)

    @property
    def bytes_held(self) -> int:
        """What this thread has."""
        return self._bytes.numel()

    def give_back(self) -> None:
        """Let go of what this thread has."""
        self._bytes = torch.empty(0, dtype=torch.uint8)

    def take(self, shapes: Sequence[tuple[int, ...]], dtype: torch.dtype) -> list[Tensor]:
        """Tensors of these shapes, not initialised, valid until the next call in this thread."""
        sizes = [math.prod(shape) * dtype.itemsize for shape in shapes]
        padded = [-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes]
        if self._bytes.numel() < sum(padded):
            self.give_back()  # first, so that the old memory is free for the new
            with torch.inference_mode(False):  # else only inference mode could write to it
                self._bytes = torch.empty(sum(padded), dtype=torch.uint8, device=self._device)
        parts = self._bytes[: sum(padded)].split_with_sizes(padded)
        return [
            part[:size].view(dtype).view(shape) for part, size, shape in zip(parts, sizes, shapes, strict=True)
        ]
