"""What of a pair differs: ignored pixels, displacements, regions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import InvalidSetting
from percept_cli.evidence.changes import BLOCK, Changes, check_boxes, find_changes, pixels_left_out
from percept_cli.evidence.masks import read_mask
from percept_cli.geometry import Box
from percept_cli.images.picture import Picture
from tests.conftest import Save, as_picture, drawing


def pixels(picture: Picture) -> np.ndarray:
    return np.frombuffer(picture.pixels[:], np.uint8).reshape(picture.height, picture.width, 3)


def picture(array: np.ndarray) -> Picture:
    return as_picture(Image.fromarray(np.ascontiguousarray(array)))


def changed(base: np.ndarray, *boxes: tuple[int, int, int, int]) -> Changes:
    other = base.copy()
    for x, y, width, height in boxes:
        other[y : y + height, x : x + width] ^= 255
    return find_changes(picture(base), picture(other))


@pytest.fixture
def base() -> np.ndarray:
    return np.asarray(drawing(123, 77, seed=3)).copy()


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


def left_out(*boxes: Box, mask: np.ndarray | None = None) -> np.ndarray | None:
    return pixels_left_out(boxes, mask, 123, 77)


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


def test_a_mask_is_read_and_must_fit(save: Save) -> None:
    path = save("mask.png")
    grey = np.zeros((30, 40), np.uint8)
    grey[:, 20:] = 200
    Image.fromarray(grey).save(path)
    mask = read_mask(path, 40, 30)
    assert mask[:, :20].all()
    assert not mask[:, 20:].any()
    with pytest.raises(InvalidSetting, match=r"mask\.png: the mask has 40×30 pixels, the pictures 41×30"):
        read_mask(path, 41, 30)


def test_a_rectangle_outside_is_told_of() -> None:
    check_boxes([Box(39, 29, 100, 100)], 40, 30)
    with pytest.raises(InvalidSetting, match=r"the ignored rectangle 40,0,1,1 lies outside the picture of 40×30"):
        check_boxes([Box(0, 0, 1, 1), Box(40, 0, 1, 1)], 40, 30)


@pytest.mark.parametrize("shift", [(1, 0), (0, -2), (3, 2), (-2, 3)])
def test_a_picture_that_moved_is_moved_back(base: np.ndarray, shift: tuple[int, int]) -> None:
    x, y = shift
    canvas = np.asarray(drawing(140, 100, seed=9))
    first, second = canvas[10:87, 10:133], canvas[10 - y : 87 - y, 10 - x : 133 - x]
    assert find_changes(picture(first), picture(second)).pixels > 1000
    found = find_changes(picture(first), picture(second), max_shift=3)
    assert (found.shift, found.pixels) == (shift, 0)
    assert found.ignored == 123 * 77 - (123 - abs(x)) * (77 - abs(y))
    assert find_changes(picture(first), picture(second), max_shift=max(map(abs, shift)) - 1).shift != shift
    assert base.shape == first.shape


def test_a_region_that_moved_is_moved_back() -> None:
    first, second = (np.full((90, 160, 3), 240, np.uint8) for _ in range(2))
    button = np.asarray(drawing(30, 12, seed=2))
    first[40:52, 60:90] = second[41:53, 62:92] = button
    first[60:85, 100:150] = second[60:85, 100:150] = np.asarray(drawing(50, 25, seed=5))  # which stays
    first[10:14, 10:14] = 0  # and what has changed for good
    found = find_changes(picture(first), picture(second), max_shift=2)
    assert found.shift is None
    assert [(region.shift, str(region.box)) for region in found.moved] == [((2, 1), "60,40,32,13")]
    assert [(region.shift, str(region.box)) for region in found.regions] == [(None, "10,10,4,4")]


def test_a_change_is_not_taken_for_a_displacement(base: np.ndarray) -> None:
    other = base.copy()
    other[20:40, 20:40] = np.random.default_rng(0).integers(0, 256, (20, 20, 3))
    found = find_changes(picture(base), picture(other), max_shift=4)
    assert (found.shift, found.moved) == (None, ())
    assert found.pixels == (base != other).any(axis=2).sum()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_the_tiniest_pictures_can_be_shifted(size: tuple[int, int]) -> None:
    first, second = (np.full((*size, 3), value, np.uint8) for value in (0, 255))
    assert find_changes(picture(first), picture(second), max_shift=3).pixels == size[0] * size[1]


@pytest.mark.parametrize("most", [1, 2, 8])
@pytest.mark.parametrize("place", [(30, 40), (0, 0), (0, 50), (76, 122)])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_what_came_or_went_has_not_moved(place: tuple[int, int], size: tuple[int, int], most: int) -> None:
    """A pixel, or a line no wider than the displacement, on flat ground: background is found beside it anyway."""
    plain = np.full((77, 123, 3), 250, np.uint8)
    marked = plain.copy()
    (y, x), (height, width) = place, size
    marked[y : y + height, x : x + width] = (255, 0, 0)
    for first, second in ((plain, marked), (marked, plain)):
        found = find_changes(picture(first), picture(second), max_shift=most)
        assert (found.shift, found.moved) == (None, ())
        assert found.candidate.pixels == second.tobytes()


def test_a_stop_that_becomes_a_comma_has_not_moved() -> None:
    first = np.full((40, 60, 3), 255, np.uint8)
    first[20:22, 30:32] = 0
    second = first.copy()
    second[22:24, 29:31] = 0
    found = find_changes(picture(first), picture(second), max_shift=2)
    assert (found.pixels, found.moved) == (4, ())


def test_a_gap_in_a_regular_pattern_is_no_displacement() -> None:
    first = np.full((64, 64, 3), 255, np.uint8)
    first[2::4, 2::4] = 0
    second = first.copy()
    second[34, 34] = 255
    for pair in ((first, second), (second, first)):
        found = find_changes(picture(pair[0]), picture(pair[1]), max_shift=4)
        assert (found.pixels, found.moved, found.shift) == (1, (), None)


def test_what_stays_beside_a_moved_region_is_no_change_and_a_defect_in_it_is_kept() -> None:
    first, second = (np.full((90, 160, 3), 240, np.uint8) for _ in range(2))
    for side in (first, second):
        side[30:60, 100:104] = 60  # a rule, four pixels from the button
    button = np.asarray(drawing(30, 12, seed=2))
    first[40:52, 60:90] = button
    wrong = button.copy()
    wrong[5, 6:9] = (255, 0, 0)
    second[40:52, 62:92] = wrong
    found = find_changes(picture(first), picture(second), max_shift=3)
    (region,) = found.regions
    assert region.shift == (2, 0)
    assert found.pixels <= 6
    aligned = pixels(found.candidate)
    assert (aligned[30:60, 100:104] == 60).all()
    assert (aligned.astype(int) - first)[40:52, 55:95].max() > 50


def test_ignored_pixels_stay_ignored_when_the_picture_is_moved_back() -> None:
    canvas = np.asarray(drawing(140, 100, seed=9)).copy()
    first, second = canvas[10:87, 10:133].copy(), canvas[10:87, 9:132].copy()
    second[20:30, 20:60] = np.random.default_rng(1).integers(0, 256, (10, 40, 3))
    found = find_changes(picture(first), picture(second), left_out=left_out(Box(10, 15, 60, 20)), max_shift=2)
    assert (found.shift, found.pixels) == ((1, 0), 0)
