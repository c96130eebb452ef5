"""Pools: between two blocks of convolutions, every second position of a maximum or of a blur.

For each there are two ways: rows on their way down a picture, written where the next layer reads them, and plain
torch on a whole picture, which autograd can follow. The rows are the faster way, and need no more memory than
half of their input; the tests hold one against the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine.tensors import constants
from percept_cli.topology import Layer

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-12
"""Added under the root of an L2 pool, as in DISTS_pytorch: the root of 0 has no finite gradient."""


def pool_rows(layer: Layer, window: Tensor, out: Tensor) -> None:
    """Make one band of a pool's output.

    Args:
        layer: any pool.
        window: N×R×W×C rows of its input, padding above and below included.
        out: N×R×W×C, to be written.
    """
    if layer.kind == "pool":
        _maxima(window, out)
    elif layer.kind == "max":
        _dense_maxima(window, out)
    elif layer.kind == "l2pool":
        _l2(layer, window, out)
    else:
        _blur(layer, window, out)


def differentiable_pool(layer: Layer, features: Tensor) -> Tensor:
    """The same of whole features, N×C×H×W."""
    if layer.kind in ("pool", "max"):
        return F.max_pool2d(features, layer.kernel, layer.step)
    padding = (layer.padding,) * 4
    channels = features.shape[1]
    weights = constants((1.0, 2.0, 1.0), features.device, torch.float32) / 4
    kernel = torch.outer(weights, weights).expand(channels, 1, 3, 3)
    if layer.kind == "l2pool":
        # In half precision squares overflow, and 1e-12 is 0.
        squares = F.pad(features.to(torch.promote_types(features.dtype, torch.float32)).square(), padding)
        means = F.conv2d(squares, kernel.to(squares.dtype), stride=layer.step, groups=channels)
        return (means + EPSILON).sqrt().to(features.dtype)
    # On CUDA what is mirrored comes back channels first, and the next layers would be so too.
    mirrored = F.pad(features, padding, mode="reflect").contiguous(memory_format=torch.channels_last)
    return F.conv2d(mirrored, kernel.to(features.dtype), stride=layer.step, groups=channels)


def _maxima(window: Tensor, out: Tensor) -> None:
    """2×2 maxima; an odd last column is dropped."""
    rows, columns = 2 * out.shape[1], 2 * out.shape[2]
    higher = torch.maximum(window[:, 0:rows:2, :columns], window[:, 1:rows:2, :columns])
    torch.maximum(higher[:, :, 0::2], higher[:, :, 1::2], out=out)


def _dense_maxima(window: Tensor, out: Tensor) -> None:
    """2×2 maxima at every position."""
    higher = torch.maximum(window[:, :-1], window[:, 1:])
    torch.maximum(higher[:, :, :-1], higher[:, :, 1:], out=out)


def _l2(layer: Layer, window: Tensor, out: Tensor) -> None:
    """Roots of blurred squares. The blur's weights are powers of two, so its scale can wait for the end."""
    upper, middle, lower = _three_rows(window, out)
    padded, blurred = _column_buffer(layer, window, out, zeros=True)
    # In half precision squares overflow, and 1e-12 is 0.
    upper, middle, lower = (rows.to(blurred.dtype) for rows in (upper, middle, lower))
    torch.mul(upper, upper, out=blurred).addcmul_(lower, lower).addcmul_(middle, middle, value=2)
    if out.dtype == padded.dtype:
        _blur_columns(padded, out)
        out.mul_(1 / 16).add_(EPSILON).sqrt_()
    else:
        wide = torch.empty(out.shape, dtype=padded.dtype, device=out.device)
        _blur_columns(padded, wide)
        out.copy_(wide.mul_(1 / 16).add_(EPSILON).sqrt_())


def _blur(layer: Layer, window: Tensor, out: Tensor) -> None:
    """Blurred values, at every second position; columns are mirrored at the left and at the right."""
    upper, middle, lower = _three_rows(window, out)
    padded, blurred = _column_buffer(layer, window, out, zeros=False)
    torch.add(upper, lower, out=blurred).add_(middle, alpha=2)
    for distance in range(1, layer.padding + 1):
        padded[:, :, layer.padding - distance] = blurred[:, :, distance]
        padded[:, :, -layer.padding - 1 + distance] = blurred[:, :, -1 - distance]
    wide = out if out.dtype == padded.dtype else torch.empty(out.shape, dtype=padded.dtype, device=out.device)
    _blur_columns(padded, wide)
    torch.mul(wide, 1 / 16, out=out)


def _three_rows(window: Tensor, out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The three rows of the input behind each row of the output."""
    rows = 2 * out.shape[1]
    return window[:, 0 : rows - 1 : 2], window[:, 1:rows:2], window[:, 2 : rows + 1 : 2]


def _column_buffer(layer: Layer, window: Tensor, out: Tensor, *, zeros: bool) -> tuple[Tensor, Tensor]:
    """Memory for rows whose columns will be blurred, at least float32: with padding on both sides, and without."""
    n, _, width, channels = window.shape
    shape = n, out.shape[1], width + 2 * layer.padding, channels
    dtype = torch.promote_types(window.dtype, torch.float32)
    padded = torch.empty(shape, dtype=dtype, device=window.device)
    if zeros:
        padded[:, :, : layer.padding] = 0
        padded[:, :, -layer.padding :] = 0
    return padded, padded[:, :, layer.padding : layer.padding + width]


def _blur_columns(padded: Tensor, out: Tensor) -> None:
    """(1, 2, 1) at every second column."""
    columns = 2 * out.shape[2]
    torch.add(padded[:, :, 0 : columns - 1 : 2], padded[:, :, 2 : columns + 1 : 2], out=out)
    out.add_(padded[:, :, 1:columns:2], alpha=2)
