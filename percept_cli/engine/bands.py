"""How pictures go through the network in bands of rows, as plain data: what runs together, and what it holds.

A layer runs as soon as a band of its output can be made, and keeps only those rows of its input that the next
band needs again. Every value is computed once, whatever the height of the bands, and what is held at any time
depends on the width of the pictures and not on their height. Bands small enough for the cache are also the fast
ones, and buffers that are used again cost no page faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from percept_cli.topology import Layer, layers_up_to, tap_shape, tile_rows

BAND_BYTES = 4 << 20
"""A layer's band of output on the CPU: small enough for the last-level cache, large enough to be fast."""
_ROWS_AT_LEAST = 8  # of the first layers, unless the budget is too small for them
_LEAST_BAND_BYTES = 64 << 10
# Winograd's transformed blocks, blocks of the distances, and what else does not depend on the pictures' size.
_WORKING_BYTES = 64 << 20


@dataclass(frozen=True)
class Stage:
    """A convolution with its ReLU, or a pool: what runs on one band."""

    layer: Layer
    relu: Layer | None
    """The ReLU behind a convolution, where the network runs that far."""
    in_width: int
    out_height: int
    """Of the whole picture, in positions."""
    out_width: int
    least: int
    """Rows of output for which the layer runs, unless they are the last; a multiple of its tile."""
    rows: int
    """Most rows of output made at a time, a multiple of its tile."""
    capacity: int
    """Rows of input, padding included, that may wait at a time."""


@dataclass(frozen=True)
class Schedule:
    """The stages of one run over pictures of one size."""

    height: int
    width: int
    rows: int
    """Rows of the pictures taken at a time."""
    stages: tuple[Stage, ...]
    bytes: int
    """What buffers and working memory come to, in bytes."""


def schedule(
    network: str,
    taps: Iterable[str],
    *,
    height: int,
    width: int,
    pictures: int,
    itemsize: int = 4,
    budget: int | None = None,
    band_bytes: int = BAND_BYTES,
) -> Schedule | None:
    """The highest bands of at most ``band_bytes`` that keep within a budget.

    Args:
        network: name of the topology.
        taps: what will be read.
        height: of every picture, in pixels.
        width: of every picture, in pixels.
        pictures: how many go through side by side.
        itemsize: bytes per value.
        budget: most bytes that the run may hold; None for no limit.
        band_bytes: a layer's band of output.

    Returns:
        None if not even the lowest bands keep within the budget.
    """
    layers = layers_up_to(network, taps)
    band_bytes = max(band_bytes, _ROWS_AT_LEAST * 64 * width * pictures * itemsize)
    while True:
        found = _schedule(network, layers, height, width, pictures * itemsize, band_bytes)
        if budget is None or found.bytes <= budget:
            return found
        if band_bytes <= _LEAST_BAND_BYTES:
            return None
        band_bytes //= 2


def _schedule(
    network: str, layers: tuple[Layer, ...], height: int, width: int, value_bytes: int, band_bytes: int
) -> Schedule:
    """``value_bytes``: bytes of one value of every picture."""
    stages: list[Stage] = []
    first = fed = _most_rows(band_bytes, 64 * width * value_bytes, 4, height)
    held = first * width * 3 * value_bytes
    in_height, in_width, output = height, width, 0
    for index, layer in enumerate(layers):
        if layer.kind == "relu":
            continue
        _, out_height, out_width = tap_shape(network, layer.name, height, width)
        tile = tile_rows(layer)
        if layer.kind != "conv":  # as soon as it can: mostly its output is a quarter of its input
            least, rows = 1, max(1, fed // layer.step)
        else:
            row_bytes = max(layer.in_channels, layer.out_channels) * out_width * value_bytes
            rows = _most_rows(band_bytes, row_bytes, tile, out_height)
            # A layer that fits one band waits for all of its input: its kernels are then needed only once.
            least = rows if rows >= out_height else max(tile, rows // 2 // tile * tile)
        # Just before it runs: rows for one less than the least, and for its unfinished tile.
        waiting = (least - 1) * layer.step + layer.kernel - 1 + (tile - 1) * (layer.kind == "conv")
        if layer.mirrors:  # until its first rows are there to be mirrored, and while its last ones may be
            waiting = max(waiting, 2 * layer.padding)
        capacity = min(waiting + fed, in_height + layer.padding) + layer.padding
        relu = next((behind for behind in layers[index + 1 : index + 2] if behind.kind == "relu"), None)
        stages.append(Stage(layer, relu, in_width, out_height, out_width, least, rows, capacity))
        held += capacity * in_width * layer.in_channels * value_bytes
        output = rows * out_width * layer.out_channels * value_bytes
        in_height, in_width, fed = out_height, out_width, rows
    return Schedule(height, width, first, tuple(stages), held + output + _WORKING_BYTES)


def _most_rows(band_bytes: int, row_bytes: int, tile: int, height: int) -> int:
    """Rows of a band: as many as the bytes hold, in whole tiles, at least one tile, and no more than there are."""
    return min(max(tile, band_bytes // row_bytes // tile * tile), -(-height // tile) * tile)
