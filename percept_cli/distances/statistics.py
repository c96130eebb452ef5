"""Distances of whole pictures from statistics of their channels: Gram matrices, means and variances."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from percept_cli.distances.base import Distance, Learned, Partial, blocks, widened

if TYPE_CHECKING:
    from torch import Tensor

GramNorm = Literal["none", "hw", "chw"]


class Gram(Distance):
    """Mean over C² of (Gram(F) − Gram(G))², Gram(F) = F·Fᵀ / n."""

    is_separable: ClassVar[bool] = True

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
        return Partial((self.of_side(reference) - self.of_side(candidate),), height * width)

    def of_side(self, features: Tensor) -> Tensor:
        """The unnormalised Gram matrix, N×C×C float64."""
        parts = (widened(block) for block in blocks(features))
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
        self._alpha, self._beta = (None if one is None else Learned(one) for one in (alpha, beta))

    def at_tap(self, tap: str) -> Distance:
        """With the tap's share of the learned weights. Without them all channels weigh alike, and sum to 1."""
        import torch

        from percept_cli.networks.channels import CHANNEL_WEIGHTS, load_channel_weights

        weights = load_channel_weights(CHANNEL_WEIGHTS[self.name])
        with torch.inference_mode(False):
            total = sum(float(part.double().sum()) for part in weights.values())
            return Dists(*(weights[f"{tap}.{part}"].double() / total for part in ("alpha", "beta")))

    def contribute(self, reference: Tensor, candidate: Tensor) -> Partial:
        """Five sums per channel, N×C each: float64 throughout, since a variance is a small difference of sums."""
        height, width = reference.shape[2:]
        parts = [
            self._moments(widened(f), widened(g))
            for f, g in zip(blocks(reference), blocks(candidate), strict=True)
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
        alpha, beta = (weights.beside(texture) for weights in (self._alpha, self._beta))
        return texture @ alpha + structure @ beta
