"""`--max-shift`: what moved is forgiven, and nothing that came or went is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from percept_cli.evidence.changes import Changes, find_changes
from percept_cli.evidence.moved import FAINT
from percept_cli.scoring.api import check
from tests.conftest import Percept, as_picture, drawing
from tests.support.changes import base as base
from tests.support.changes import picture, pixels

Array = NDArray[np.uint8]
Draw = Callable[[ImageDraw.ImageDraw], Any]

GROUND, BLUE, RED = (250, 250, 250), (30, 90, 200), (200, 30, 30)
FONT = ImageFont.load_default(12)
SHIFTS = ((2, 0), (0, -2), (1, 2), (-2, 2), (-1, -1), (2, -2))


def page(*draws: Draw, size: tuple[int, int] = (160, 100)) -> Array:
    """A page with a header, a button, an icon, a line of text, and what is drawn on top."""
    image = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0], 12), fill=(40, 40, 60))
    draw.text((6, 78), "lorem ipsum dolor sit", fill=(20, 20, 20), font=FONT)
    for one in draws:
        one(draw)
    pixels: Array = np.array(image, np.uint8)
    return pixels


def button(x: int = 40, y: int = 30, width: int = 60, label: str = "Pay 123", fill: Any = BLUE) -> Draw:
    def draw(on: ImageDraw.ImageDraw) -> None:
        on.rectangle((x, y, x + width - 1, y + 23), fill=fill)
        on.text((x + 8, y + 4), label, fill=GROUND, font=FONT)

    return draw


def rectangle(x: int, y: int, width: int, height: int, fill: Any = RED) -> Draw:
    return lambda on: on.rectangle((x, y, x + width - 1, y + height - 1), fill=fill)


def noisy(picture: Array, seed: int, most: int = 1) -> Array:
    noise = np.random.default_rng(seed).integers(-most, most + 1, picture.shape)
    found: Array = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return found


def found(first: Array, second: Array, most: int) -> Changes:
    first, second = map(np.ascontiguousarray, (first, second))
    return find_changes(as_picture(Image.fromarray(first)), as_picture(Image.fromarray(second)), max_shift=most)


def left(changes: Changes) -> NDArray[np.bool_]:
    """H×W, True where more than noise is left of a change."""
    first, second = (side.array.astype(int) for side in (changes.reference, changes.candidate))
    strong: NDArray[np.bool_] = np.abs(first - second).max(axis=2) > FAINT
    return strong


def changed(first: Array, second: Array) -> NDArray[np.bool_]:
    strong: NDArray[np.bool_] = np.abs(first.astype(int) - second).max(axis=2) > FAINT
    return strong


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("noise", [0, 1])
@pytest.mark.parametrize("label", ["", "Pay 123"])
def test_a_flat_button_that_moved_is_one_thing(shift: tuple[int, int], noise: int, label: str) -> None:
    x, y = shift
    first, second = page(button(label=label)), page(button(40 + x, 30 + y, label=label))
    changes = found(noisy(first, 1, noise), noisy(second, 2, noise), 3)
    assert not left(changes).any()
    (thing,) = changes.moved
    assert thing.shift == shift
    assert str(thing.box) == f"{40 + min(x, 0)},{30 + min(y, 0)},{60 + abs(x)},{24 + abs(y)}"
    assert noise or changes.pixels == 0
    assert left(found(first, second, max(map(abs, shift)) - 1)).any()


@pytest.mark.parametrize("noise", [0, 1])
def test_a_digit_that_changed_in_a_moved_button_is_what_is_left(noise: int) -> None:
    first, right, wrong = (page(button(x, 30, 90, f"Pay {n} now")) for x, n in ((40, 123), (42, 123), (42, 128)))
    where = left(found(first, noisy(wrong, 3, noise), 3))
    rows, columns = np.nonzero(changed(right, wrong))
    digit = slice(rows.min(), rows.max() + 1), slice(columns.min() - 2, columns.max() + 1)
    assert where[digit].sum() >= len(rows) / 2
    where[digit] = False  # nothing else, but where rows of the digit hide that both edges of the button moved
    assert where.sum() <= 20
    assert not left(found(first, noisy(right, 3, noise), 3)).any()


def test_things_move_in_their_own_directions() -> None:
    texture = np.asarray(drawing(20, 16, seed=2))
    first, second = page(button(10, 20), rectangle(100, 40, 9, 9)), page(button(12, 21), rectangle(99, 39, 9, 9))
    first[60:76, 120:140] = texture
    second[62:78, 118:138] = texture
    changes = found(first, second, 2)
    assert changes.pixels == 0
    assert {thing.shift for thing in changes.moved} == {(2, 1), (-1, -1), (-2, 2)}


def test_neighbours_that_move_apart_are_two_things() -> None:
    first, second = (
        page(rectangle(40, 40, 12, 12), rectangle(56, 40, 12, 12, BLUE)),
        page(rectangle(38, 40, 12, 12), rectangle(58, 41, 12, 12, BLUE)),
    )
    changes = found(first, second, 2)
    assert changes.pixels == 0
    assert {thing.shift for thing in changes.moved} == {(-2, 0), (2, 1)}


@pytest.mark.parametrize(
    ("before", "after"),
    [((0, 40), (0, 42)), ((0, 40), (2, 40)), ((2, 40), (0, 40)), ((98, 40), (100, 40)), ((60, 74), (60, 76))],
)
def test_at_the_border_of_a_picture(before: tuple[int, int], after: tuple[int, int]) -> None:
    """Along it, away from it, and up to it: what is seen there now is what is hidden on the other side."""

    def at(x: int, y: int) -> Array:
        picture = np.full((100, 160, 3), 250, np.uint8)
        picture[20:24, 20:140] = 90  # a rule, so that not the whole picture moved
        picture[y : y + 24, x : x + 60] = BLUE
        return picture

    for noise in (0, 1):
        changes = found(at(*before), noisy(at(*after), 4, noise), 3)
        assert not left(changes).any()
        assert [thing.shift for thing in changes.moved] == [(after[0] - before[0], after[1] - before[1])]


def test_what_a_border_hides_is_not_guessed() -> None:
    """A button that is cut off at the border, and shows more of itself."""
    first, second = (np.full((100, 160, 3), 250, np.uint8) for _ in range(2))
    button = np.asarray(drawing(40, 24, seed=2))
    first[20:24, 20:140] = second[20:24, 20:140] = 90
    first[40:64, :30], second[40:64, :32] = button[:, 10:], button[:, 8:]
    assert left(found(first, second, 3))[:, :2].sum() > 40


def test_text_that_moved() -> None:
    def text(x: int, y: int) -> Draw:
        return lambda on: on.multiline_text((x, y), "The quick brown\nfox jumps over", fill=(0, 0, 0), font=FONT)

    for x, y in SHIFTS:
        changes = found(page(text(30, 30)), page(text(30 + x, 30 + y)), 2)
        # Of antialiasing the faintest fringe may stay.
        assert np.abs(changes.reference.array.astype(int) - changes.candidate.array).max() <= 2 * FAINT
        assert (changes.pixels <= 1, {thing.shift for thing in (*changes.moved, *changes.regions)}) == (
            True,
            {(x, y)},
        )


def test_a_glyph_that_became_another_has_not_moved_row_by_row() -> None:
    """Each row of / is in \\ as well, moved by its own number of pixels."""
    first, second = (np.full((60, 80, 3), 250, np.uint8) for _ in range(2))
    for row in range(9):
        first[20 + row, 38 - row : 40 - row] = 0
        second[20 + row, 30 + row : 32 + row] = 0
    for most in (2, 4, 8):
        changes = found(first, second, most)
        assert np.array_equal(left(changes), changed(first, second))


CAME_OR_WENT: dict[str, tuple[tuple[Draw, ...], tuple[Draw, ...]]] = {
    "a line": ((button(),), (button(), rectangle(10, 66, 140, 1))),
    "a line at the button": ((button(),), (button(), rectangle(40, 54, 60, 1))),
    "an upright line": ((button(),), (button(), rectangle(120, 14, 1, 60))),
    "a dot": ((button(),), (button(), rectangle(120, 50, 1, 1))),
    "a dot beside": ((button(),), (button(), rectangle(101, 40, 2, 2, BLUE))),
    "an icon": ((button(), rectangle(120, 40, 9, 9)), (button(),)),
    "a small icon": ((button(), rectangle(120, 40, 3, 3)), (button(),)),
    "larger by 1": ((button(label=""),), (button(width=61, label=""),)),
    "larger by 4": ((button(label=""),), (button(width=64, label=""),)),
    "larger both ways": ((button(label=""),), (button(38, width=64, label=""),)),
    "smaller": ((button(label=""),), (button(width=57, label=""),)),
    "a second copy": ((rectangle(20, 40, 3, 3),), (rectangle(20, 40, 3, 3), rectangle(23, 40, 3, 3))),
    "a copy further on": ((rectangle(20, 40, 2, 9),), (rectangle(20, 40, 2, 9), rectangle(24, 40, 2, 9))),
    "a border": ((button(label=""),), (button(label=""), lambda on: on.rectangle((40, 30, 99, 53), outline=RED))),
}


@pytest.mark.parametrize("name", CAME_OR_WENT)
@pytest.mark.parametrize("noise", [0, 1])
def test_what_came_or_went_is_left_as_it_is(name: str, noise: int) -> None:
    pair = [page(*draws) for draws in CAME_OR_WENT[name]]
    for (first, second), most in itertools.product((pair, pair[::-1]), (1, 2, 3, 4)):
        changes = found(noisy(first, 5, noise), noisy(second, 6, noise), most)
        assert np.array_equal(left(changes), changed(first, second))
        assert (changes.shift, changes.moved) == (None, ())


@pytest.mark.parametrize("name", [name for name in CAME_OR_WENT if not name.startswith(("larger", "smaller"))])
def test_what_came_or_went_beside_a_thing_that_moved_is_all_that_is_left(name: str) -> None:
    """A label far from it moves."""
    before, after = CAME_OR_WENT[name]
    first, second = page(*before, rectangle(130, 20, 14, 9, BLUE)), page(*after, rectangle(132, 21, 14, 9, BLUE))
    expected = changed(page(*before), page(*after))
    changes = found(first, second, 3)
    assert [thing.shift for thing in changes.moved] == [(2, 1)]
    assert np.array_equal(left(changes), expected)


Shape = tuple[int, int, int, int, list[int]]


def scene(rng: np.random.Generator, count: int) -> list[Shape]:
    """Places, sizes and colours."""
    found = []
    for _ in range(count):
        x, y, width, height = rng.integers((0, 0, 1, 1), (70, 50, 24, 16)).tolist()
        found.append((x, y, width, height, rng.integers(256, size=3).tolist()))
    return found


def shown(shapes: list[Shape]) -> Array:
    picture = np.full((56, 80, 3), 128, np.uint8)
    for x, y, width, height, colour in shapes:
        picture[y : y + height, x : x + width] = colour
    return picture


@pytest.mark.parametrize("seed", range(20))
def test_noise_forgives_nothing(seed: int) -> None:
    """Shapes that move, and come and go, at random: noise leaves as many pixels changed, if not always the same.

    Where two displacements explain a change as well, noise may decide which of them is taken.
    """
    rng = np.random.default_rng(seed)
    shapes = scene(rng, 5)
    stay = shapes[int(rng.integers(2)) :]
    steps = rng.integers(-2, 3, (len(stay), 2)).tolist()
    after = [
        (max(0, x + right), max(0, y + down), width, height, colour)
        for (x, y, width, height, colour), (right, down) in zip(stay, steps, strict=True)
    ] + scene(rng, int(rng.integers(2)))
    first, second = shown(shapes), shown(after)
    for most in (1, 2, 4):
        quiet, loud = found(first, second, most), found(noisy(first, seed), noisy(second, seed + 1000), most)
        assert (loud.shift, quiet.shift) == (None, None)
        assert left(loud).sum() >= left(quiet).sum()


VERDICTS: dict[str, tuple[Draw, str]] = {
    "moved": (button(12, 20), "pass"),
    "digit": (button(12, 20, label="Pay 128"), "fail"),
    "larger": (button(10, 20, 63), "fail"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict_with_and_without_noise(name: str, tmp_path: Path) -> None:
    after, status = VERDICTS[name]
    first, second = (page(draw, size=(88, 64)) for draw in (button(10, 20), after))
    Image.fromarray(first).save(tmp_path / "a.png")
    for noise in (0, 1):
        Image.fromarray(noisy(second, 7, noise)).save(tmp_path / "b.png")
        assert check(tmp_path / "a.png", tmp_path / "b.png", max_shift=3).status == status


def test_the_command_tells_what_moved(percept: Percept, tmp_path: Path) -> None:
    Image.fromarray(page(button())).save(tmp_path / "a.png")
    Image.fromarray(page(button(42))).save(tmp_path / "b.png")
    done = percept("check", "a.png", "b.png", "--max-shift", 3, "--format", "csv")
    assert done.returncode == 0
    assert "1 region moved, which is allowed" in done.stdout


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
