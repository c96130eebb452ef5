"""From the pixels that changed to the crops that must be computed, as plain data.

A position of a tap depends on the pixels in its receptive field only. Where two pictures agree over all of it,
their features are equal, and every distance that is a sum over positions gets exactly 0 from there. So:

1. The picture is laid out in cells of 16×16 pixels, and those with a changed pixel are found.
2. Core cells are those with a position, at any tap, that a changed cell reaches.
3. The core cells are grouped into disjoint rectangles, the cores. Every position belongs to one core or to none.
4. Each core grows by the halo that its positions see, and becomes a crop. What a crop computes outside its core is
   wrong near an edge that is not the picture's own, and is not counted.

Crops begin at multiples of 32 pixels: there every layer's positions, and the tiles in which convolutions are
computed, lie as they do in the whole picture, so that every value counted is rounded alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from percept_cli.geometry import Rectangle
from percept_cli.topology import (
    INPUT,
    layers_up_to,
    mirrored,
    pixels_seen,
    positions_reached,
    stride_of,
    tap_shape,
    tile_rows,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CELL = 16
"""Pixels per side of a cell; a multiple of every tap's stride."""
ALIGNMENT = 32
"""What the first row and column of a crop are multiples of."""
CROP_COST = 4096
"""What starting a crop costs, in pixels: reading every kernel once takes as long as computing so many."""
_MOST_BLOCKS = 128  # to begin with, before they are merged
_BYTES_AT_A_TIME = 4 << 20  # of a picture that is compared


@dataclass(frozen=True)
class Crop:
    """A part of a picture to be computed, and what of it counts."""

    pixels: Rectangle
    """What the network sees."""
    core: Rectangle
    """What counts; within ``pixels``, its edges multiples of ``CELL`` or the picture's own."""


@dataclass(frozen=True)
class Margins:
    """How far things reach along one axis, in pixels, each a multiple of ``CELL``."""

    reach_before: int
    """From a changed cell to the first core cell that it reaches."""
    reach_after: int
    halo_before: int
    """From a core cell to the first pixel that it sees."""
    halo_after: int


def whole(height: int, width: int) -> Crop:
    """All of a picture."""
    everything = Rectangle(0, 0, height, width)
    return Crop(everything, everything)


