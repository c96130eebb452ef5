"""Two decoded pictures → what of them differs: what is ignored, what moved, and the regions that changed.

A pixel that is ignored gets the reference's colour in the candidate. So it is equal, to the network as well: what
a layer sees there is the same in both pictures, nothing of the candidate's pixel is left to leak into features
beside it, and the planner has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting
from percept_cli.evidence.displacement import move_all, overlap
from percept_cli.evidence.masks import read_mask
from percept_cli.evidence.moved import FAINT, put_back, things_that_moved
from percept_cli.evidence.pixels import changes_of
from percept_cli.geometry import Box
from percept_cli.images.kept import same
from percept_cli.images.picture import Picture
from percept_cli.images.policy import AS_SEEN, ImagePolicy

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.displacement import Points
    from percept_cli.evidence.pixels import Pixels

BLOCK = 8
"""Pixels per side of the blocks in which regions are found: changes in neighbouring blocks belong together."""
_MOST_REGIONS_MOVED = 256
_FEWEST_THAT_TOUCH = 16  # pixels


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
    """Things that had moved, and that no region among those above tells of: they are equal, but for noise."""
    pixels: int = 0
    """How many differ."""
    ignored: int = 0
    """How many are left out, those included that a displacement leaves without a counterpart."""
    shift: tuple[int, int] | None = None
    """Pixels to the right and down by which the whole candidate had moved."""


@dataclass(frozen=True)
class Allowed:
    """What of a pair may differ."""

    ignore: Sequence[Box] = ()
    """Rectangles that are left out."""
    mask: Path | None = None
    """A picture whose black pixels are left out."""
    max_shift: int = 0
    """Most pixels by which the candidate, or a region of it, may have moved."""


def changes_that_count(
    reference: Picture, candidate: Picture, allowed: Allowed, policy: ImagePolicy = AS_SEEN
) -> Changes | None:
    """What differs beyond what is allowed; None of equal pictures of which nothing is left out.

    Args:
        reference: the one picture.
        candidate: the other, of the same size.
        allowed: what may differ.
        policy: by which they were read, for messages.

    Raises:
        InvalidSetting: if a rectangle lies outside of them, or the mask has another size.
        UnreadableImage, UnsupportedImage: if the mask cannot be read.
    """
    width, height, sizing = reference.width, reference.height, policy.sizing
    check_boxes(allowed.ignore, width, height, sizing)  # of equal pictures too: they will not always be
    mask = None if allowed.mask is None else read_mask(allowed.mask, width, height, sizing)
    left_out = pixels_left_out(allowed.ignore, mask, width, height)
    if left_out is None and same(reference.pixels, candidate.pixels):
        return None
    return find_changes(reference, candidate, left_out=left_out, max_shift=allowed.max_shift)


def find_changes(
    reference: Picture,
    candidate: Picture,
    *,
    left_out: NDArray[np.bool_] | None = None,
    max_shift: int = 0,
) -> Changes:
    """Prepare a pair.

    Args:
        reference: the one picture.
        candidate: the other, of the same size.
        left_out: H×W, True where pixels are left out.
        max_shift: most pixels by which the candidate, or a region of it, may have moved.
    """
    import numpy as np

    first, second = reference.array, candidate.array
    original = second
    shift, moved = None, list[ChangedRegion]()
    if left_out is not None:
        second = np.where(left_out[..., None], first, second)
    if max_shift and not np.array_equal(first, second):
        found = move_all(first, second, max_shift, left_out)
        if found is not None:
            second, shift = found
            uncovered = np.ones(first.shape[:2], bool)
            uncovered[overlap(reference.height, reference.width, shift)[0]] = False
            left_out = uncovered if left_out is None else left_out | uncovered
            second = np.where(left_out[..., None], first, second)
        second, moved = _move_regions(first, second, max_shift)
    changed = changes_of(first, second) > 0
    labels, count = _blocks(changed)
    regions = _regions(changed, labels, count)
    aligned = candidate if second is original else replace(candidate, pixels=second.tobytes())
    sources = [_source_of(region, moved) for region in regions]
    told = {id(source) for source in sources}
    return Changes(
        reference,
        aligned,
        labels,
        tuple(
            region if source is None else replace(region, shift=source.shift)
            for region, source in zip(regions, sources, strict=True)
        ),
        tuple(thing for thing in moved if id(thing) not in told),
        pixels=int(changed.sum()),
        ignored=0 if left_out is None else int(left_out.sum()),
        shift=shift,
    )


def check_boxes(boxes: Sequence[Box], width: int, height: int, sizing: str = "") -> None:
    """See whether rectangles lie within a picture, at least in part.

    Args:
        boxes: the rectangles.
        width: of the picture.
        height: of the picture.
        sizing: what gave it this size, in words, where that is not its file's.

    Raises:
        InvalidSetting: naming one that does not: it was meant for another picture, or is misspelt.
    """
    for box in boxes:
        if box.x >= width or box.y >= height:
            raise InvalidSetting(
                f"the ignored rectangle {box} lies outside the image of {width}×{height} pixels{sizing}",
                hint="write x,y,width,height in pixels from the top left"
                + (" of the compared image." if sizing else "."),
            )


def pixels_left_out(
    ignore: Sequence[Box], mask: NDArray[np.bool_] | None, width: int, height: int
) -> NDArray[np.bool_] | None:
    """H×W, True where a rectangle or the mask leaves pixels out; None if neither is given."""
    import numpy as np

    if not ignore:
        return mask
    found = np.zeros((height, width), bool) if mask is None else mask.copy()
    for box in ignore:
        found[box.y : box.y + box.height, box.x : box.x + box.width] = True
    return found


def _blocks(changed: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Per block the number of its region, from 1, or 0; and how many regions there are."""
    import numpy as np
    from scipy import ndimage

    for axis in (0, 1):
        changed = np.logical_or.reduceat(changed, range(0, changed.shape[axis], BLOCK), axis=axis)
    labels, count = ndimage.label(changed, structure=np.ones((3, 3)), output=np.int32)
    return labels, count


