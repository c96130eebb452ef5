"""What remains of two pictures of different sizes, and what of it counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import InvalidSetting, SizeMismatch
from percept_cli.evidence.aligning import detail_of
from percept_cli.evidence.changes import Allowed, find_changes
from percept_cli.evidence.fitting import bands_of, changes_of_rest, displaced_rows, fitted
from percept_cli.geometry import Box, View
from percept_cli.images.picture import Picture, picture_of
from percept_cli.images.views import Look
from percept_cli.results.fit import Band
from tests.support.rows import Rows, noisy, page, with_band

PAGE = page(60)
BAND = page(12, seed=9)
TALLER = with_band(PAGE, 26, BAND)


def look(reference: Rows, candidate: Rows) -> Look:
    return Look(View(), picture_of(reference), picture_of(candidate), SizeMismatch("the sizes differ"))


def test_bands_are_left_out_of_both_pictures() -> None:
    for one, other, kind in ((PAGE, TALLER, "inserted"), (TALLER, PAGE, "removed")):
        ((rest, how),) = fitted([look(one, other)])
        assert how.fit.bands == (Band("rows", kind, 12, 26, 26),)  # type: ignore[arg-type]
        assert (how.fit.aligned, str(how.mismatch), rest.mismatch) == ("bands", "the sizes differ", None)
        assert rest.reference.pixels == rest.candidate.pixels == PAGE.tobytes()


def test_columns_are_found_as_rows_are() -> None:
    one, other = (np.ascontiguousarray(side.swapaxes(0, 1)) for side in (PAGE, TALLER))
    ((rest, how),) = fitted([look(one, other)])
    assert str(how.fit) == "12 columns inserted at x = 26"
    assert rest.reference == rest.candidate


def test_where_no_bands_explain_it_the_common_part_is_left() -> None:
    ((rest, how),) = fitted([look(PAGE, np.pad(PAGE[:50], ((0, 0), (0, 7), (0, 0))))])
    assert str(how.fit) == "the candidate is 10 rows shorter and 7 columns wider"
    assert rest.reference.size == rest.candidate.size == (48, 50)
    assert rest.reference.pixels == rest.candidate.pixels
    ((rest, how),) = fitted([look(PAGE, page(72, seed=33))])
    assert how.fit.aligned == "top-left"
    assert rest.reference.pixels == PAGE.tobytes()


def test_deep_pictures_stay_deep() -> None:
    one, other = (Picture(48, len(side), side.astype(np.float32).tobytes(), deep=True) for side in (PAGE, TALLER))
    ((rest, _),) = fitted([Look(View(), one, other, SizeMismatch(""))])
    assert rest.candidate.deep
    assert rest.candidate.pixels == rest.reference.pixels == one.pixels


def test_what_is_ignored_lies_in_the_reference() -> None:
    changed = TALLER.copy()
    changed[50:56, 8:20] = (255, 0, 0)  # rows 38 to 44 of the reference
    ((rest, how),) = fitted([look(PAGE, changed)])
    found = changes_of_rest(rest, how.fit, Allowed())
    assert found is not None
    assert found.regions[0].box == Box(8, 38, 12, 6)
    found = changes_of_rest(rest, how.fit, Allowed(ignore=(Box(8, 38, 12, 6), Box(500, 500, 1, 1))))
    assert found is not None
    assert (found.pixels, found.ignored) == (0, 72)
    ((equal, how),) = fitted([look(PAGE, TALLER)])
    assert changes_of_rest(equal, how.fit, Allowed()) is None


def test_a_mask_is_as_large_as_one_of_the_two(tmp_path: Path) -> None:
    changed = TALLER.copy()
    changed[50:56, 8:20] = (255, 0, 0)
    ((rest, how),) = fitted([look(PAGE, changed)])
    for name, height, top in (("reference", 60, 38), ("candidate", 72, 50)):
        mask = Image.new("L", (48, height), 255)
        mask.paste(0, (8, top, 20, top + 6))
        mask.save(tmp_path / f"{name}.png")
        found = changes_of_rest(rest, how.fit, Allowed(mask=tmp_path / f"{name}.png"))
        assert found is not None
        assert (found.pixels, found.ignored) == (0, 72), name
    Image.new("L", (48, 61), 255).save(tmp_path / "other.png")
    with pytest.raises(InvalidSetting, match="the mask has 48×61 pixels, but the images have 48×60"):
        changes_of_rest(rest, how.fit, Allowed(mask=tmp_path / "other.png"))


def test_rows_that_went_beyond_the_edge_of_a_picture_of_one_size() -> None:
    def told(candidate: Rows) -> str:
        return displaced_rows(find_changes(picture_of(PAGE), picture_of(candidate)))

    assert told(TALLER[:60]) == "12 rows inserted at y = 26 and 12 rows removed at the bottom, the rest is equal"
    explained = noisy(TALLER[:60]).copy()
    assert "12 rows inserted at y = 26 and 12 rows removed at the bottom, which explains" in told(explained)
    assert told(page(60, seed=44)) == ""
    local = PAGE.copy()
    local[10:20, 3:9] = 0
    assert told(local) == ""
    assert told(PAGE) == ""


def test_bands_of_pictures_that_are_equal_are_none() -> None:
    assert bands_of(picture_of(PAGE), picture_of(PAGE), "rows") == ()


def test_all_views_have_the_bands_of_the_one_in_which_most_is_seen() -> None:
    black = [np.zeros_like(side) for side in (PAGE, TALLER)]  # black text on black
    found = fitted([look(*black), look(PAGE, TALLER)])
    assert [str(how.fit) for _, how in found] == ["12 rows inserted at y = 26"] * 2
    assert [rest.candidate.size for rest, _ in found] == [(48, 60)] * 2
    assert detail_of(black[0]) == 0 < detail_of(PAGE)
