"""3×3 convolutions, the whole cost of the network, by the cheaper of two exact algorithms.

On the CPU in float32, deep layers are computed by Winograd's minimal filtering F(2×2, 3×3) (Lavin & Gray
2016, section 4.1): 16 multiplications per 2×2 outputs and channel instead of 36. Its transforms use only
additions and halves, so in float32 it is at least as accurate as the direct sum (measured against float64 on
VGG-16's kernels: relative error 2e-7, direct 4e-7). Shallow layers stay direct: with few channels the
transforms cost more than they save.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

# Below these the direct sum is faster; measured on 2 cores with AVX-512, see tests/benchmarks/README.md.
_WINOGRAD_MIN_IN_CHANNELS = 128
_WINOGRAD_MIN_OUT_CHANNELS = 256
_WINOGRAD_MIN_SIDE = 8
# 2×2 output tiles per strip: the transformed strip (16 values per tile and channel) stays in the last-level cache.
_TILES_PER_STRIP = 512


class Convolution:
    """A 3×3 convolution with stride 1 and zero padding 1, plus bias."""

    def __init__(self, weight: Tensor, bias: Tensor, *, device: torch.device, dtype: torch.dtype) -> None:
        """Take O×I×3×3 kernels and O biases; forms for either algorithm are prepared once, when first used."""
        self._weight = weight
        self._device = device
        self._dtype = dtype
        self._bias = bias.to(device, dtype)
        out_channels, in_channels = weight.shape[:2]
        self._deep = in_channels >= _WINOGRAD_MIN_IN_CHANNELS and out_channels >= _WINOGRAD_MIN_OUT_CHANNELS

    def __call__(self, features: Tensor) -> Tensor:
        """N×I×H×W features, channels last, to N×O×H×W, channels last."""
        if self._uses_winograd(features):
            return self._winograd(features)
        return F.conv2d(features, self._direct_kernels, self._bias, padding=1)

    def _uses_winograd(self, features: Tensor) -> bool:
        # Only the layer, the size and the kind of arithmetic decide, so a picture takes the same path alone
        # and in a batch. Autograd takes the direct path, which torch differentiates.
        return (
            self._deep
            and self._device.type == "cpu"
            and self._dtype == torch.float32
            and not torch.is_grad_enabled()
            and min(features.shape[2:]) >= _WINOGRAD_MIN_SIDE
        )

    @cached_property
    def _direct_kernels(self) -> Tensor:
        return self._weight.to(self._device, self._dtype, memory_format=torch.channels_last)

    @cached_property
    def _winograd_kernels(self) -> Tensor:
        """G g Gᵀ for every kernel: 16×I×O."""
        out_channels, in_channels = self._weight.shape[:2]
        g = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]])
        by_tap = self._weight.permute(2, 3, 1, 0).reshape(9, -1)  # 9×(I·O)
        return (torch.kron(g, g) @ by_tap).view(16, in_channels, out_channels)

    def _winograd(self, features: Tensor) -> Tensor:
        n, _, height, width = features.shape
        channels = self._weight.shape[0]
        out = features.new_empty((n, height, width, channels))
        tile_rows, tile_columns = -(-height // 2), -(-width // 2)
        rows_per_strip = max(1, _TILES_PER_STRIP // tile_columns)
        # Picture by picture, so that a picture's numbers do not depend on its neighbours in the batch.
        for picture, target in zip(features.permute(0, 2, 3, 1), out, strict=True):
            for first in range(0, tile_rows, rows_per_strip):
                rows = min(rows_per_strip, tile_rows - first)
                strip = _padded_strip(picture, 2 * first, 2 * rows, 2 * tile_columns)
                products = torch.bmm(_transform_input(strip), self._winograd_kernels)  # 16×tiles×O
                pixels = _transform_output(products, rows, tile_columns)  # 2·rows × 2·columns × O
                inside = target[2 * first : 2 * (first + rows)]
                torch.add(pixels[: inside.shape[0], :width], self._bias, out=inside)
        return out.permute(0, 3, 1, 2)


def _padded_strip(picture: Tensor, top: int, rows: int, columns: int) -> Tensor:
    """Rows top−1 … top+rows of an H×W×C picture, with zeros outside it: (rows+2)×(columns+2)×C."""
    height, width, channels = picture.shape
    strip = picture.new_zeros((rows + 2, columns + 2, channels))
    start, stop = max(0, top - 1), min(height, top + rows + 1)
    strip[start - (top - 1) : stop - (top - 1), 1 : width + 1] = picture[start:stop]
    return strip


def _transform_input(strip: Tensor) -> Tensor:
    """Bᵀ d B for every 4×4 window d at even places: (2r+2)×(2c+2)×C → 16×(r·c)×C."""
    rows, columns, channels = strip.shape[0] // 2 - 1, strip.shape[1] // 2 - 1, strip.shape[2]
    half = strip.new_empty((4, rows, strip.shape[1], channels))
    full = strip.new_empty((4, 4, rows, columns, channels))
    _combine([strip[i : i + 2 * rows - 1 : 2] for i in range(4)], half.unbind(0))
    _combine([half[:, :, j : j + 2 * columns - 1 : 2] for j in range(4)], full.unbind(1))
    return full.view(16, rows * columns, channels)


def _combine(d: list[Tensor], out: tuple[Tensor, ...]) -> None:
    torch.sub(d[0], d[2], out=out[0])
    torch.add(d[1], d[2], out=out[1])
    torch.sub(d[2], d[1], out=out[2])
    torch.sub(d[1], d[3], out=out[3])


def _transform_output(products: Tensor, rows: int, columns: int) -> Tensor:
    """Aᵀ m A for every 4×4 block of products: 16×(r·c)×O → 2r×2c×O."""
    channels = products.shape[-1]
    m = products.view(4, 4, rows, columns, channels)
    half = products.new_empty((2, 4, rows, columns, channels))
    torch.add(m[0], m[1], out=half[0]).add_(m[2])
    torch.sub(m[1], m[2], out=half[1]).sub_(m[3])
    pixels = products.new_empty((rows, 2, columns, 2, channels))
    for i in range(2):
        h = half[i]
        pixels[:, i, :, 0] = (h[0] + h[1]).add_(h[2])
        pixels[:, i, :, 1] = (h[1] - h[2]).sub_(h[3])
    return pixels.view(2 * rows, 2 * columns, channels)