def _regions(changed: NDArray[np.bool_], labels: NDArray[np.int32], count: int) -> list[ChangedRegion]:
    import numpy as np
    from scipy import ndimage

    if not count:
        return []
    rows, columns = np.nonzero(changed)
    mine, numbers = labels[rows // BLOCK, columns // BLOCK], range(1, count + 1)
    (left, right, *_), (top, bottom, *_) = (ndimage.extrema(values, mine, numbers) for values in (columns, rows))
    boxes = np.stack([left, top, right - left + 1, bottom - top + 1], axis=1).tolist()
    pixels = np.bincount(mine).tolist()[1:]
    return [ChangedRegion(Box(*box), many) for box, many in zip(boxes, pixels, strict=True)]


def _move_regions(first: Pixels, second: Pixels, most: int) -> tuple[Pixels, list[ChangedRegion]]:
    """The candidate with those things moved back whose changes that explains, and these things."""
    changed = changes_of(first, second) > FAINT
    result, moved = second, list[ChangedRegion]()
    # Where one region holds things that moved in several directions, pixels that touch are looked at on their own.
    for number_regions in (_by_blocks, _by_touch):
        places, owners = _largest(changed, number_regions)
        if not len(owners):
            continue
        things = things_that_moved(first, second, places, owners, most)
        result = put_back(second, first, result, places, things)
        for thing in things:
            changed[places[0][thing.members], places[1][thing.members]] = False
            moved.append(ChangedRegion(thing.box(places), len(thing.members), thing.shift))
    return result, moved


def _by_blocks(changed: NDArray[np.bool_], places: Points) -> NDArray[np.int32]:
    labels, _ = _blocks(changed)
    return labels[places[0] // BLOCK, places[1] // BLOCK]


def _by_touch(changed: NDArray[np.bool_], places: Points) -> NDArray[np.int32]:
    import numpy as np
    from scipy import ndimage

    labels, _ = ndimage.label(changed, structure=np.ones((3, 3)), output=np.int32)
    numbers: NDArray[np.int32] = labels[places]
    numbers[np.bincount(numbers)[numbers] < _FEWEST_THAT_TOUCH] = 0  # single dots match others by chance
    return numbers


def _largest(
    changed: NDArray[np.bool_], number_regions: Callable[[NDArray[np.bool_], Points], NDArray[np.int32]]
) -> tuple[Points, NDArray[np.intp]]:
    """The pixels of the largest regions, and which of these each belongs to, from 0."""
    import numpy as np

    rows, columns = np.nonzero(changed)
    numbers = number_regions(changed, (rows, columns))
    counts = np.bincount(numbers, minlength=1)
    counts[0] = 0
    largest = np.argsort(-counts, kind="stable")[:_MOST_REGIONS_MOVED]
    order = np.full(len(counts), -1)
    order[largest] = np.arange(len(largest))
    order[counts == 0] = -1
    owners = order[numbers]
    mine = owners >= 0
    return (rows[mine], columns[mine]), owners[mine]


def _source_of(region: ChangedRegion, moved: Sequence[ChangedRegion]) -> ChangedRegion | None:
    """What had moved in a region that differs still: what covers its middle, and not only a small part of it."""
    x, y = region.box.x + region.box.width // 2, region.box.y + region.box.height // 2
    for thing in moved:
        box = thing.box
        inside = box.x <= x < box.x + box.width and box.y <= y < box.y + box.height
        if inside and 2 * box.width * box.height >= region.box.width * region.box.height:
            return thing
    return None