def margins(network: str, taps: Iterable[str]) -> Margins:
    """The smallest margins, in whole cells, that are exact for every one of the taps.

    Exact for the arithmetic of real numbers they would be without the last tile. A Winograd tile's outputs are
    rounded by all of its inputs, and with that tile those that count are rounded as in the whole picture.
    """
    reaches, halos = [], []
    for tap in taps:
        stride, more = stride_of(network, tap), mirrored(network, tap)
        first, last = positions_reached(network, tap, 0, CELL - 1)
        reaches.append((-(first - more) * stride, (last + more + 1) * stride - CELL))
        first, last = pixels_seen(network, tap, -more, CELL // stride - 1 + more)
        rounding = 0 if tap == INPUT else (tile_rows(layers_up_to(network, [tap])[-1]) - 1) * stride
        halos.append((rounding - first, last + 1 - CELL + rounding))

    def cells(pixels: Iterable[int]) -> int:
        return max(0, -(-max(pixels) // CELL) * CELL)

    before, after = zip(*reaches, strict=True)
    seen_before, seen_after = zip(*halos, strict=True)
    return Margins(cells(before), cells(after), cells(seen_before), cells(seen_after))


def window(network: str, tap: str, crop: Crop) -> tuple[slice, slice]:
    """The rows and columns of a tap, computed on a crop, that are its core's.

    Args:
        network: name of the topology.
        tap: name of the tap.
        crop: a part of a picture.
    """
    stride = stride_of(network, tap)
    core, pixels = crop.core, crop.pixels

    _, height, width = tap_shape(network, tap, pixels.height, pixels.width)

    def part(first: int, last: int, begin: int, end: int, positions: int) -> slice:
        # Only the picture's own end may be no multiple of the stride. There a pool drops what is left, or makes
        # one more position of it: the last core has all that there are.
        return slice((first - begin) // stride, positions if last == end else (last - begin) // stride)

    rows = part(core.top, core.bottom, pixels.top, pixels.bottom, height)
    columns = part(core.left, core.right, pixels.left, pixels.right, width)
    return rows, columns


class Stored(Protocol):
    """Bytes in memory or in a file."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


def changed_cells(reference: Stored, candidate: Stored, height: int, width: int) -> NDArray[np.bool_]:
    """Which cells have a pixel that differs.

    Args:
        reference: height × width × 3 values, of one byte or of four; equal ones are of equal bytes.
        candidate: as many, of the same kind.
        height: in pixels.
        width: in pixels.

    Returns:
        Rows × columns of cells.
    """
    import numpy as np

    each = len(reference) // (height * width)  # bytes of a pixel
    row = each * width
    rows = CELL * max(1, _BYTES_AT_A_TIME // (CELL * row))
    found = np.zeros((-(-height // CELL), -(-width // CELL)), bool)
    for top in range(0, height, rows):
        band = slice(top * row, min(top + rows, height) * row)
        first, second = reference[band], candidate[band]
        if first != second:
            one, other = (np.frombuffer(side, np.uint8).reshape(-1, row) for side in (first, second))
            differs = one != other
            by_row = np.logical_or.reduceat(differs, range(0, differs.shape[0], CELL), axis=0)
            cells = np.logical_or.reduceat(by_row, range(0, each * width, each * CELL), axis=1)
            found[top // CELL : top // CELL + cells.shape[0]] = cells
    return found


def plan_crops(
    network: str, taps: Iterable[str], height: int, width: int, changed: NDArray[np.bool_]
) -> tuple[Crop, ...]:
    """The crops to compute for two pictures that differ in some cells; the whole picture where that is cheaper.

    Cores are disjoint, and every position that differs at any tap is in one of them.
    """
    around = margins(network, taps)
    boxes = _merge(_blocks(_core_cells(changed, around)), around, height, width)
    crops = [crop_around(_in_pixels(box, height, width), around, height, width) for box in boxes]
    everything = whole(height, width)
    if not crops or sum(map(cost, crops)) < cost(everything):
        return tuple(sorted(crops, key=lambda crop: (crop.core.top, crop.core.left)))
    return (everything,)


def cost(crop: Crop) -> int:
    """What a crop costs, in pixels: convolution work goes by the area, and each crop has its beginning."""
    return crop.pixels.pixels + CROP_COST


def crop_around(core: Rectangle, around: Margins, height: int, width: int) -> Crop:
    """A core with its halo; where the picture ends, the crop ends."""
    top, left = core.top - around.halo_before, core.left - around.halo_before
    bottom, right = core.bottom + around.halo_after, core.right + around.halo_after
    pixels = Rectangle(
        max(0, top // ALIGNMENT * ALIGNMENT),
        max(0, left // ALIGNMENT * ALIGNMENT),
        min(height, -(-bottom // ALIGNMENT) * ALIGNMENT),
        min(width, -(-right // ALIGNMENT) * ALIGNMENT),
    )
    return Crop(pixels, core)


def columns_of(crop: Crop, core_width: int, around: Margins, height: int, width: int) -> Iterator[Crop]:
    """A crop cut into narrower ones, whose cores are at most so wide and together the same."""
    core = crop.core
    for left in range(core.left, core.right, core_width):
        part = Rectangle(core.top, left, core.bottom, min(core.right, left + core_width))
        yield crop_around(part, around, height, width)


def _core_cells(changed: NDArray[np.bool_], around: Margins) -> NDArray[np.bool_]:
    """Cells that any changed cell reaches: each axis on its own, since what is reached is a rectangle."""
    found = changed
    for axis in (0, 1):
        spread = found.copy()
        for distance in range(1, around.reach_before // CELL + 1):
            spread |= _shifted(found, -distance, axis)
        for distance in range(1, around.reach_after // CELL + 1):
            spread |= _shifted(found, distance, axis)
        found = spread
    return found


def _shifted(cells: NDArray[np.bool_], distance: int, axis: int) -> NDArray[np.bool_]:
    import numpy as np

    moved = np.zeros_like(cells)
    length = cells.shape[axis]
    kept = max(0, length - abs(distance))
    source, target = (slice(0, kept), slice(length - kept, length))
    if distance < 0:
        source, target = target, source
    if axis == 0:
        moved[target] = cells[source]
    else:
        moved[:, target] = cells[:, source]
    return moved


def _blocks(cells: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Disjoint boxes that hold all the cells: what lies in each block of a grid, as tight as it can be.

    Returns:
        N × (top, left, bottom, right) in cells.
    """
    import numpy as np

    rows, columns = np.nonzero(cells)
    side = 8
    while True:
        blocks, index = np.unique(rows // side * cells.shape[1] + columns // side, return_inverse=True)
        if len(blocks) <= _MOST_BLOCKS:
            break
        side *= 2
    boxes = np.empty((len(blocks), 4), np.int64)
    boxes[:, :2] = np.iinfo(np.int64).max
    boxes[:, 2:] = 0
    for column, (values, smallest) in enumerate(
        ((rows, True), (columns, True), (rows + 1, False), (columns + 1, False))
    ):
        (np.minimum if smallest else np.maximum).at(boxes[:, column], index, values)
    return boxes


def _merge(boxes: NDArray[np.int64], around: Margins, height: int, width: int) -> NDArray[np.int64]:
    """Join pairs of boxes, the best first, as long as that is no dearer and covers no part of a third."""
    import numpy as np

    while len(boxes) > 1:
        joined = np.concatenate(
            (
                np.minimum(boxes[:, None, :2], boxes[None, :, :2]),
                np.maximum(boxes[:, None, 2:], boxes[None, :, 2:]),
            ),
            axis=2,
        )
        alone = _costs(boxes, around, height, width)
        saved = alone[:, None] + alone[None, :] - _costs(joined, around, height, width)
        saved[np.tril_indices(len(boxes))] = -1
        for pair in np.argsort(saved, axis=None)[::-1]:
            first, second = divmod(int(pair), len(boxes))
            if saved[first, second] < 0:
                return boxes
            others = np.delete(boxes, (first, second), axis=0)
            box = joined[first, second]
            if not ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any():
                boxes = np.concatenate((others, box[None]))
                break
        else:
            return boxes
    return boxes


def _costs(boxes: NDArray[np.int64], around: Margins, height: int, width: int) -> NDArray[np.int64]:
    """``cost`` of many boxes in cells at once."""
    import numpy as np

    first = np.maximum(0, (boxes[..., :2] * CELL - around.halo_before) // ALIGNMENT * ALIGNMENT)
    last = np.minimum((height, width), -(-(boxes[..., 2:] * CELL + around.halo_after) // ALIGNMENT) * ALIGNMENT)
    return np.asarray((last - first).prod(axis=-1) + CROP_COST)


def _in_pixels(box: NDArray[np.int64], height: int, width: int) -> Rectangle:
    top, left, bottom, right = (int(edge) * CELL for edge in box)
    return Rectangle(top, left, min(height, bottom), min(width, right))
