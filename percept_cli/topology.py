"""The shape of a backbone as plain data: layers, taps, strides. No torch, so that it can be asked at no cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

INPUT = "input"
"""The tap before the network: the sRGB picture itself, values in [0, 1], not normalised."""

Kind = Literal["conv", "relu", "pool", "l2pool", "max", "blurpool"]
"""What a layer does.

``conv``: 3×3, zero padding 1. ``pool``: 2×2 maximum, stride 2; an odd last row is dropped.

``l2pool``: √(blur(x²) + 1e-12), stride 2, zero padding 1 (Ding et al. 2020, section 3.1).

``max`` and ``blurpool``, one behind the other: 2×2 maximum at every position, then at every second one the blur of
these values, padded by 2 on each side, mirrored at the outermost value (Zhang 2019, section 3.2, with the wider
padding of Ghildyal & Liu 2022).

Every blur is (1, 2, 1)ᵀ(1, 2, 1) / 16.
"""

# Along one axis: positions of the input that one of the output sees, those between two of the output, and how many
# are added to the input on each side.
_GEOMETRY: dict[Kind, tuple[int, int, int]] = {
    "conv": (3, 1, 1),
    "relu": (1, 1, 0),
    "pool": (2, 2, 0),
    "l2pool": (3, 2, 1),
    "max": (2, 1, 0),
    "blurpool": (3, 2, 2),
}


_WIDTHS = (64, 128, 256, 512, 512)  # channels of each block, of every VGG


@dataclass(frozen=True)
class Layer:
    """One layer; its output is the tap of the same name."""

    name: str
    """Field name: ``conv3_1``, ``relu3_1``, ``pool3``. A conv tap is the value before the ReLU."""
    kind: Kind
    in_channels: int
    out_channels: int
    stride: int
    """Pixels of the picture per position of this layer's output."""

    @property
    def kernel(self) -> int:
        """Positions of its input, along one axis, that one position of its output sees."""
        return _GEOMETRY[self.kind][0]

    @property
    def step(self) -> int:
        """Positions of its input per position of its output, along one axis."""
        return _GEOMETRY[self.kind][1]

    @property
    def padding(self) -> int:
        """Positions added around its input, on each side."""
        return _GEOMETRY[self.kind][2]

    @property
    def mirrors(self) -> bool:
        """Whether the padding is the input mirrored at its first or last position; else it is zeros."""
        return self.kind == "blurpool"

    def positions(self, inputs: int) -> int:
        """Positions of its output, along one axis, for so many of its input."""
        return max(0, (inputs + 2 * self.padding - self.kernel) // self.step + 1)

    def inputs(self, positions: int) -> int:
        """The fewest positions of its input, along one axis, that make so many of its output."""
        least = self.padding + 1 if self.mirrors else 1
        return max(least, (positions - 1) * self.step + self.kernel - 2 * self.padding)


def _vgg(
    convolutions_per_block: tuple[int, ...], pools: tuple[Kind, ...] = ("pool",), widths: tuple[int, ...] = _WIDTHS
) -> tuple[Layer, ...]:
    """VGG as in Simonyan & Zisserman 2015, table 1, up to the last ReLU (nothing reads the last pool).

    Args:
        convolutions_per_block: with one pool between two blocks.
        pools: the layers that make up a pool.
        widths: channels of each block.
    """
    layers: list[Layer] = []
    channels, stride = 3, 1
    blocks = list(zip(convolutions_per_block, widths, strict=True))
    for block, (count, width) in enumerate(blocks, start=1):
        for index in range(1, count + 1):
            layers.append(Layer(f"conv{block}_{index}", "conv", channels, width, stride))
            layers.append(Layer(f"relu{block}_{index}", "relu", width, width, stride))
            channels = width
        for kind in pools if block < len(blocks) else ():
            stride *= _GEOMETRY[kind][1]
            # `pool` is what the next block reads, whatever it is made of.
            layers.append(Layer(f"{'max' if kind == 'max' else 'pool'}{block}", kind, width, width, stride))
    return tuple(layers)


NETWORKS: dict[str, tuple[Layer, ...]] = {
    "vgg16": _vgg((2, 2, 3, 3, 3)),
    # As in DISTS (Ding et al. 2020): the kernels of VGG-16, every pool an L2 pool.
    "vgg16-l2pool": _vgg((2, 2, 3, 3, 3), ("l2pool",)),
    # As in ST-LPIPS (Ghildyal & Liu 2022): every pool a maximum and a blur.
    "vgg16-blurpool": _vgg((2, 2, 3, 3, 3), ("max", "blurpool")),
    "vgg19": _vgg((2, 2, 4, 4, 4)),
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
    channels = 3
    for layer in layers_up_to(network, [tap]):
        channels, height, width = layer.out_channels, layer.positions(height), layer.positions(width)
    return channels, height, width


def smallest_side(network: str, taps: Iterable[str]) -> int:
    """The smallest picture side, in pixels, for which every given tap has at least one position."""
    side = 1
    for layer in reversed(layers_up_to(network, taps)):
        side = layer.inputs(side)
    return side


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

    They may lie outside the picture, where the padding is. What a mirroring layer sees at the picture's edge is
    told by ``mirrored``.
    """
    for layer in reversed(layers_up_to(network, [tap])):
        first = first * layer.step - layer.padding
        last = last * layer.step - layer.padding + layer.kernel - 1
    return first, last


def positions_reached(network: str, tap: str, first: int, last: int) -> tuple[int, int]:
    """The first and last position of a tap, along one axis, that depend on any of the pixels first … last.

    They may lie outside the map. The last is before the first where a pool drops all of the pixels. As for
    ``pixels_seen``, at the picture's edge there may be one more: see ``mirrored``.
    """
    for layer in layers_up_to(network, [tap]):
        # Position p sees p·step − padding … p·step − padding + kernel − 1.
        first = -((layer.kernel - 1 - layer.padding - first) // layer.step)
        last = (last + layer.padding) // layer.step
    return first, last


def mirrored(network: str, tap: str) -> int:
    """How many positions of a tap, at the picture's edge, see what nominally only their inner neighbours see.

    The padding of a mirroring layer shows its outermost position what the next one sees. Behind a convolution this
    makes no difference: there the outermost position sees its neighbour anyway.
    """
    return 1 if tap != INPUT and layers_up_to(network, [tap])[-1].mirrors else 0
