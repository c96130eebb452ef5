"""The shape of a backbone as plain data: layers, taps, strides. No torch, so that it can be asked at no cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

INPUT = "input"
"""The tap before the network: the sRGB picture itself, values in [0, 1], not normalised."""


@dataclass(frozen=True)
class Layer:
    """One layer; its output is the tap of the same name."""

    name: str
    """Field name: ``conv3_1``, ``relu3_1``, ``pool3``. A conv tap is the value before the ReLU."""
    kind: Literal["conv", "relu", "pool"]
    """``conv``: 3×3, stride 1, zero padding 1. ``pool``: 2×2 maximum, stride 2, no padding."""
    in_channels: int
    out_channels: int
    stride: int
    """Pixels of the picture per position of this layer's output."""


def _vgg(convolutions_per_block: tuple[int, ...], channels_per_block: tuple[int, ...]) -> tuple[Layer, ...]:
    """VGG as in Simonyan & Zisserman 2015, table 1, up to the last ReLU (nothing reads the last pool)."""
    layers: list[Layer] = []
    channels, stride = 3, 1
    blocks = list(zip(convolutions_per_block, channels_per_block, strict=True))
    for block, (count, width) in enumerate(blocks, start=1):
        for index in range(1, count + 1):
            layers.append(Layer(f"conv{block}_{index}", "conv", channels, width, stride))
            layers.append(Layer(f"relu{block}_{index}", "relu", width, width, stride))
            channels = width
        if block < len(blocks):
            stride *= 2
            layers.append(Layer(f"pool{block}", "pool", width, width, stride))
    return tuple(layers)


NETWORKS: dict[str, tuple[Layer, ...]] = {
    "vgg16": _vgg((2, 2, 3, 3, 3), (64, 128, 256, 512, 512)),
}


def tap_names(network: str) -> tuple[str, ...]:
    """Every tap of a network, from the picture itself to the deepest layer."""
    return (INPUT, *(layer.name for layer in NETWORKS[network]))


def layers_up_to(network: str, taps: Iterable[str]) -> tuple[Layer, ...]:
    """The layers that must run to read the given taps: none for ``input`` alone."""
    names = tap_names(network)
    deepest = max(names.index(tap) for tap in taps)
    return NETWORKS[network][:deepest]


def tap_shape(network: str, tap: str, height: int, width: int) -> tuple[int, int, int]:
    """Channels, height and width of a tap for a picture of the given size in pixels."""
    if tap == INPUT:
        return 3, height, width
    layer = next(layer for layer in NETWORKS[network] if layer.name == tap)
    # Every pool halves and drops an odd last row or column; floors of halves compose to one floor.
    return layer.out_channels, height // layer.stride, width // layer.stride


def smallest_side(network: str, taps: Iterable[str]) -> int:
    """The smallest picture side, in pixels, for which every given tap has at least one position."""
    return max((layer.stride for layer in layers_up_to(network, taps)), default=1)
