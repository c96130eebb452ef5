"""Per-layer distances, each an accumulator: what a piece contributes, how pieces merge, what the total says.

Everything here takes features as N×C×H×W tensors (fastest with channels last in memory), floating point, and
reduces in float64. 0 means identical, larger means more different. Because contributions merge by addition,
a picture can be processed in any number of pieces, in any order, and the number does not change.

torch is imported by the functions, so that the registry can be read at no cost. F and G are the features of
reference and candidate at one tap, F_p the vector of C channels at position p.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from torch import Tensor

# Elements of one feature block: 512 KiB in float32, so that a block of each side and what is derived from
# them stay in a core's second-level cache while they are read several times.
_BLOCK_ELEMENTS = 1 << 17


@dataclass(frozen=True)
class Patch:
    """A part of a tap's distance map."""

    row: int
    """Of the whole tap, its first."""
    column: int
    values: Tensor
    """H×W float32 on the CPU: the distance of each position."""


@dataclass(frozen=True)
class Partial:
    """What some positions of a tap have contributed so far."""

    sums: tuple[Tensor, ...]
    """float64, batch first; what they mean is the distance's own matter."""
    positions: int
    """How many positions per picture are in the sums."""
    patches: tuple[Patch, ...] = ()
    """The positions one by one, disjoint, where the map is kept and the distance has one."""

    def __add__(self, other: Partial) -> Partial:
        sums = tuple(mine + theirs for mine, theirs in zip(self.sums, other.sums, strict=True))
        return Partial(sums, self.positions + other.positions, self.patches + other.patches)


