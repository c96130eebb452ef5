"""Two decoded pictures → what of them differs: what is ignored, what moved, and the regions that changed.

A pixel that is ignored gets the reference's colour in the candidate. So it is equal, to the network as well: what
a layer sees there is the same in both pictures, nothing of the candidate's pixel is left to leak into features
beside it, and the planner has nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting
from percept_cli.evidence import Box
from percept_cli.images.decode import Picture, decode, read_file
from percept_cli.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

BLOCK = 8
"""Pixels per side of the blocks in which regions are found: changes in neighbouring blocks belong together."""
_SAMPLE = 1 << 16  # pixels on which displacements are tried first
_BEST = 3  # displacements that are then tried on all
_GAIN = 0.5  # a displacement counts if it leaves no more than this of the difference
_MOST_REGIONS_MOVED = 256


@dataclass(frozen=True)
class ChangedRegion:
    """Changed pixels in blocks that touch."""

    box: Box
    pixels: int
    shift: tuple[int, int] | None = None


@dataclass(frozen=True)
class Changes:
    """A pair made ready to be compared, and what changed in it."""

    reference: Picture
    candidate: Picture
    """Moved back where that is allowed, and the reference's pixels where they are ignored."""
    labels: NDArray[np.int32]
    """Per block of ``BLOCK``×``BLOCK`` pixels its region's number, from 1; 0 where nothing changed."""
    regions: tuple[ChangedRegion, ...]
    """By number."""
    moved: tuple[ChangedRegion, ...] = ()
    """Regions that had moved and are otherwise equal, which no number stands for any more."""
    pixels: int = 0
    """How many differ."""
    ignored: int = 0
    """How many are left out, those included that a displacement leaves without a counterpart."""
    shift: tuple[int, int] | None = None
    """Pixels to the right and down by which the whole candidate had moved."""


def find_changes(
    reference: Picture,
    candidate: Picture,
    *,
    ignore: Sequence[Box] = (),
    mask: NDArray[np.bool_] | None = None,
    max_shift: int = 0,
) -> Changes:
    """Prepare a pair.

    Args:
        reference: the one picture.
        candidate: the other, of the same size.
        ignore: rectangles that are left out.
        mask: H×W, True where pixels are left out.
        max_shift: most pixels by which the candidate, or a region of it, may have moved.
    """
    import numpy as np

    first, second = _array(reference), _array(candidate)
    original = second
    left_out = _left_out(ignore, mask, first.shape[:2])
    shift, moved = None, list[ChangedRegion]()
    if left_out is not None:
        second = np.where(left_out[..., None], first, second)
    if max_shift and not np.array_equal(first, second):
        shift, second, uncovered = _move_all(first, second, max_shift)
        if uncovered is not None:
            left_out = uncovered if left_out is None else left_out | uncovered
        second, moved = _move_regions(first, second, max_shift)
    changed = (first != second).any(axis=2)
    labels, regions = _regions(changed)
    aligned = candidate if second is original else replace(candidate, pixels=second.tobytes())
    return Changes(
        reference,
        aligned,
        labels,
        tuple(_with_shift(region, moved) for region in regions),
        tuple(region for region in moved if not changed[_inside(region.box)].any()),
        pixels=int(changed.sum()),
        ignored=0 if left_out is None else int(left_out.sum()),
        shift=shift,
    )


def read_mask(path: Path, width: int, height: int) -> NDArray[np.bool_]:
    """A mask: H×W, True where the picture is darker than middle grey and pixels are left out.

    Raises:
        UnreadableImage, UnsupportedImage: if it cannot be read.
        InvalidSetting: if it has another size than the pictures.
    """
    picture = decode(read_file(path), path)
    if (picture.width, picture.height) != (width, height):
        raise InvalidSetting(
            f"{shown(path)}: the mask has {picture.width}×{picture.height} pixels, the pictures {width}×{height}",
            hint="make the mask as large as the pictures.",
        )
    grey: NDArray[np.bool_] = _array(picture).max(axis=2) < 128
    return grey


def check_boxes(boxes: Sequence[Box], width: int, height: int) -> None:
    """See whether rectangles lie within a picture, at least in part.

    Raises:
        InvalidSetting: naming one that does not: it was meant for another picture, or is misspelt.
    """
    for box in boxes:
        if box.x >= width or box.y >= height:
            raise InvalidSetting(
                f"the ignored rectangle {box} lies outside the picture of {width}×{height} pixels",
                hint="write x,y,width,height in pixels from the top left.",
            )


def _array(picture: Picture) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)


