"""Batches of picture pairs → per-layer distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine.backbone import Backbone
from percept_cli.engine.device import compute_dtype, computing, resolve_device
from percept_cli.engine.distances import DISTANCES
from percept_cli.engine.plan import Plan
from percept_cli.spec import DistanceSpec

if TYPE_CHECKING:
    from torch import Tensor


class Engine:
    """A spec made ready to compute: the weights are loaded once, then any number of batches is measured.

    Args:
        spec: the recipe.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        DeviceUnavailable: if the device or the precision is not there.
        WeightsUnavailable: if the weights file is missing or wrong.
    """

    def __init__(self, spec: DistanceSpec, device: str = "auto") -> None:
        self.spec = spec
        self.device = resolve_device(device)
        dtype = compute_dtype(spec.precision, self.device)
        self._backbone = Backbone(spec.record, spec.taps, device=self.device, dtype=dtype)

    def measure(self, reference: Tensor, candidate: Tensor, plan: Plan) -> Tensor:
        """The distance of every layer for every pair.

        Args:
            reference: N×3×H×W uint8, sRGB in 0..255.
            candidate: the same shape.
            plan: the plan of these pairs, which all have the same size.

        Returns:
            N×L float64 on the CPU, layers in the order of the spec, weights not applied.

        Raises:
            DeviceOutOfMemory: if a batch does not fit the device.
        """
        with torch.inference_mode(), computing(self.spec.precision, self.device):
            return self.distances(self._pictures(reference, plan), self._pictures(candidate, plan)).cpu()

    def distances(self, reference: Tensor, candidate: Tensor) -> Tensor:
        """As ``measure``, for pictures that are floats already; differentiable where autograd is on.

        Args:
            reference: N×3×H×W float32, sRGB in [0, 1], on the engine's device, of a size that has a position
                at every tap.
            candidate: the same shape.
        """
        n = reference.shape[0]
        both = torch.cat((reference, candidate)).contiguous(memory_format=torch.channels_last)
        by_tap = {layer.tap: DISTANCES[layer.distance] for layer in self.spec.layers}
        found: dict[str, Tensor] = {}
        for tap, features in self._backbone.features(both):
            found[tap] = by_tap[tap](features[:n], features[n:])
        return torch.stack([found[tap] for tap in self.spec.taps], dim=1)

    def _pictures(self, pixels: Tensor, plan: Plan) -> Tensor:
        pictures = pixels.to(self.device).float().div_(255)
        bottom, right = plan.height - pixels.shape[2], plan.width - pixels.shape[3]
        if bottom or right:
            pictures = F.pad(pictures, (0, right, 0, bottom), mode="replicate")
        return pictures
