"""How far a float32 result may be from the exact one on any processor: derived from the case, never measured.

Two questions are kept apart. Whether the arithmetic is right is asked in float64, where everything agrees to
``ARITHMETIC``. How much float32 may lose is a bound in two steps:

1. *Features.* A sum of n products, in whatever order an instruction set adds them up, is off by √n roundings, as
   these are independent of each other (Higham & Mary 2019, A new approach to probabilistic rounding error
   analysis). Winograd's transforms add up products that are larger than their sum, by a factor that follows from
   their matrices. Layers add up as independent errors do. This is the length of a channel's error relative to that
   of the channel: ``of_features``.
2. *Distances.* How much that moves a distance says its gradient, taken in float64 at the case's own features: at
   most Σ_c ‖∂D/∂F_c‖·‖δF_c‖ over the channels of both sides (Cauchy and Schwarz: whatever the errors' directions).
   This is the case's conditioning: two pictures of noise move by some 3 times the error of their features, those
   that are a few levels apart by a hundred times: ``of_distance``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from percept_cli.distances import DISTANCES, Distance
from percept_cli.engine.differentiable import Section
from percept_cli.engine.winograd import TILES
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WeightsRecord
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.topology import INPUT, layers_up_to, tile_rows

UNIT = 2.0**-24
"""The largest relative error of one rounding to float32."""

ARITHMETIC = 1e-9
"""For two float64 computations of one number. Their rounding is 2⁻⁵³ where float32 has ``UNIT``: the bounds below,
of up to 0.005 for float32, are 1e-11 then. Another constant, tap or formula moves numbers far more than 1e-9."""


def _gain(m: int) -> float:
    """What one of Winograd's transforms along an axis makes of independent errors, beside 1 for a direct sum.

    Of 3 products of unit variance: the mean over the outputs of Σᵢ Aₖᵢ²·‖Bᵢ‖²·‖Gᵢ‖², divided by 3.
    """
    tile = TILES[m]
    identity = torch.eye(m + 2, dtype=torch.float64)
    b, a = torch.empty(m + 2, m + 2, dtype=torch.float64), torch.empty(m, m + 2, dtype=torch.float64)
    tile.transform_input(identity.unbind(0), b.unbind(0))
    tile.transform_output(identity.unbind(0), a.unbind(0))
    g = torch.tensor(tile.g, dtype=torch.float64)
    return float((a.square() @ (b.square().sum(dim=1) * g.square().sum(dim=1))).mean() / 3)


def products(inputs: int, *, tile: int | None = None) -> float:
    """How many products a direct sum would have that is off by as much as a convolution of so many channels.

    Args:
        inputs: channels.
        tile: of Winograd's filtering, along both axes; None for the direct sum.
    """
    # A place in the window sums over the channels alone.
    return inputs * max(9.0, 0.0 if tile is None else _gain(tile) ** 2)


def of_features(network: str, tap: str, *, winograd: bool = True) -> float:
    """Relative error of a tap in float32.

    Args:
        network: which.
        tap: one of its names.
        winograd: whether layers are filtered as the engine does; else direct sums, as in training and in peers.
    """
    if tap == INPUT:
        return UNIT  # one division by 255
    # From [0, 1] to 255·x − mean: three roundings of 255 at values of some 70.
    total = 3 * (255 / 70) ** 2
    for layer in layers_up_to(network, [tap]):
        if layer.kind == "conv":
            filtered = winograd and layer.in_channels > 3
            total += products(layer.in_channels, tile=tile_rows(layer) if filtered else None)
        elif layer.kind in ("l2pool", "blurpool"):
            total += 9
    return UNIT * math.sqrt(total)


def of_distance(distance: Distance, f: Tensor, g: Tensor, features: float) -> tuple[Tensor, Tensor]:
    """The exact distance of N pairs of float64 features, and how far it may be off: N values each.

    Args:
        distance: of one tap.
        f: N×C×H×W float64.
        g: the same.
        features: their relative error.
    """
    with torch.inference_mode(False), torch.enable_grad():
        sides = [side.clone().requires_grad_() for side in (f, g)]
        found = distance(*sides)
        slopes = torch.autograd.grad(found.sum(), sides)
    # Lengths and squares over the channels are float32 too: √C roundings, independent of those of the features.
    relative = (features**2 + f.shape[1] * UNIT**2) ** 0.5
    bound = torch.zeros_like(found)
    for side, slope in zip(sides, slopes, strict=True):
        # Where the distance does not look, errors do not count.
        seen = side.detach().where(slope != 0, 0)
        bound += (slope.flatten(2).norm(dim=2) * seen.flatten(2).norm(dim=2)).sum(dim=1)
    return found.detach(), relative * bound


@dataclass(frozen=True)
class Exact:
    """What a recipe gives in float64, and what float32 may lose."""

    distances: Tensor
    """N×L, weights not applied."""
    bounds: Tensor
    """The same shape: how far each may be off."""
    weights: Tensor
    """L."""

    @property
    def totals(self) -> Tensor:
        """N."""
        return self.distances @ self.weights

    @property
    def bounds_of_totals(self) -> Tensor:
        """N."""
        return self.bounds @ self.weights.abs()

    def check(self, distances: Tensor) -> None:
        """Whether N×L float32 distances, and their weighted sums, are as near as they must be."""
        check(distances, self.distances, self.bounds)
        check(distances.double() @ self.weights, self.totals, self.bounds_of_totals)


def check(found: Tensor, expected: Tensor, bounds: Tensor) -> None:
    """Whether every value is within its bound of what is expected."""
    off = (found.double() - expected).abs()
    assert (off <= bounds).all(), f"off by {(off / bounds).max():.3g} of the bound: {found} for {expected}"


def exact(spec: DistanceSpec, reference: Tensor, candidate: Tensor, *, winograd: bool = True) -> Exact:
    """Measure N×3×H×W pictures of 0..255, whole and in float64.

    Args:
        spec: what to measure.
        reference: N×3×H×W.
        candidate: the same.
        winograd: what the float32 is that is held to it: see ``of_features``.
    """
    with torch.inference_mode():
        sides = [features_of(spec.record, spec.taps, side.double() / 255) for side in (reference, candidate)]
    distances, bounds = [], []
    for layer in spec.layers:
        error = of_features(spec.record.network, layer.tap, winograd=winograd)
        f, g = (side[layer.tap] for side in sides)
        value, bound = of_distance(DISTANCES[layer.distance].at_tap(layer.tap), f, g, error)
        distances.append(value)
        bounds.append(bound)
    weights = torch.tensor([layer.weight for layer in spec.layers], dtype=torch.float64)
    return Exact(torch.stack(distances, dim=1), torch.stack(bounds, dim=1), weights)


def features_of(
    record: WeightsRecord, taps: Iterable[str], pictures: Tensor, kernels: Mapping[str, Tensor] | None = None
) -> dict[str, Tensor]:
    """By tap: N×C×H×W features of N×3×H×W pictures in [0, 1], whole and differentiably, in their dtype."""
    section = Section(record, layers_up_to(record.network, taps), tuple(taps))
    if section.layers:
        kernels = {name: kernel.to(pictures.dtype) for name, kernel in (kernels or load_kernels(record)).items()}
    return dict(section.features(pictures, kernels or {}, pictures.dtype))


def relative_error(found: Tensor, expected: Tensor) -> float:
    """Length of the difference, relative to that of what is expected."""
    return float((found.double() - expected).norm() / expected.double().norm())