def _left_out(
    ignore: Sequence[Box], mask: NDArray[np.bool_] | None, shape: tuple[int, ...]
) -> NDArray[np.bool_] | None:
    import numpy as np

    if not ignore:
        return mask
    found = np.zeros(shape, bool) if mask is None else mask.copy()
    for box in ignore:
        found[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return found


def _regions(changed: NDArray[np.bool_]) -> tuple[NDArray[np.int32], list[ChangedRegion]]:
    import numpy as np
    from scipy import ndimage

    height, width = changed.shape
    by_row = np.logical_or.reduceat(changed, range(0, height, BLOCK), axis=0)
    blocks = np.logical_or.reduceat(by_row, range(0, width, BLOCK), axis=1)
    labels, count = ndimage.label(blocks, structure=np.ones((3, 3)), output=np.int32)
    if not count:
        return labels, []
    rows, columns = np.nonzero(changed)
    mine = labels[rows // BLOCK, columns // BLOCK]
    pixels = np.bincount(mine, minlength=count + 1)
    numbers = range(1, count + 1)
    edges = [
        np.asarray(function(values, mine, numbers), int)
        for function, values in (
            (ndimage.minimum, columns),
            (ndimage.minimum, rows),
            (ndimage.maximum, columns),
            (ndimage.maximum, rows),
        )
    ]
    return labels, [
        ChangedRegion(Box(left, top, right - left + 1, bottom - top + 1), int(pixels[number]))
        for number, left, top, right, bottom in zip(numbers, *(edge.tolist() for edge in edges), strict=True)
    ]


def _move_all(
    first: NDArray[np.uint8], second: NDArray[np.uint8], most: int
) -> tuple[tuple[int, int] | None, NDArray[np.uint8], NDArray[np.bool_] | None]:
    """The candidate moved back as a whole, if that makes the pictures more alike, and what that uncovers."""
    import numpy as np

    height, width = first.shape[:2]
    everything = Box(0, 0, width, height)
    shift = _displacement(first, second, everything, min(most, height - 1, width - 1))
    if shift is None:
        return None, second, None
    x, y = shift
    covered = np.zeros((height, width), bool)
    inside = np.s_[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    covered[inside] = True
    moved = first.copy()
    moved[inside] = second[max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)]
    return shift, moved, ~covered


def _move_regions(
    first: NDArray[np.uint8], second: NDArray[np.uint8], most: int
) -> tuple[NDArray[np.uint8], list[ChangedRegion]]:
    """The candidate with those regions moved back that are then more alike."""
    height, width = first.shape[:2]
    _, regions = _regions((first != second).any(axis=2))
    moved, result = list[ChangedRegion](), second
    for region in sorted(regions, key=lambda region: -region.pixels)[:_MOST_REGIONS_MOVED]:
        shift = _displacement(first, second, region.box, most)
        if shift is None:
            continue
        (x, y), box = shift, region.box
        left, top = max(box.x, -x), max(box.y, -y)
        right = min(box.x + box.width, width - x)
        bottom = min(box.y + box.height, height - y)
        if left >= right or top >= bottom:
            continue
        if result is second:
            result = second.copy()
        result[top:bottom, left:right] = second[top + y : bottom + y, left + x : right + x]
        moved.append(replace(region, shift=shift))
    return result, moved


def _displacement(
    first: NDArray[np.uint8], second: NDArray[np.uint8], box: Box, most: int
) -> tuple[int, int] | None:
    """The displacement of at most so many pixels that leaves the least difference, if it is a gain.

    Of equally good ones the shortest.
    """
    import numpy as np

    # All of a small box, so that what a displacement spoils counts as well; of a large one every so many pixels.
    step = max(1, int((box.width * box.height / _SAMPLE) ** 0.5))
    ys, xs = np.mgrid[box.y : box.y + box.height : step, box.x : box.x + box.width : step].reshape(2, -1)
    shifts = [(x, y) for y in range(-most, most + 1) for x in range(-most, most + 1)]
    shifts.sort(key=lambda shift: (abs(shift[0]) + abs(shift[1]), shift))
    here = first[ys, xs].astype(np.int16)
    tried = [(_left(here, second, ys, xs, shift), order) for order, shift in enumerate(shifts)]
    before = tried[0][0]
    best = sorted(tried)[:_BEST]
    if step > 1:
        ys, xs = np.mgrid[box.y : box.y + box.height, box.x : box.x + box.width].reshape(2, -1)
        here = first[ys, xs].astype(np.int16)
        before = _left(here, second, ys, xs, (0, 0))
        best = sorted((_left(here, second, ys, xs, shifts[order]), order) for _, order in best)
    cost, order = best[0]
    return shifts[order] if order and cost <= _GAIN * before else None


def _left(
    here: NDArray[np.int16],
    second: NDArray[np.uint8],
    ys: NDArray[np.int64],
    xs: NDArray[np.int64],
    shift: tuple[int, int],
) -> float:
    """The mean difference that a displacement leaves; infinite where it leaves hardly a pixel a counterpart."""
    import numpy as np

    y, x = ys + shift[1], xs + shift[0]
    inside = (y >= 0) & (x >= 0) & (y < second.shape[0]) & (x < second.shape[1])
    if 2 * inside.sum() < len(ys):
        return float("inf")
    return float(np.abs(here[inside] - second[y[inside], x[inside]]).mean())


def _with_shift(region: ChangedRegion, moved: Sequence[ChangedRegion]) -> ChangedRegion:
    """A region that differs still though it was moved."""
    x, y = region.box.x + region.box.width // 2, region.box.y + region.box.height // 2
    for other in moved:
        rows, columns = _inside(other.box)
        if rows.start <= y < rows.stop and columns.start <= x < columns.stop:
            return replace(region, shift=other.shift)
    return region


def _inside(box: Box) -> tuple[slice, slice]:
    return slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
