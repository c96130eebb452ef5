"""Winograd's minimal filtering: 3×3 convolutions with fewer multiplications (Lavin & Gray 2016, section 4).

F(m×m, 3×3) computes m×m outputs from an (m+2)×(m+2) window d as Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A, with (m+2)²
multiplications per channel where the direct sum has 9m². The matrices come from interpolation at m+1 points
and infinity. Two tiles are used:

- m = 2, points 0, ±1: 2.25 times fewer multiplications. In float32 as accurate as the direct sum.
- m = 4, points 0, ±3/4, ±3/2: 4 times fewer. These points halve the rounding error of the textbook's 0, ±1, ±2
  (relative error of one VGG-16 layer against float64: 8e-7, textbook 1.5e-6, direct sum 2e-7 to 4e-7).

All constants are exact in float32. Everything runs on channels-last data in torch operations.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

import torch

if TYPE_CHECKING:
    from torch import Tensor

# Tiles per strip: with 256 channels a transformed strip is 4 MB (m = 2) or 9 MB (m = 4), which the last-level
# cache still holds; fewer tiles would make the matrix products too small to be fast.
_TILES_PER_STRIP = 256


class Tile(Protocol):
    """One F(m×m, 3×3): its kernel matrix and its two transforms along one axis."""

    m: ClassVar[int]
    """Outputs per side."""
    g: ClassVar[tuple[tuple[float, float, float], ...]]
    """G, (m+2)×3."""

    def transform_input(self, d: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Bᵀd: m+2 inputs to m+2 values."""

    def transform_output(self, p: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Aᵀp: m+2 products to m outputs."""


class Tile2:
    """F(2×2, 3×3), points 0, 1, −1, ∞."""

    m: ClassVar[int] = 2
    g: ClassVar[tuple[tuple[float, float, float], ...]] = (
        (1.0, 0.0, 0.0),
        (0.5, 0.5, 0.5),
        (0.5, -0.5, 0.5),
        (0.0, 0.0, 1.0),
    )

    def transform_input(self, d: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Bᵀ has rows (1, 0, −1, 0), (0, 1, 1, 0), (0, −1, 1, 0), (0, 1, 0, −1)."""
        torch.sub(d[0], d[2], out=out[0])
        torch.add(d[1], d[2], out=out[1])
        torch.sub(d[2], d[1], out=out[2])
        torch.sub(d[1], d[3], out=out[3])

    def transform_output(self, p: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Aᵀ has rows (1, 1, 1, 0), (0, 1, −1, −1)."""
        torch.add(p[0], p[1], out=out[0]).add_(p[2])
        torch.sub(p[1], p[2], out=out[1]).sub_(p[3])


class Tile4:
    """F(4×4, 3×3), points 0, ±a, ±b, ∞ with a = 3/4 and b = 3/2.

    Every row of Bᵀ is the polynomial ∏(x − point) over the other points; the symmetric points share their even
    and odd parts. Aᵀ holds the points' powers, G their powers over ∏(point − other point).
    """

    m: ClassVar[int] = 4
    a, b = 0.75, 1.5
    aa, bb = a * a, b * b
    _na, _nb = 2 * aa * (aa - bb), 2 * bb * (bb - aa)
    g: ClassVar[tuple[tuple[float, float, float], ...]] = (
        (1 / (aa * bb), 0.0, 0.0),
        (1 / _na, a / _na, aa / _na),
        (1 / _na, -a / _na, aa / _na),
        (1 / _nb, b / _nb, bb / _nb),
        (1 / _nb, -b / _nb, bb / _nb),
        (0.0, 0.0, 1.0),
    )

    def transform_input(self, d: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Rows for ±a from x⁴ − b²x² and x³ − b²x, for ±b from x⁴ − a²x² and x³ − a²x, for 0 and ∞ from both."""
        even, odd = torch.add(d[4], d[2], alpha=-self.bb), torch.add(d[3], d[1], alpha=-self.bb)
        torch.add(even, odd, alpha=self.a, out=out[1])
        torch.add(even, odd, alpha=-self.a, out=out[2])
        torch.add(d[4], d[2], alpha=-self.aa, out=even)
        torch.add(d[3], d[1], alpha=-self.aa, out=odd)
        torch.add(even, odd, alpha=self.b, out=out[3])
        torch.add(even, odd, alpha=-self.b, out=out[4])
        # x⁴ − (a² + b²)x² + a²b² = (x⁴ − a²x²) − b²(x² − a²), and x times that for ∞
        out[0].copy_(even).sub_(d[2], alpha=self.bb).add_(d[0], alpha=self.aa * self.bb)
        torch.add(d[5], d[3], alpha=-self.aa, out=out[5]).sub_(odd, alpha=self.bb)

    def transform_output(self, p: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        """Row i: p₀ (i = 0) + aⁱ(p₁ ± p₂) + bⁱ(p₃ ± p₄) + p₅ (i = 3), plus for even i."""
        near, far = p[1] + p[2], p[3] + p[4]
        torch.add(near, far, out=out[0]).add_(p[0])
        torch.mul(near, self.aa, out=out[2]).add_(far, alpha=self.bb)
        torch.sub(p[1], p[2], out=near)
        torch.sub(p[3], p[4], out=far)
        torch.mul(near, self.a, out=out[1]).add_(far, alpha=self.b)
        torch.mul(near, self.a * self.aa, out=out[3]).add_(far, alpha=self.b * self.bb).add_(p[5])


TILES: dict[int, Tile] = {2: Tile2(), 4: Tile4()}


def transform_kernels(tile: Tile, weight: Tensor) -> Tensor:
    """G g Gᵀ for every kernel, float32: O×I×3×3 → (m+2)²×O×I."""
    outputs, inputs = weight.shape[:2]
    g = torch.tensor(tile.g, dtype=torch.float64)
    return (torch.kron(g, g).float() @ weight.reshape(-1, 9).t()).view(-1, outputs, inputs)


def convolve(tile: Tile, features: Tensor, kernels: Tensor, bias: Tensor) -> Tensor:
    """A 3×3 convolution with stride 1, zero padding 1 and bias.

    Args:
        tile: which F(m×m, 3×3).
        features: N×I×H×W float32, channels last, on the CPU.
        kernels: the layer's ``transform_kernels`` for this tile.
        bias: O values.

    Returns:
        N×O×H×W, channels last.
    """
    n, _, height, width = features.shape
    out = features.new_empty((n, height, width, bias.shape[0]))
    columns = -(-width // tile.m)
    rows = min(-(-height // tile.m), max(1, _TILES_PER_STRIP // (n * columns)))
    strip = _Strip(tile, kernels, n, rows, columns)
    by_row = features.permute(0, 2, 3, 1)  # N×H×W×I
    for top in range(0, height, tile.m * rows):
        inside = out[:, top : top + tile.m * rows]
        pixels = strip.convolve(by_row, top)
        torch.add(pixels[:, : inside.shape[1], :width], bias, out=inside)
    return out.permute(0, 3, 1, 2)


class _Memory(threading.local):
    """Working memory that each thread takes from the system once and keeps, about 80 MB for full-HD pictures.

    Fresh buffers of this size come as pages that are zeroed when first touched, in every layer anew, which costs
    as much as the transforms themselves.
    """

    def __init__(self) -> None:
        self._flat = torch.empty(0)

    def take(self, *shapes: tuple[int, ...]) -> list[Tensor]:
        """Float32 tensors of these shapes, not initialised, valid until the next call in this thread."""
        sizes = [math.prod(shape) for shape in shapes]
        if self._flat.numel() < sum(sizes):
            with torch.inference_mode(False):  # else only inference mode could write to it
                self._flat = torch.empty(sum(sizes), dtype=torch.float32)
        parts = self._flat[: sum(sizes)].split_with_sizes(sizes)
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


_memory = _Memory()


class _Strip:
    """A strip of output tiles over all pictures of a batch, in the working memory of this thread."""

    def __init__(self, tile: Tile, kernels: Tensor, n: int, rows: int, columns: int) -> None:
        self._tile, self._kernels = tile, kernels
        _, outputs, inputs = kernels.shape
        m, side = tile.m, tile.m + 2
        width = m * columns + 2
        self._padded, self._half_in, self._windows, self._products, self._half_out, self._pixels = _memory.take(
            (n, m * rows + 2, width, inputs),
            (side, n, rows, width, inputs),
            (side, side, n, rows, columns, inputs),
            (side, side, n, rows, columns, outputs),
            (m, side, n, rows, columns, outputs),
            (n, rows, m, columns, m, outputs),
        )

    def convolve(self, features: Tensor, top: int) -> Tensor:
        """The outputs of N×H×W×I features from row ``top`` on: N×m·rows×m·columns×O, valid until the next."""
        self._pad(features, top)
        self._transform_input()
        outputs, inputs = self._kernels.shape[1:]
        # One matrix product per place in the window: tiles×I @ I×O.
        windows = self._windows.view(-1, self._tiles, inputs)
        torch.bmm(windows, self._kernels.transpose(1, 2), out=self._products.view(-1, self._tiles, outputs))
        self._transform_output()
        return self._pixels.flatten(1, 2).flatten(2, 3)

    @property
    def _tiles(self) -> int:
        n, rows, columns = self._windows.shape[2:5]
        return n * rows * columns

    def _pad(self, features: Tensor, top: int) -> None:
        """Rows top−1 … of the features, with zeros outside them."""
        height, width = features.shape[1:3]
        start, stop = max(0, top - 1), min(height, top - 1 + self._padded.shape[1])
        self._padded.zero_()
        self._padded[:, start - (top - 1) : stop - (top - 1), 1 : width + 1] = features[:, start:stop]

    def _transform_input(self) -> None:
        m, side = self._tile.m, self._tile.m + 2
        rows, columns = self._windows.shape[3:5]
        by_row = [self._padded[:, i : i + m * (rows - 1) + 1 : m] for i in range(side)]
        self._tile.transform_input(by_row, self._half_in.unbind(0))
        by_column = [self._half_in[:, :, :, j : j + m * (columns - 1) + 1 : m] for j in range(side)]
        self._tile.transform_input(by_column, self._windows.unbind(1))

    def _transform_output(self) -> None:
        self._tile.transform_output(self._products.unbind(0), self._half_out.unbind(0))
        pixels = self._pixels.permute(2, 4, 0, 1, 3, 5)  # m×m×N×rows×columns×O
        self._tile.transform_output(self._half_out.unbind(1), pixels.unbind(1))
