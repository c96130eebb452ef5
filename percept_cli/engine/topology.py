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

    @property
    def kernel(self) -> int:
        """Positions of its input, along one axis, that one position of its output sees."""
        return {"conv": 3, "relu": 1, "pool": 2}[self.kind]

    @property
    def step(self) -> int:
        """Positions of its input per position of its output, along one axis."""
        return 2 if self.kind == "pool" else 1

    @property
    def padding(self) -> int:
        """Zeros around its input, on each side."""
        return 1 if self.kind == "conv" else 0


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
    layer = layers_up_to(network, [tap])[-1]
    # Every pool halves and drops an odd last row or column; floors of halves compose to one floor.
    return layer.out_channels, height // layer.stride, width // layer.stride


def smallest_side(network: str, taps: Iterable[str]) -> int:
    """The smallest picture side, in pixels, for which every given tap has at least one position."""
    return max((layer.stride for layer in layers_up_to(network, taps)), default=1)


def stride_of(network: str, tap: str) -> int:
    """Pixels of the picture per position of a tap."""
    return 1 if tap == INPUT else layers_up_to(network, [tap])[-1].stride


def tile_rows(layer: Layer) -> int:
    """Rows of output that a layer computes from one window (``winograd``): bands begin at multiples of it.

    Tiles of 4×4 outputs up to stride 8, of 2×2 beyond: every layer's tiles then begin at multiples of 32 pixels
    of the picture, so a crop that begins at one has the very same tiles, and the same rounding, as the whole.
    """
    return 4 if layer.stride <= 8 else 2


def pixels_seen(network: str, tap: str, first: int, last: int) -> tuple[int, int]:
    """The first and last pixel, along one axis, that the positions first … last of a tap depend on.

    They may lie outside the picture, where the padding is.
    """
    for layer in reversed(layers_up_to(network, [tap])):
        first = first * layer.step - layer.padding
        last = last * layer.step - layer.padding + layer.kernel - 1
    return first, last


def positions_reached(network: str, tap: str, first: int, last: int) -> tuple[int, int]:
    """The first and last position of a tap, along one axis, that depend on any of the pixels first … last.

    They may lie outside the map. The last is before the first where a pool drops all of the pixels.
    """
    for layer in layers_up_to(network, [tap]):
        # Position p sees p·step − padding … p·step − padding + kernel − 1.
        first = -((layer.kernel - 1 - layer.padding - first) // layer.step)
        last = (last + layer.padding) // layer.step
    return first, last
