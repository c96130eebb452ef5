"""Layers on torch's own operations, with gradients: whole pictures, without bands and without Winograd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from percept_cli.engine.pools import differentiable_pool
from percept_cli.engine.tensors import constants
from percept_cli.networks.registry import WeightsRecord
from percept_cli.topology import INPUT, Layer, layers_up_to

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Section:
    """Successive layers of a network, and what is read there."""

    record: WeightsRecord
    layers: tuple[Layer, ...]
    taps: tuple[str, ...]
    is_first: bool = True
    """Whether it is given pictures, and not the features of another section."""

    def features(
        self, pictures: Tensor, kernels: Mapping[str, Tensor], dtype: torch.dtype
    ) -> Iterator[tuple[str, Tensor]]:
        """Run the layers.

        Args:
            pictures: N×3×H×W float32, sRGB in [0, 1], H and W at least ``topology.smallest_side``; or features.
            kernels: by the keys of ``WeightsRecord.shapes``, on the pictures' device.
            dtype: what is computed in; that of the kernels.

        Yields:
            Tap name and its N×C×H×W features, channels last, in the order of the network; what the last layer
            gives, whether it is a tap or not. The caller may keep them; nothing later writes to them.
        """
        if self.is_first and INPUT in self.taps:
            yield INPUT, pictures
        if not self.layers:
            return
        features = pictures
        if self.is_first:
            features = (
                normalised(pictures.permute(0, 2, 3, 1), self.record, dtype).contiguous().permute(0, 3, 1, 2)
            )
        del pictures
        for layer in self.layers:
            if layer.kind == "conv":
                weight, bias = (kernels[f"{layer.name}.{part}"] for part in ("weight", "bias"))
                features = F.conv2d(features, weight, bias, padding=1)
            elif layer.kind != "relu":
                features = differentiable_pool(layer, features)
            else:
                # In place saves a pass over memory, but would turn a conv tap that someone reads into its ReLU.
                read = layer.name.replace("relu", "conv") in self.taps
                features = F.relu(features) if read else F.relu_(features)
            if layer.name in self.taps or layer is self.layers[-1]:
                yield layer.name, features


def sections_of(record: WeightsRecord, taps: Sequence[str]) -> Iterator[Section]:
    """The network down to the deepest tap, cut behind every pool: what goes on from there is then smallest.

    Args:
        record: which network.
        taps: names; each section has its own, in the order of the network.
    """
    network = layers_up_to(record.network, taps)
    cuts = [index for index, layer in enumerate(network, start=1) if layer.name.startswith("pool")]
    start = 0
    for end in dict.fromkeys([*cuts, len(network)]):  # one at least: the picture may be all that is compared
        layers = network[start:end]
        names = [*([] if start else [INPUT]), *(layer.name for layer in layers)]
        yield Section(record, layers, tuple(name for name in names if name in taps), is_first=not start)
        start = end


def normalised(pictures: Tensor, record: WeightsRecord, dtype: torch.dtype) -> Tensor:
    """What the first layer reads: N×R×W×3 float32, sRGB in [0, 1] → the network's own range, and a dtype."""
    # Along whole rows, since vectors of three values are slow.
    mean, std = (
        constants(values, pictures.device, pictures.dtype).repeat(pictures.shape[2])
        for values in (record.mean, record.std)
    )
    return ((pictures.flatten(2) * record.scale - mean) / std).view(pictures.shape).to(dtype)
