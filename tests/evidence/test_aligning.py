"""Bands of rows that were inserted or removed: where they are found, also among noise, and when they are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from percept_cli.evidence import aligning
from percept_cli.evidence.aligning import Gap, find_gaps
from tests.support.rows import Rows, noisy, page, with_band

PAGE = page(120)
BAND = page(18, seed=9)
Change = Callable[[Rows], Rows]
CHANGES: tuple[Change, ...] = (lambda picture: picture, noisy)


def inserted(at: int, size: int) -> Gap:
    return Gap(at, at, 0, size)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("at", [0, 38, 74])
def test_a_band_is_found_where_it_was_put_in_and_taken_out(at: int, change: Change) -> None:
    other = change(with_band(PAGE, at, BAND))
    # Its first two rows are blank, as are those above it: the topmost place.
    (gap,) = find_gaps(PAGE, other) or ()
    assert (gap.inserted, gap.removed) == (18, 0)
    assert at - 2 <= gap.first == gap.second <= at
    assert find_gaps(other, PAGE) == (Gap(gap.first, gap.second, 18, 0),)


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_longer_at_its_end_has_its_band_there(change: Change) -> None:
    blank = np.full((30, 48, 3), 255, np.uint8)
    for band in (BAND, blank):
        longer = change(with_band(PAGE, 120, band))
        assert find_gaps(PAGE, longer) == (inserted(120, len(band)),)
        assert find_gaps(longer, PAGE) == (Gap(120, 120, len(band), 0),)


def test_of_places_that_are_equally_right_the_topmost_is_told() -> None:
    """A blank band in blank space, and one more of rows that are all alike."""
    gap = np.full((10, 48, 3), 255, np.uint8)
    apart = with_band(PAGE, 60, gap)
    assert find_gaps(apart, with_band(apart, 66, gap)) == (inserted(60, 10),)
    item = page(12, seed=3)
    items = np.concatenate([PAGE[:40], item, item, item, PAGE[40:]])
    assert find_gaps(items, with_band(items, 64, item)) == (inserted(40, 12),)
    white = np.full((20, 9, 3), 255, np.uint8)
    assert find_gaps(white, white[:13]) == (Gap(13, 13, 7, 0),)


@pytest.mark.parametrize("change", CHANGES)
def test_several_bands_are_found(change: Change) -> None:
    two = with_band(with_band(PAGE, 80, page(30, seed=4)), 20, BAND)
    first, second = find_gaps(PAGE, change(two)) or ()
    assert (first.inserted, second.inserted) == (18, 30)
    assert first.second == pytest.approx(19, abs=1)
    assert second.second == pytest.approx(97, abs=1)
    mixed = np.concatenate([PAGE[:20], BAND, PAGE[20:74], PAGE[92:]])
    gaps = find_gaps(PAGE, change(mixed)) or ()
    assert [(gap.inserted, gap.removed) for gap in gaps] == [(18, 0), (0, 18)]


def test_of_one_size_what_was_inserted_and_what_went_beyond_the_edge() -> None:
    gaps = find_gaps(PAGE, with_band(PAGE, 38, BAND)[:120]) or ()
    assert [(gap.first, gap.inserted, gap.removed) for gap in gaps] == [(38, 18, 0), (102, 0, 18)]
    assert find_gaps(PAGE, PAGE) == ()
    assert find_gaps(PAGE, noisy(PAGE)) is None  # which has no bands


@pytest.mark.parametrize("at", [1, 50, 119])
def test_a_single_row(at: int) -> None:
    row = np.full((1, 48, 3), (200, 30, 30), np.uint8)
    assert find_gaps(PAGE, with_band(PAGE, at, row)) == (inserted(at, 1),)
    assert find_gaps(with_band(PAGE, at, row), PAGE) == (Gap(at, at, 1, 0),)


@pytest.mark.parametrize("height", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [1, 7])
def test_tiny_pictures(height: int, width: int) -> None:
    rng = np.random.default_rng(height)
    small: Rows = rng.integers(0, 256, (height, width, 3), np.uint8)
    row = 255 - small[:1]
    for at in range(height + 1):
        gaps = find_gaps(small, with_band(small, at, row))
        assert gaps is not None
        assert sum(gap.inserted for gap in gaps) == 1
        assert find_gaps(with_band(small, at, row), small) is not None


def test_what_changed_in_the_rest_hides_no_band() -> None:
    other = with_band(PAGE, 38, BAND)
    other[80:92, 8:24] = (255, 0, 0)
    (gap,) = find_gaps(PAGE, other) or ()
    assert (gap.second, gap.inserted) == (38, 18)
    replaced = np.concatenate([PAGE[:38], page(30, seed=8), PAGE[50:]])  # 12 rows by 30 others
    (gap,) = find_gaps(PAGE, replaced) or ()
    assert gap.inserted == 18
    assert 36 <= gap.second <= 50


def test_pictures_that_have_nothing_in_common_have_no_bands() -> None:
    assert find_gaps(PAGE, page(138, seed=70)) is None
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 256, (height, 40, 3), np.uint8) for height in (60, 75))
    assert find_gaps(one, other) is None


def test_more_bands_than_anyone_wants_to_read_are_none() -> None:
    long = page(600, seed=2)
    shattered = np.concatenate(
        [np.concatenate([long[at : at + 60], page(24, seed=at)]) for at in range(0, 600, 60)]
    )
    assert find_gaps(long, shattered) is None


def test_rows_without_end_are_compared_exactly_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "MOST_ROWS", 130)
    other = with_band(PAGE, 38, BAND)
    assert find_gaps(PAGE, other) == (inserted(38, 18),)
    assert find_gaps(PAGE, noisy(other)) is None


def test_twenty_thousand_rows() -> None:
    long = page(20_000, 24)
    other = with_band(with_band(long, 15_000, page(300, 24, seed=6)), 200, page(60, 24, seed=7))
    assert [gap.inserted for gap in find_gaps(long, other) or ()] == [60, 300]


def test_lines_of_text_that_went_to_other_whole_pixels_are_one_band() -> None:
    """As where the height of what was inserted is no whole number: every other line is a row lower."""
    lines = [page(12, seed=40 + number) for number in range(24)]
    one = np.concatenate(lines)
    other = np.concatenate([lines[0], lines[1], page(30, seed=2), *lines[2:]])
    for top in range(90, 300, 24):
        other[top : top + 12] = np.roll(other[top : top + 12], 1, axis=0)
    (gap,) = find_gaps(one, other) or ()
    assert gap.inserted == 30
    assert gap.second == pytest.approx(23, abs=2)


def test_a_bar_that_has_another_colour_is_no_band() -> None:
    one = PAGE.copy()
    one[:20] = (40, 90, 200)
    other = with_band(one, 62, BAND)
    other[:20] = (200, 20, 20)
    assert find_gaps(one, other) == (inserted(62, 18),)
