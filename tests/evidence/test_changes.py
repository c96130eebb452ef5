"""What of a pair differs: ignored pixels and regions."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.evidence.changes import BLOCK, Changes, check_boxes, find_changes
from percept_cli.geometry import Box
from tests.support.changes import base as base
from tests.support.changes import left_out, picture, pixels


def changed(base: np.ndarray, *boxes: tuple[int, int, int, int]) -> Changes:
    other = base.copy()
    for x, y, width, height in boxes:
        other[y : y + height, x : x + width] ^= 255
    return find_changes(picture(base), picture(other))


def test_equal_pictures_have_no_regions(base: np.ndarray) -> None:
    found = changed(base)
    assert (found.regions, found.pixels, found.ignored, found.shift) == ((), 0, 0, None)
    assert not found.labels.any()


def test_a_region_is_the_smallest_box_of_what_touches(base: np.ndarray) -> None:
    found = changed(base, (5, 6, 1, 1), (60, 40, 10, 3), (122, 76, 1, 1))
    assert [(str(region.box), region.pixels) for region in found.regions] == [
        ("5,6,1,1", 1),
        ("60,40,10,3", 30),
        ("122,76,1,1", 1),
    ]
    assert found.pixels == 32
    assert found.labels.shape == (-(-77 // BLOCK), -(-123 // BLOCK))
    assert found.labels[0, 0] == 1
    assert found.labels[5, 8] == 2


def test_changes_in_neighbouring_blocks_belong_together(base: np.ndarray) -> None:
    (region,) = changed(base, (7, 7, 1, 1), (8, 8, 1, 1)).regions
    assert (str(region.box), region.pixels) == ("7,7,2,2", 2)


def test_random_regions_hold_every_changed_pixel_once(base: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    other = base.copy()
    mask = rng.random(base.shape[:2]) < 0.01
    other[mask] ^= 128
    found = find_changes(picture(base), picture(other))
    assert sum(region.pixels for region in found.regions) == found.pixels == mask.sum()
    for number, region in enumerate(found.regions, start=1):
        box = region.box
        rows, columns = np.nonzero(mask & (np.kron(found.labels, np.ones((BLOCK, BLOCK)))[:77, :123] == number))
        assert (columns.min(), rows.min()) == (box.x, box.y)
        assert (columns.max() + 1, rows.max() + 1) == (box.x + box.width, box.y + box.height)


def test_an_ignored_pixel_becomes_the_references(base: np.ndarray) -> None:
    other = base.copy()
    other[10:30, 20:40] ^= 255
    found = find_changes(picture(base), picture(other), left_out=left_out(Box(0, 0, 40, 25)))
    aligned = pixels(found.candidate)
    assert (aligned[:25, :40] == base[:25, :40]).all()
    assert (aligned[25:30, 20:40] == other[25:30, 20:40]).all()
    assert (found.pixels, found.ignored) == (5 * 20, 40 * 25)
    assert pixels(found.reference) is not None
    # A rectangle that reaches over the edge is cut off there.
    over = find_changes(picture(base), picture(other), left_out=left_out(Box(20, 10, 5000, 5000)))
    assert (over.pixels, over.ignored) == (0, (123 - 20) * (77 - 10))


def test_what_stands_in_ignored_pixels_moves_nothing(base: np.ndarray) -> None:
    """Two candidates that differ under the mask only come out as the same picture."""
    mask = np.zeros(base.shape[:2], bool)
    mask[30:50, 30:90] = True
    one, two = base.copy(), base.copy()
    for side in (one, two):
        side[60, 60] ^= 255
    two[mask] = 7
    found = [find_changes(picture(base), picture(side), left_out=mask) for side in (one, two)]
    assert found[0].candidate.pixels == found[1].candidate.pixels
    assert found[0].regions == found[1].regions


def test_mask_and_rectangles_together(base: np.ndarray) -> None:
    mask = np.zeros(base.shape[:2], bool)
    mask[:, :10] = True
    found = find_changes(picture(base), picture(255 - base), left_out=left_out(Box(5, 0, 10, 77), mask=mask))
    assert found.ignored == 15 * 77


def test_a_rectangle_outside_is_told_of() -> None:
    check_boxes([Box(39, 29, 100, 100)], 40, 30)
    with pytest.raises(InvalidSetting, match=r"the ignored rectangle 40,0,1,1 lies outside the image of 40×30"):
        check_boxes([Box(0, 0, 1, 1), Box(40, 0, 1, 1)], 40, 30)
