"""Pictures → taps: the features of a pretrained network, no deeper than asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine.convolution import Convolution
from percept_cli.engine.topology import INPUT, Layer, layers_up_to
from percept_cli.weights.loading import load_kernels
from percept_cli.weights.registry import WeightsRecord

if TYPE_CHECKING:
    from torch import Tensor


class Backbone:
    """A pretrained network, cut off behind the deepest tap that is asked for.

    Args:
        record: which weights.
        taps: names of the taps that ``features`` will give.
        device: where it computes.
        dtype: what it computes in.

    Raises:
        WeightsUnavailable: if the weights file is missing, truncated or not what the record says.
    """

    def __init__(
        self, record: WeightsRecord, taps: Iterable[str], *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.taps = frozenset(taps)
        self.layers: tuple[Layer, ...] = layers_up_to(record.network, self.taps)
        self._record = record
        self._dtype = dtype
        kernels = load_kernels(record) if self.layers else {}
        self._convolutions = {
            layer.name: Convolution(
                kernels[f"{layer.name}.weight"],
                kernels[f"{layer.name}.bias"],
                stride=layer.stride,
                device=device,
                dtype=dtype,
            )
            for layer in self.layers
            if layer.kind == "conv"
        }

    def features(self, pictures: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Run the network, giving each tap that was asked for as soon as it is there.

        Args:
            pictures: N×3×H×W float32, sRGB in [0, 1], channels last, on the backbone's device; H and W at least
                ``topology.smallest_side``.

        Yields:
            Tap name and its N×C×H×W features, channels last, in the order of the network. The caller may keep
            them; nothing later writes to them.
        """
        if INPUT in self.taps:
            yield INPUT, pictures
        if not self.layers:
            return
        features = self._normalise(pictures)
        del pictures
        for layer in self.layers:
            features = self._run(layer, features)
            if layer.name in self.taps:
                yield layer.name, features

    def _normalise(self, pictures: Tensor) -> Tensor:
        record = self._record
        mean, std = (
            torch.tensor(values, device=pictures.device, dtype=pictures.dtype).view(1, 3, 1, 1)
            for values in (record.mean, record.std)
        )
        return ((pictures * record.scale - mean) / std).to(self._dtype)

    def _run(self, layer: Layer, features: Tensor) -> Tensor:
        if layer.kind == "conv":
            return self._convolutions[layer.name](features)
        if layer.kind == "pool":
            return F.max_pool2d(features, 2)
        # In place saves a pass over memory, but would turn a conv tap that someone reads into its ReLU.
        convolution = layer.name.replace("relu", "conv")
        return F.relu(features) if convolution in self.taps else F.relu_(features)