class Distance(ABC):
    """One way to compare the features of one tap."""

    name: str
    """The name it is registered under."""
    summary: str
    """The definition in one line."""
    source: str
    """Paper and equation, or the implementation that defined it."""
    ceiling: ClassVar[float | None] = None
    """The largest value a position can have where no feature is negative, else twice it; None without one."""
    is_regional: ClassVar[bool] = True
    """Whether positions whose features are equal add nothing: then only what changed has to be computed."""

    def at_tap(self, tap: str) -> Distance:  # noqa: ARG002 - most are the same at every tap
        """The distance with what it has learned for one tap: itself, if that is nothing.

        Args:
            tap: one that ``weights.channels.CHANNEL_WEIGHTS`` has weights for, if it has any for this distance.

        Raises:
            WeightsUnavailable: if the file of its weights is missing or altered.
        """
        return self

    @abstractmethod
    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """What one piece of features adds.

        Args:
            reference: N×C×H×W features, any float dtype.
            candidate: features of the same shape, dtype and device.
        """

    def merge(self, first: Partial, second: Partial) -> Partial:
        """Two disjoint pieces as one."""
        return first + second

    @abstractmethod
    def finish(self, total: Partial, channels: int) -> Tensor:
        """The distance of each picture pair in the batch: N float64 values, ≥ 0."""

    def __call__(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """The distance of whole feature maps: N float64 values."""
        return self.finish(self.contribute(reference, candidate), reference.shape[1])


def _float64(tensor: Tensor) -> Tensor:
    # Apple's devices have no float64; their partial sums finish on the CPU.
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()


def _blocks(features: Tensor) -> Iterator[Tensor]:
    """N×C×H×W → blocks of positions, N×P×C with P·C bounded, in float32 (or float64 as it came).

    Half-precision features are widened here: squares of 16-bit values overflow, and 1e-10 is 0 in float16.
    """
    import torch

    n, channels = features.shape[:2]
    by_position = features.permute(0, 2, 3, 1).reshape(n, -1, channels)  # N×HW×C, a view if channels last
    dtype = torch.float64 if features.dtype == torch.float64 else torch.float32
    # Split, not sliced: the gradients of all blocks are then put together once, not each in a map of zeros.
    for block in torch.split(by_position, max(1, _BLOCK_ELEMENTS // channels), dim=1):
        yield block.to(dtype)


class LocalDistance(Distance):
    """A distance that is a mean over positions of a value that each position has on its own."""

    @abstractmethod
    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """The value of each position: N×P×C features → N×P values, float64 where the device has it."""

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """Sum of the positions' values."""
        return self._summed(self._values(reference, candidate), reference)

    def contribute_map(self, reference: Tensor, candidate: Tensor) -> tuple[Partial, Tensor]:
        """The same, and the values themselves: N×H×W float32."""
        import torch

        blocks = list(self._values(reference, candidate))
        height, width = reference.shape[2:]
        values = torch.cat([block.float() for block in blocks], dim=1).reshape(-1, height, width)
        return self._summed(blocks, reference), values

    def _values(self, reference: Tensor, candidate: Tensor) -> Iterator[Tensor]:
        pairs = zip(_blocks(reference), _blocks(candidate), strict=True)
        return (_float64(self.at_positions(f, g)) for f, g in pairs)

    @staticmethod
    def _summed(blocks: Iterable[Tensor], features: Tensor) -> Partial:
        parts = [block.sum(dim=1) for block in blocks]
        return Partial((sum(parts[1:], start=parts[0]),), features.shape[2] * features.shape[3])

    def finish(self, total: Partial, channels: int) -> Tensor:  # noqa: ARG002 - part of the contract
        """Mean over positions."""
        return total.sums[0] / total.positions


def _sum_channels(block: Tensor) -> Tensor:
    import torch

    if block.device.type == "mps":
        return block.sum(dim=-1)
    return block.sum(dim=-1, dtype=torch.float64)


def _root(squares: Tensor) -> Tensor:
    """Square root whose gradient at 0 is 0, one of its subgradients where it is a length, instead of infinite."""
    if not squares.requires_grad:
        return squares.sqrt()
    zero = squares == 0
    return squares.masked_fill(zero, 1).sqrt().masked_fill(zero, 0)


class MeanSquared(LocalDistance):
    """Mean over C, H, W of (F − G)²."""

    name = "mse"
    summary = "mean over channels and positions of (F − G)²"
    source = "Johnson, Alahi, Fei-Fei 2016, eq. 2 (feature reconstruction loss, divided by C·H·W)"

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Mean over channels of the squared difference."""
        return _sum_channels((reference - candidate).square()) / reference.shape[-1]


class MeanAbsolute(LocalDistance):
    """Mean over C, H, W of |F − G|."""

    name = "l1"
    summary = "mean over channels and positions of |F − G|"
    source = "Wang et al. 2018 (ESRGAN), perceptual loss as in BasicSR with criterion l1"

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Mean over channels of the absolute difference."""
        return _sum_channels((reference - candidate).abs()) / reference.shape[-1]


class Euclidean(LocalDistance):
    """Mean over positions of ‖F_p − G_p‖₂."""

    name = "euclidean"
    summary = "mean over positions of the Euclidean length of F − G over channels"
    source = "the Euclidean norm per position, without normalisation"

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Length of the difference vector."""
        return _root(_sum_channels((reference - candidate).square()))


class Frobenius(LocalDistance):
    """‖F − G‖₂ over one picture's whole tensor."""

    name = "frobenius"
    summary = "Euclidean length of F − G over one picture's whole tensor"
    source = "BasicSR criterion fro, but per picture instead of over the batch"

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Squared length of the difference vector."""
        return _sum_channels((reference - candidate).square())

    def finish(self, total: Partial, channels: int) -> Tensor:  # noqa: ARG002 - part of the contract
        """Square root of the sum; more positions make it larger."""
        return _root(total.sums[0])


class Unit(LocalDistance):
    """Mean over positions of Σ_c (f − g)² with f = F / (‖F_p‖₂ + 1e-10)."""

    name = "unit"
    summary = "squared Euclidean distance of features scaled to length 1 over channels, 0 to 2 after a ReLU"
    source = "Zhang et al. 2018, eq. 1 with w = 1: the LPIPS head without its learned channel weights"
    ceiling = 2.0

    EPSILON = 1e-10
    """Added to the length, outside the root, as in the lpips package."""

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Squared length of the difference of the unit vectors."""
        return _sum_channels((self._unit(reference) - self._unit(candidate)).square())

    def _unit(self, block: Tensor) -> Tensor:
        import torch

        divisor = torch.linalg.vector_norm(block, dim=-1, keepdim=True) + self.EPSILON
        if block.requires_grad:
            # A vector of zeros stays one, and its gradient is 0 where the 1e-10 would make it ten digits long.
            divisor = divisor.masked_fill((block == 0).all(dim=-1, keepdim=True), math.inf)
        return block.div(divisor)


class Cosine(LocalDistance):
    """Mean over positions of 1 − cos(F_p, G_p)."""

    name = "cosine"
    summary = "mean over positions of 1 − cosine of the angle between F and G over channels"
    source = "the cosine distance; half of `unit` where neither vector is zero"
    ceiling = 1.0

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """½‖f − g‖² of the unit vectors: equals 1 − cos, but is exactly 0 for equal vectors.

        A zero vector has no direction: its distance is 0 to another zero vector and 1 to anything else.
        """
        import torch

        lengths = [torch.linalg.vector_norm(block, dim=-1, keepdim=True) for block in (reference, candidate)]
        empty = [length == 0 for length in lengths]
        f, g = (
            block / length.masked_fill(zero, 1)
            for block, length, zero in zip((reference, candidate), lengths, empty, strict=True)
        )
        half = _sum_channels((f - g).square()) / 2
        return half.masked_fill((empty[0] ^ empty[1]).squeeze(-1), 1.0)


GramNorm = Literal["none", "hw", "chw"]


class Gram(Distance):
    """Mean over C² of (Gram(F) − Gram(G))², Gram(F) = F·Fᵀ / n."""

    _DIVISORS: ClassVar[dict[GramNorm, str]] = {"none": "1", "hw": "H·W", "chw": "C·H·W"}

    def __init__(self, norm: GramNorm) -> None:
        self.norm = norm
        self.name = f"gram-{norm}"
        self.summary = f"mean squared difference of the Gram matrices F·Fᵀ / {self._DIVISORS[norm]}"
        self.source = "Gatys, Ecker, Bethge 2016, eq. 3-4; Johnson, Alahi, Fei-Fei 2016, eq. 3-4 (chw)"

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """The difference of the two unnormalised Gram matrices, N×C×C, in float64 products throughout.

        Equal positions add the same to both, so the matrices of a region's positions differ as those of the
        whole picture do.
        """
        height, width = reference.shape[2:]
        return Partial((self._gram(reference) - self._gram(candidate),), height * width)

    @staticmethod
    def _gram(features: Tensor) -> Tensor:
        parts = (_float64(block) for block in _blocks(features))
        products = (block.transpose(1, 2) @ block for block in parts)  # N×C×P @ N×P×C
        return sum(products, start=next(products))

    def finish(self, total: Partial, channels: int) -> Tensor:
        """Normalise the difference and square it."""
        divisor = {"none": 1, "hw": total.positions, "chw": channels * total.positions}[self.norm]
        return (total.sums[0] / divisor).square().mean(dim=(1, 2))


class Dists(Distance):
    """Structure and texture: how alike the channels' means, and their variations around them, are.

    With means μ, variances σ² and the covariance σ_FG over the positions of each channel, texture
    l = (2 μ_F μ_G + c) / (μ_F² + μ_G² + c) and structure s = (2 σ_FG + c) / (σ_F² + σ_G² + c), the distance is
    Σ α(1 − l) + β(1 − s) over the channels. The learned weights α and β of all taps sum to 1, so that the sum over
    the taps is 1 − Σ αl + βs, the published number.

    Five sums per channel say it all: of F, G, F², G² and (F − G)². The last stands for that of FG, since
    1 − s = σ²_(F−G) / (σ_F² + σ_G² + c), where equal features give exactly 0 and close ones keep their digits.

    The sums cannot be had from changed regions alone, as the equal rest has its part in the means and variances.
    So the pictures are computed in full, in bands, whose memory is bounded.
    """

    name = "dists"
    summary = "per channel, how different the means and how uncorrelated the features are, by learned weights"
    source = "Ding, Ma, Wang, Simoncelli 2020, section 3.3, as in DISTS_pytorch"
    is_regional = False

    STABILISER = 1e-6
    """c, in both ratios."""

    def __init__(self, alpha: Tensor | None = None, beta: Tensor | None = None) -> None:
        self._alpha, self._beta = alpha, beta

    def at_tap(self, tap: str) -> Distance:
        """With the tap's share of the learned weights. Without them all channels weigh alike, and sum to 1."""
        import torch

        from percept_cli.weights.channels import CHANNEL_WEIGHTS, load_channel_weights

        weights = load_channel_weights(CHANNEL_WEIGHTS[self.name])
        with torch.inference_mode(False):
            total = sum(float(part.double().sum()) for part in weights.values())
            return Dists(*(weights[f"{tap}.{part}"].double() / total for part in ("alpha", "beta")))

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """Five sums per channel, N×C each: float64 throughout, since a variance is a small difference of sums."""
        height, width = reference.shape[2:]
        parts = [
            self._moments(_float64(f), _float64(g))
            for f, g in zip(_blocks(reference), _blocks(candidate), strict=True)
        ]
        return Partial(tuple(sum(sums[1:], start=sums[0]) for sums in zip(*parts, strict=True)), height * width)

    @staticmethod
    def _moments(f: Tensor, g: Tensor) -> tuple[Tensor, ...]:
        return tuple(values.sum(dim=1) for values in (f, g, f.square(), g.square(), (f - g).square()))

    def finish(self, total: Partial, channels: int) -> Tensor:
        """Means and variances from the sums, and the weighted sum over channels."""
        f, g, ff, gg, apart = (sums / total.positions for sums in total.sums)
        # Rounding can take a variance of next to nothing below 0.
        spread = ((ff - f.square()).clamp_min(0), (gg - g.square()).clamp_min(0))
        texture = (f - g).square() / (f.square() + g.square() + self.STABILISER)
        structure = (apart - (f - g).square()).clamp_min(0) / (spread[0] + spread[1] + self.STABILISER)
        if self._alpha is None or self._beta is None:
            return (texture + structure).sum(dim=1) / (2 * channels)
        alpha, beta = (weights.to(texture.device) for weights in (self._alpha, self._beta))
        return texture @ alpha + structure @ beta


DISTANCES: dict[str, Distance] = {
    distance.name: distance
    for distance in (
        MeanSquared(),
        MeanAbsolute(),
        Euclidean(),
        Cosine(),
        Unit(),
        Frobenius(),
        Gram("none"),
        Gram("hw"),
        Gram("chw"),
        Dists(),
    )
}


def canonical_name(name: str) -> str:
    """``gram`` is short for the normalisation most published losses use, ``gram-chw``."""
    return "gram-chw" if name == "gram" else name
