"""3×3 convolutions, the whole cost of the network, by the cheapest of several exact algorithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch
import torch.nn.functional as F

from percept_cli.engine import compiled, winograd

if TYPE_CHECKING:
    from torch import Tensor

# In torch's operations, that is without compiled code: with fewer input channels, transforms cost more than the
# multiplications they save; with fewer outputs, only those of whole windows do (tests/benchmarks/README.md). Where
# torch has AVX-512, its direct sums are so fast that transforms pay from 512 channels on: so layers of one Xeon
# with AMX say, other processors were not measured. By torch's name for what the processor can do.
_LEAST_INPUTS = {"AVX512": 512}
_LEAST_INPUTS_ELSEWHERE = 64
_WHOLE_WINDOWS_MIN_OUTPUTS = 256


class Convolution(Protocol):
    """A 3×3 convolution with stride 1 and zero padding 1, plus bias, made ready for one device and dtype."""

    def __call__(self, window: Tensor, out: Tensor, *, relu: bool) -> None:
        """Compute some rows.

        Args:
            window: N×(R+2)×W×I, the rows of the output with one more above and below them.
            out: N×R×W×O, to be written.
            relu: whether to raise negative values to 0.
        """


def prepare(weight: Tensor, bias: Tensor, *, tile: int, device: torch.device, dtype: torch.dtype) -> Convolution:
    """The cheapest algorithm for a layer.

    It depends on the layer, the device and the precision, never on the size of the pictures: so a band, a crop and
    the whole picture are rounded alike.

    Args:
        weight: O×I×3×3 kernels, float32.
        bias: O values, float32.
        tile: outputs per side of a Winograd tile, 2 or 4.
        device: where it computes.
        dtype: what it computes in.
    """
    outputs, inputs = weight.shape[:2]
    algorithm = _algorithm(inputs, outputs, device, dtype)
    # Kernels are prepared outside inference mode, since autograd may meet them later.
    with torch.inference_mode(False), torch.no_grad():
        bias = bias.to(device, dtype, copy=True)  # else it would keep the whole weights file mapped
        if isinstance(algorithm, compiled.Kernel):
            return _InC(algorithm, tile, algorithm.pack(weight, tile), bias)
        if algorithm is _Direct:
            return _Direct(weight.to(device, dtype, memory_format=torch.channels_last), bias)
        if algorithm is _ByRow:
            return _ByRow(winograd.TILES[tile], winograd.transform_columns(winograd.TILES[tile], weight), bias)
        return _ByWindow(winograd.TILES[tile], winograd.transform_kernels(winograd.TILES[tile], weight), bias)


def kernel_bytes(inputs: int, outputs: int, *, tile: int, device: torch.device, dtype: torch.dtype) -> int:
    """What the kernels of a layer take once they are prepared."""
    algorithm = _algorithm(inputs, outputs, device, dtype)
    if isinstance(algorithm, compiled.Kernel):
        return algorithm.packed(inputs, outputs, tile) * dtype.itemsize
    side = tile + 2
    values = 9 if algorithm is _Direct else 3 * side if algorithm is _ByRow else side * side
    return inputs * outputs * values * dtype.itemsize


def _algorithm(
    inputs: int, outputs: int, device: torch.device, dtype: torch.dtype
) -> type[_Direct] | type[_ByRow] | type[_ByWindow] | compiled.Kernel:
    # GPU libraries choose for themselves, and half precision would lose too many digits in the transforms.
    transformable = device.type == "cpu" and dtype == torch.float32
    if not transformable or inputs < _LEAST_INPUTS_ELSEWHERE:
        return _Direct
    chosen = compiled.choice()
    if isinstance(chosen, compiled.Kernel):
        return chosen
    least = _LEAST_INPUTS.get(torch.backends.cpu.get_cpu_capability(), 0) if chosen == "torch" else 0
    if chosen == "direct" or inputs < least:
        return _Direct
    return _ByRow if outputs < _WHOLE_WINDOWS_MIN_OUTPUTS else _ByWindow


class _Direct:
    def __init__(self, kernels: Tensor, bias: Tensor) -> None:
        self._kernels, self._bias = kernels, bias

    def __call__(self, window: Tensor, out: Tensor, *, relu: bool) -> None:
        by_channel = window.permute(0, 3, 1, 2)
        found = F.conv2d(by_channel, self._kernels, self._bias, padding=(0, 1)).permute(0, 2, 3, 1)
        if relu:
            torch.clamp_min(found, 0, out=out)
        else:
            out.copy_(found)


class _ByRow:
    def __init__(self, tile: winograd.Tile, kernels: Sequence[Tensor], bias: Tensor) -> None:
        self._tile, self._kernels, self._bias = tile, kernels, bias

    def __call__(self, window: Tensor, out: Tensor, *, relu: bool) -> None:
        winograd.convolve_by_row(self._tile, window, self._kernels, self._bias, out, relu=relu)


class _ByWindow:
    def __init__(self, tile: winograd.Tile, kernels: Tensor, bias: Tensor) -> None:
        self._tile, self._kernels, self._bias = tile, kernels, bias

    def __call__(self, window: Tensor, out: Tensor, *, relu: bool) -> None:
        winograd.convolve(self._tile, window, self._kernels, self._bias, out, relu=relu)


class _InC:
    def __init__(self, kernel: compiled.Kernel, tile: int, kernels: Tensor, bias: Tensor) -> None:
        self._kernel, self._tile, self._kernels, self._bias = kernel, tile, kernels, bias

    def __call__(self, window: Tensor, out: Tensor, *, relu: bool) -> None:
        self._kernel.convolve(self._tile, window, self._kernels, self._bias, out, relu=relu)
