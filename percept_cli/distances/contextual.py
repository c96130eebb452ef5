"""The contextual distance: which features of one picture are found anywhere in the other."""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING, ClassVar

from percept_cli.distances.base import Distance, Partial, by_position, widened

if TYPE_CHECKING:
    from torch import Tensor

# Elements of one block of the P×P distances: 128 MiB in float64. Of fewer rows at once, every block would wait for
# the other side's features, which do not fit the cache.
_BLOCK_ELEMENTS = 1 << 24


class Contextual(Distance):
    """−log of how well the reference's features are found among the candidate's, wherever they are.

    With y the reference's features and x the candidate's, both less the mean of y and scaled to length 1:
    d_ij = 1 − cos(x_i, y_j), relative to the nearest d̃_ij = d_ij / (min_k d_ik + ε), made alike
    w_ij = exp((1 − d̃_ij) / h), shared out CX_ij = w_ij / Σ_k w_ik. The distance is −log(mean_j max_i CX_ij + ε).

    So x is the generated picture and y the target, as in the paper and its code: it is not symmetric. The mean of
    y is that of one picture; the public code takes that of the whole batch, where a pair's number depends on the
    others. By the formula a picture with areas that look alike is not at 0 from itself, since each position of
    such an area is found at many others; equal features are at exactly 0 here, as by every distance.

    Every position meets every other. That takes the square of their number in time, but not in memory: the
    candidate's positions come in blocks, in training with each block's part of the computation done again for its
    gradient. Nothing can be added up before all is there, so pieces are kept until then, in float32.
    """

    name = "contextual"
    summary = "−log of the share of the reference's features that are found anywhere in the candidate"
    source = "Mechrez, Talmi, Zelnik-Manor 2018, eq. 1-5"
    is_regional = False
    is_symmetric = False
    works_at_the_end = True
    least_positions: ClassVar[int] = 2  # one is its own mean, and so has no direction
    most_positions: ClassVar[int | None] = 1 << 16
    """Those of relu3_4 in 1024×1024 pixels: most of a minute on two cores. Time goes by the square."""

    BANDWIDTH = 0.5
    """h."""
    STABILISER = 1e-5
    """ε, beside the nearest distance and in the logarithm."""
    ASKS: ClassVar[tuple[str, ...]] = ("cpu",)
    """Devices that are asked whether features are equal, before anything is computed."""
    ROUNDING = 1e-6
    """A feature this near to the mean, relative to it, differs from it by what float32 has rounded: it has no
    direction, as one that equals the mean."""

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """The features themselves: N×P×C each."""
        height, width = reference.shape[2:]
        # Copied, where nobody trains: the network writes the next rows into the same memory.
        sides = (
            features if features.requires_grad else features.clone()
            for features in (by_position(reference), by_position(candidate))
        )
        return Partial(tuple(sides), height * width)

    def merge(self, first: Partial, second: Partial) -> Partial:
        """Both, one behind the other: joining them each time would copy the first pieces again and again."""
        return Partial(first.sums + second.sums, first.positions + second.positions)

    def finish(self, total: Partial, channels: int) -> Tensor:  # noqa: ARG002 - part of the contract
        """Compare all positions with all, one pair of pictures after the other."""
        import torch

        targets, found = (widened(torch.cat(total.sums[side::2], dim=1)) for side in (0, 1))
        return torch.stack([self._distance(y, x) for y, x in zip(targets, found, strict=True)])

    def _distance(self, y: Tensor, x: Tensor) -> Tensor:
        """P×C features of the reference and of the candidate → the distance, ≥ 0."""
        import torch
        from torch.utils.checkpoint import checkpoint

        asks = x.device.type in self.ASKS
        if asks and torch.equal(x, y):
            return (x - y).square().sum()  # 0, and so is its gradient
        # Elsewhere the question would be a wait: all is computed, and then not taken.
        equal = None if asks else (x == y).all()
        mean = y.mean(dim=0)
        y, x = self._directions(y, mean), self._directions(x, mean)
        blocks = torch.split(x, max(1, _BLOCK_ELEMENTS // len(y)))
        if x.requires_grad or y.requires_grad:
            again = partial(checkpoint, use_reentrant=False, preserve_rng_state=False)
            found = (again(self._found, block, y) for block in blocks)
        else:
            found = (self._found(block, y) for block in blocks)
        similarity: Tensor = reduce(torch.maximum, found).mean()
        found_at_all = (similarity + self.STABILISER).log().neg().clamp_min(0)
        return found_at_all if equal is None else found_at_all.masked_fill(equal, 0)

    def _directions(self, features: Tensor, mean: Tensor) -> Tensor:
        import torch

        apart = features - mean
        length = torch.linalg.vector_norm(apart, dim=1, keepdim=True)
        # Selected before the division, so that no gradient is infinite.
        none = length <= self.ROUNDING * torch.linalg.vector_norm(mean)
        directions: Tensor = (apart / length.masked_fill(none, 1)).masked_fill(none, 0)
        return directions

    def _found(self, x: Tensor, y: Tensor) -> Tensor:
        """How well each of P features y is found among B features x: P values."""
        import torch

        apart = torch.addmm(y.new_ones(()), x, y.T, alpha=-1)  # B×P
        # In its own memory, where no gradient needs what was there.
        into = None if apart.requires_grad else apart
        # What the 1 in w adds to each cancels out; the nearest d̃ is at most 1, so that its w cannot vanish.
        scale = -self.BANDWIDTH * (apart.amin(dim=1, keepdim=True) + self.STABILISER)
        alike = torch.exp(torch.div(apart, scale, out=into), out=into)
        return torch.div(alike, alike.sum(dim=1, keepdim=True), out=into).amax(dim=0)
