"""Winograd's minimal filtering: 3×3 convolutions with fewer multiplications (Lavin & Gray 2016, section 4).

F(m×m, 3×3) computes m×m outputs from an (m+2)×(m+2) window d as Y = Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A, with (m+2)²
multiplications per channel where the direct sum has 9m². The matrices come from interpolation at m+1 points
and infinity. Two tiles are used:

- m = 2, points 0, ±1: 2.25 times fewer multiplications. In float32 as accurate as the direct sum.
- m = 4, points 0, ±3/4, ±3/2: 4 times fewer. These points halve the rounding error of the textbook's 0, ±1, ±2
  (relative error of one VGG-16 layer against float64: 8e-7, textbook 1.5e-6, direct sum 2e-7 to 4e-7).

With few channels the transforms of a window take longer than the products they save. There only the columns of
the window are transformed, its rows are convolved directly with 1×3 kernels (``convolve_by_row``): 2 times fewer
multiplications for m = 4, at a third of the transforms.

All constants are exact in float32. Everything runs on channels-last data in torch operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

import torch
import torch.nn.functional as F

from percept_cli.engine.workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor

# Tiles per block: with 256 channels a transformed block is 4 MB (m = 2) or 9 MB (m = 4), which the last-level
# cache still holds; fewer tiles would make the matrix products too small to be fast.
_TILES_PER_BLOCK = 256
# Products of fewer rows may be summed in another order by the libraries, and a picture would have other digits
# alone than in a batch: so there are tiles of zeros rather.
_LEAST_TILES = 4
_LEAST_ROWS_OF_TILES = 2
# Transformed values per block of ``convolve_by_row``: 12 MB.
_VALUES_PER_BLOCK = 3 << 20


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
    """G g Gᵀ for every kernel, float32: O×I×3×3 → (m+2)²×I×O."""
    outputs, inputs = weight.shape[:2]
    g = torch.tensor(tile.g, dtype=torch.float64)
    products = torch.kron(g, g).float() @ weight.permute(2, 3, 1, 0).reshape(9, -1)
    return products.view(-1, inputs, outputs)


def transform_columns(tile: Tile, weight: Tensor) -> list[Tensor]:
    """G g for every kernel, float32: O×I×3×3 → m+2 kernels O×I×1×3."""
    g = torch.tensor(tile.g, dtype=torch.float64)
    products = torch.einsum("sk,oikl->soil", g, weight.double()).float()
    return [kernel.unsqueeze(2).contiguous(memory_format=torch.channels_last) for kernel in products]


def convolve(tile: Tile, window: Tensor, kernels: Tensor, bias: Tensor, out: Tensor, *, relu: bool) -> None:
    """Rows of a 3×3 convolution with stride 1 and bias, and zero padding to the left and right of them.

    Args:
        tile: which F(m×m, 3×3).
        window: N×(R+2)×W×I float32 on the CPU, the rows of the output with one more above and below them.
        kernels: the layer's ``transform_kernels`` for this tile.
        bias: O values.
        out: N×R×W×O, to be written; tiles begin at its top left.
        relu: whether to raise negative values to 0.
    """
    n, height, width, _ = out.shape
    m = tile.m
    columns_in_all, rows_in_all = -(-width // m), -(-height // m)
    tiles = max(1, _TILES_PER_BLOCK // n)  # of one picture
    columns = -(-columns_in_all // -(-columns_in_all // tiles))
    rows = min(rows_in_all, max(1, tiles // columns))
    columns = max(columns, -(-_LEAST_TILES // (n * rows)))
    block = _Block(tile, kernels, n, rows, columns)
    for top in range(0, height, m * rows):
        for left in range(0, width, m * columns):
            part = out[:, top : top + m * rows, left : left + m * columns]
            pixels = block.convolve(window, top, left)[:, : part.shape[1], : part.shape[2]]
            torch.add(pixels, bias, out=part)
            if relu:
                part.clamp_min_(0)


def convolve_by_row(
    tile: Tile, window: Tensor, kernels: Sequence[Tensor], bias: Tensor, out: Tensor, *, relu: bool
) -> None:
    """As ``convolve``, with the kernels of ``transform_columns``: only the columns of a window are transformed."""
    n, height, width, _ = out.shape
    m, side, inputs = tile.m, tile.m + 2, window.shape[3]
    values = _VALUES_PER_BLOCK // (side * n * inputs)
    parts = -(-width // values)
    columns = -(-width // parts)
    rows = m * max(1, min(-(-height // m), values // columns))
    least = -(-_LEAST_ROWS_OF_TILES // n)
    (memory,) = _memory.take([(side, n, max(least, rows // m), columns + 2, inputs)], torch.float32)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            part = out[:, top : top + rows, left : left + columns]
            tiles = max(least, -(-part.shape[1] // m))
            transformed = memory[:, :, :tiles, : part.shape[2] + 2]
            _transform_columns_of(tile, window, top, left, transformed)
            products = [
                F.conv2d(row.flatten(0, 1).unsqueeze(1).permute(0, 3, 1, 2), kernel)
                .permute(0, 2, 3, 1)
                .view(n, tiles, part.shape[2], -1)
                for row, kernel in zip(transformed, kernels, strict=True)
            ]
            if part.shape[1] == tiles * m:
                by_tile = part.view(n, -1, m, *part.shape[2:])
                tile.transform_output(products, by_tile.unbind(2))
            else:
                whole = part.new_empty((n, tiles, m, *part.shape[2:]))
                tile.transform_output(products, whole.unbind(2))
                part.copy_(whole.flatten(1, 2)[:, : part.shape[1]])
            part.add_(bias)
            if relu:
                part.clamp_min_(0)


def _transform_columns_of(tile: Tile, window: Tensor, top: int, left: int, out: Tensor) -> None:
    """Bᵀd down every column of the window's rows from ``top`` and columns from left − 1, with zeros outside it."""
    rows, columns = out.shape[2:4]
    needed = tile.m * rows + 2
    inputs = window[:, top : top + needed]
    if inputs.shape[1] < needed:
        inputs = F.pad(inputs, (0, 0, 0, 0, 0, needed - inputs.shape[1]))
    first, last = max(0, left - 1), min(window.shape[2], left - 1 + columns)
    inside = out[:, :, :, first - (left - 1) : last - (left - 1)]
    out[:, :, :, : first - (left - 1)] = 0
    out[:, :, :, last - (left - 1) :] = 0
    by_row = [inputs[:, i : i + tile.m * (rows - 1) + 1 : tile.m, first:last] for i in range(tile.m + 2)]
    tile.transform_input(by_row, inside.unbind(0))


