"""Distances that are made of one value for each position: mostly its mean, and then the values are a map."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from percept_cli.distances.base import Distance, Learned, Partial, blocks, lacks_float64, widened

if TYPE_CHECKING:
    from torch import Tensor


class SummedDistance(Distance):
    """A distance that is made of one value that each position has on its own: of the sum of them all."""

    @abstractmethod
    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """The value of each position: N×P×C features → N×P values, float64 where the device has it."""

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """Sum of the positions' values."""
        return self._summed(self._values(reference, candidate), reference)

    def _values(self, reference: Tensor, candidate: Tensor) -> Iterator[Tensor]:
        pairs = zip(blocks(reference), blocks(candidate), strict=True)
        return (widened(self.at_positions(f, g)) for f, g in pairs)

    @staticmethod
    def _summed(values: Iterable[Tensor], features: Tensor) -> Partial:
        parts = [part.sum(dim=1) for part in values]
        return Partial((sum(parts[1:], start=parts[0]),), features.shape[2] * features.shape[3])


class LocalDistance(SummedDistance):
    """One that is the mean of these values, so that they are its map."""

    def finish(self, total: Partial, channels: int) -> Tensor:  # noqa: ARG002 - part of the contract
        """Mean over positions."""
        return total.sums[0] / total.positions

    def contribute_map(self, reference: Tensor, candidate: Tensor) -> tuple[Partial, Tensor]:
        """The same as ``contribute``, and the values themselves: N×H×W float32."""
        values = list(self._values(reference, candidate))
        return self._summed(values, reference), self._laid_out([part.float() for part in values], reference)

    def map(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """The value of each position: N×H×W float64."""
        return self._laid_out(list(self._values(reference, candidate)), reference)

    @staticmethod
    def _laid_out(values: Sequence[Tensor], features: Tensor) -> Tensor:
        import torch

        return torch.cat(tuple(values), dim=1).reshape(-1, *features.shape[2:])


def _sum_channels(block: Tensor) -> Tensor:
    import torch

    if lacks_float64(block):
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


class Frobenius(SummedDistance):
    """‖F − G‖₂ over one picture's whole tensor: the root of a sum is no mean, so there is no map."""

    name = "frobenius"
    summary = "Euclidean length of F − G over one image's whole tensor"
    source = "BasicSR criterion fro, but per image instead of over the batch"

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
    ceiling: ClassVar[float | None] = 2.0

    EPSILON = 1e-10
    """Added to the length, outside the root, as in the lpips package."""

    def at_positions(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """Squared length of the difference of the unit vectors."""
        return self._reduced((self._unit(reference) - self._unit(candidate)).square())

    def _reduced(self, squares: Tensor) -> Tensor:
        return _sum_channels(squares)

    def _unit(self, block: Tensor) -> Tensor:
        import torch

        divisor = torch.linalg.vector_norm(block, dim=-1, keepdim=True) + self.EPSILON
        if block.requires_grad:
            # A vector of zeros stays one, and its gradient is 0 where the 1e-10 would make it ten digits long.
            divisor = divisor.masked_fill((block == 0).all(dim=-1, keepdim=True), math.inf)
        return block.div(divisor)


class LearnedUnit(Unit):
    """As ``unit``, with a learned weight for each channel of a tap: mean over positions of Σ_c w_c (f − g)².

    Args:
        name: what it is registered as, and its weights in ``weights.channels.CHANNEL_WEIGHTS``.
        source: who learned them.
        weights: those of one tap, C; None for 1 everywhere.
    """

    summary = "as unit, with learned weights for the channels, on the kernels that they were learned on"
    ceiling = None

    def __init__(self, name: str, source: str, weights: Tensor | None = None) -> None:
        self.name = name
        self.source = source
        self._weights = None if weights is None else Learned(weights)

    def at_tap(self, tap: str) -> Distance:
        """With the tap's learned weights."""
        from percept_cli.networks.channels import CHANNEL_WEIGHTS, load_channel_weights

        weights = load_channel_weights(CHANNEL_WEIGHTS[self.name])
        return LearnedUnit(self.name, self.source, weights[f"{tap}.weight"])

    def _reduced(self, squares: Tensor) -> Tensor:
        return _sum_channels(squares if self._weights is None else squares * self._weights.beside(squares))


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
