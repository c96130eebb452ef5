"""3×3 convolutions, the whole cost of the network, by the cheapest of three exact algorithms."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine import winograd

if TYPE_CHECKING:
    from torch import Tensor

# With fewer channels the transforms cost more than the multiplications they save; see tests/benchmarks/README.md.
_WINOGRAD_MIN_CHANNELS = 128
# On smaller maps most of a tile would be padding.
_WINOGRAD_MIN_SIDE = 8
# Tiles of 4×4 outputs up to this stride, of 2×2 beyond: every layer's tiles then begin at multiples of 32 pixels
# of the picture, so a crop that begins at one has the very same tiles, and the same rounding, as the whole.
_LARGEST_STRIDE_OF_TILE_4 = 8


class Convolution:
    """A 3×3 convolution with stride 1 and zero padding 1, plus bias.

    Args:
        weight: O×I×3×3 kernels, float32.
        bias: O values, float32.
        stride: pixels of the picture per position of this layer.
        device: where it computes.
        dtype: what it computes in.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, *, stride: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._weight = weight
        self._device = device
        self._dtype = dtype
        self._bias = bias.to(device, dtype)
        self._tile = winograd.TILES[4 if stride <= _LARGEST_STRIDE_OF_TILE_4 else 2]

    def __call__(self, features: Tensor) -> Tensor:
        """N×I×H×W features, channels last, to N×O×H×W, channels last."""
        if self._uses_winograd(features):
            return winograd.convolve(self._tile, features, self._winograd_kernels, self._bias)
        return F.conv2d(features, self._direct_kernels, self._bias, padding=1)

    def _uses_winograd(self, features: Tensor) -> bool:
        # GPU libraries choose for themselves; half precision would lose too many digits in the transforms; and
        # autograd differentiates the direct sum. Beyond that only layer and size decide, so that a picture takes
        # the same path alone and in a batch.
        return (
            self._weight.shape[1] >= _WINOGRAD_MIN_CHANNELS
            and min(features.shape[2:]) >= _WINOGRAD_MIN_SIDE
            and self._device.type == "cpu"
            and self._dtype == torch.float32
            and not torch.is_grad_enabled()
        )

    # Either form is prepared once, when first used: outside inference mode, since autograd may meet it later.
    @cached_property
    def _direct_kernels(self) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            return self._weight.to(self._device, self._dtype, memory_format=torch.channels_last)

    @cached_property
    def _winograd_kernels(self) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            return winograd.transform_kernels(self._tile, self._weight)