# At most about 70 MB.
_memory = Workspace(torch.device("cpu"))


class _Block:
    """A block of output tiles over all pictures of a batch, in the working memory of this thread."""

    def __init__(self, tile: Tile, kernels: Tensor, n: int, rows: int, columns: int) -> None:
        self._tile, self._kernels = tile, kernels
        _, inputs, outputs = kernels.shape
        m, side = tile.m, tile.m + 2
        width = m * columns + 2
        shapes = [
            (n, m * rows + 2, width, inputs),
            (side, n, rows, width, inputs),
            (side, side, n, rows, columns, inputs),
            (side, side, n, rows, columns, outputs),
            (m, side, n, rows, columns, outputs),
            (n, rows, m, columns, m, outputs),
        ]
        self._padded, self._half_in, self._windows, self._products, self._half_out, self._pixels = _memory.take(
            shapes, torch.float32
        )

    def convolve(self, window: Tensor, top: int, left: int) -> Tensor:
        """The outputs from a row and a column on: N×m·rows×m·columns×O, valid until the next."""
        self._transform_input(self._inputs(window, top, left))
        inputs, outputs = self._kernels.shape[1:]
        # One matrix product per place in the window: tiles×I @ I×O.
        windows = self._windows.view(-1, self._tiles, inputs)
        torch.bmm(windows, self._kernels, out=self._products.view(-1, self._tiles, outputs))
        self._transform_output()
        return self._pixels.flatten(1, 2).flatten(2, 3)

    @property
    def _tiles(self) -> int:
        n, rows, columns = self._windows.shape[2:5]
        return n * rows * columns

    def _inputs(self, window: Tensor, top: int, left: int) -> Tensor:
        """Rows from ``top`` of the window and columns from left − 1, with zeros outside it."""
        height, width = self._padded.shape[1:3]
        bottom, right = min(window.shape[1], top + height), min(window.shape[2], left - 1 + width)
        inside = window[:, top:bottom, max(0, left - 1) : right]
        if inside.shape[1:3] == (height, width):
            return inside
        first = 1 if left == 0 else 0
        self._padded.zero_()
        self._padded[:, : bottom - top, first : first + inside.shape[2]] = inside
        return self._padded

    def _transform_input(self, inputs: Tensor) -> None:
        m, side = self._tile.m, self._tile.m + 2
        rows, columns = self._windows.shape[3:5]
        by_row = [inputs[:, i : i + m * (rows - 1) + 1 : m] for i in range(side)]
        self._tile.transform_input(by_row, self._half_in.unbind(0))
        by_column = [self._half_in[:, :, :, j : j + m * (columns - 1) + 1 : m] for j in range(side)]
        self._tile.transform_input(by_column, self._windows.unbind(1))

    def _transform_output(self) -> None:
        self._tile.transform_output(self._products.unbind(0), self._half_out.unbind(0))
        pixels = self._pixels.permute(2, 4, 0, 1, 3, 5)  # m×m×N×rows×columns×O
        self._tile.transform_output(self._half_out.unbind(1), pixels.unbind(1))
