"""What happened in a region, tested on pictures of which it is known, without the network."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from percept_cli.evidence.changes import BLOCK, find_changes
from percept_cli.evidence.cores import CELL, Loudness, Suspect
from percept_cli.evidence.kinds import Change, kinds_of
from percept_cli.geometry import Box
from percept_cli.images.picture import Picture
from percept_cli.results.found import Kind
from tests.support.known_changes import Case, Pixels, make

MIRRORED: dict[Kind, Kind] = {"added": "removed", "removed": "added"}
NAMES = ("added", "removed", "moved", "recoloured", "detail-changed")
SHOWN = [seed for seed in range(2000, 2036) if seed % 6 < 5]
"""Seeds of every kind but noise, on every background; nothing was tuned on them."""
case_of = cache(make)


def kinds(first: Pixels, second: Pixels, *, explained: bool = False) -> list[Change]:
    """Of all regions, the largest first, as without a network: all that changed is looked at."""
    height, width = first.shape[:2]
    changes = find_changes(*(Picture(width, height, side.tobytes()) for side in (first, second)))
    nothing = np.zeros(changes.labels.shape, np.float32)
    order = sorted(enumerate(changes.regions, 1), key=lambda one: -one[1].pixels)
    suspects = [Suspect(number, region.box, explained) for number, region in order]
    return kinds_of(first, second, suspects, Loudness(changes.labels, nothing, nothing))


def canvas(grey: int = 240) -> Pixels:
    return np.full((96, 128, 3), grey, np.uint8)


def with_thing(picture: Pixels, x: int, y: int, colour: tuple[int, int, int] = (200, 40, 30)) -> Pixels:
    """A flat thing of 14×10 pixels with a hole and a notch, so that no mirrored or shifted one is the same."""
    result = picture.copy()
    result[y : y + 10, x : x + 14] = colour
    result[y + 2 : y + 5, x + 3 : x + 6] = picture[0, 0]
    result[y + 8 : y + 10, x + 9 : x + 14] = picture[0, 0]
    return result


def test_cells_are_blocks() -> None:
    assert CELL == BLOCK


@pytest.mark.parametrize("seed", SHOWN)
def test_what_a_script_did_is_what_is_told(seed: int) -> None:
    case = case_of(seed)
    told = kinds(case.reference, case.candidate)[0]
    assert told.kind in (case.kind, "detail-changed")  # what cannot be shown is not guessed


def test_most_is_shown() -> None:
    right = [is_told(case_of(seed)) for seed in SHOWN]
    assert sum(right) >= 0.9 * len(right)


def is_told(case: Case) -> bool:
    told = kinds(case.reference, case.candidate)[0]
    return (told.kind, told.shift) == (case.kind, case.shift)


@pytest.mark.parametrize("seed", SHOWN[::2])
def test_the_other_way_round_what_was_added_is_removed(seed: int) -> None:
    case = case_of(seed)
    for one, other in zip(
        kinds(case.reference, case.candidate), kinds(case.candidate, case.reference), strict=True
    ):
        assert other.kind == MIRRORED.get(one.kind, one.kind)
        assert other.shift == (None if one.shift is None else (-one.shift[0], -one.shift[1]))


@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (5, 3), (-9, 12), (24, 0), (60, 0), (-30, 41)])
def test_a_thing_that_moved_moved_by_so_many_pixels(shift: tuple[int, int]) -> None:
    first, second = with_thing(canvas(), 40, 30), with_thing(canvas(), 40 + shift[0], 30 + shift[1])
    assert set(kinds(first, second)) == {Change("moved", shift)}


def test_a_thing_that_was_copied_did_not_move() -> None:
    first = with_thing(canvas(), 20, 30)
    assert kinds(first, with_thing(first, 40, 30)) == [Change("added")]
    assert kinds(first, with_thing(first, 90, 70)) == [Change("added")]


def test_a_thing_that_grew_did_not_move() -> None:
    first, second = canvas(), canvas()
    first[30:40, 40:60], second[30:40, 40:72] = 90, 90
    assert kinds(first, second)[0].kind in ("added", "detail-changed")


def test_of_two_alike_nobody_knows_which_went_where() -> None:
    first = with_thing(with_thing(canvas(), 8, 8), 8, 64)
    second = with_thing(with_thing(canvas(), 96, 8), 96, 64)
    assert sorted(told.kind for told in kinds(first, second)) == ["added", "added", "removed", "removed"]


def test_another_thing_elsewhere_is_no_movement() -> None:
    first, second = with_thing(canvas(), 8, 8), with_thing(canvas(), 96, 64, (30, 60, 200))
    assert sorted(told.kind for told in kinds(first, second)) == ["added", "removed"]


def test_a_thing_of_another_colour_is_recoloured() -> None:
    first, second = with_thing(canvas(), 40, 30), with_thing(canvas(), 40, 30, (40, 60, 220))
    assert kinds(first, second) == [Change("recoloured")]


def test_a_picture_that_became_darker_is_recoloured() -> None:
    first = with_thing(canvas(), 40, 30)
    assert kinds(first, (first * 0.9).astype(np.uint8)) == [Change("recoloured")]
    assert kinds(canvas(200), canvas(180)) == [Change("recoloured")]


def test_a_moved_and_recoloured_thing_is_neither() -> None:
    first, second = with_thing(canvas(), 40, 30), with_thing(canvas(), 47, 33, (40, 60, 220))
    assert kinds(first, second) == [Change("detail-changed")]


def test_one_pixel_is_added() -> None:
    second = canvas()
    second[50, 60] = (255, 0, 0)
    assert (kinds(canvas(), second), kinds(second, canvas())) == ([Change("added")], [Change("removed")])


def test_everything_else_is_another_picture() -> None:
    lot = np.random.default_rng(3)
    first, second = (lot.integers(0, 256, (40, 56, 3), np.uint8) for _ in range(2))
    assert kinds(first, second) == [Change("detail-changed")]


def test_what_noise_explains_is_noise() -> None:
    first, second = with_thing(canvas(), 40, 30), with_thing(canvas(), 41, 30)
    assert kinds(first, second, explained=True) == [Change("noise")]
    assert (
        kinds_of(first, second, [], Loudness(np.zeros((12, 16), np.int32), *(np.zeros((12, 16), np.float32),) * 2))
        == []
    )


def test_quiet_cells_of_a_region_do_not_hide_what_happened() -> None:
    # Noise of rendering connects a thing that is gone to edges that are only drawn a little differently.
    lot = np.random.default_rng(4)
    second = canvas()
    first = with_thing(second, 40, 30)
    second[::2] = (second[::2].astype(int) - lot.integers(0, 60, second[::2].shape)).astype(np.uint8)
    second[28:42, 38:58] = 240
    labels = np.ones((12, 16), np.int32)
    loud = np.full((12, 16), 0.2, np.float32)
    loud[3:5, 5:7] = 2
    told = kinds_of(
        first, second, [Suspect(1, changed_box(first, second))], Loudness(labels, loud, np.zeros_like(loud), 0.3)
    )
    assert told == [Change("removed")]


def changed_box(first: Pixels, second: Pixels) -> Box:
    height, width = first.shape[:2]
    changes = find_changes(*(Picture(width, height, side.tobytes()) for side in (first, second)))
    return max(changes.regions, key=lambda region: region.pixels).box


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 9), (8, 8), (33, 1)])
def test_the_tiniest_pictures_have_kinds(size: tuple[int, int]) -> None:
    first = np.full((*size, 3), 30, np.uint8)
    second = first.copy()
    second[0, 0] = 250
    assert kinds(first, first) == []
    assert kinds(first, second)[0].kind in ("added", "recoloured")


def test_light_has_kinds_as_well() -> None:
    first, second = (with_thing(canvas(), x, 30).astype(np.float32) for x in (40, 47))
    labels = np.ones((12, 16), np.int32)
    nothing = np.zeros((12, 16), np.float32)
    assert kinds_of(
        first,
        second,
        [Suspect(1, changed_box(first.astype(np.uint8), second.astype(np.uint8)))],
        Loudness(labels, nothing, nothing),
    ) == [Change("moved", (7, 0))]


def test_of_a_large_region_as_much_is_looked_at_as_of_a_small_one() -> None:
    # Every third row and column is asked; 5 pixels are still 5.
    lot = np.random.default_rng(5)
    first = np.full((700, 900, 3), 235, np.uint8)
    panel = np.kron(lot.integers(40, 200, (50, 70, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    second = first.copy()
    first[100:500, 100:660], second[102:502, 105:665] = panel, panel
    assert kinds(first, second) == [Change("moved", (5, 2))]
