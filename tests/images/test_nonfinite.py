"""Pixels of light that are no finite numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from percept_cli.errors import InvalidSetting, NotFinite
from percept_cli.formats.npy import read_npy
from percept_cli.geometry import Box
from percept_cli.images.nonfinite import nonfinite
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.images.views import Side, looks
from tests.support.scenes import anything, npy
from tests.support.views import light, side


def test_nonfinite_finds_the_worst_of_three_channels() -> None:
    nan, inf = math.nan, math.inf
    values = np.array([[[0, 1, 2], [inf, 0, 0], [0, -inf, inf], [inf, -inf, nan], [-1, 1e38, 0]]], np.float32)
    (kinds,) = nonfinite(read_npy(npy(values), "x", anything))
    assert kinds is not None
    assert (kinds.dtype.name, kinds.tolist()) == ("uint8", [[0, 2, 3, 1, 0]])
    assert nonfinite(read_npy(npy(np.ones((2, 2), np.float32)), "x", anything)) == (None,)
    assert nonfinite(read_npy(npy(np.ones((2, 2), np.uint16)), "x", anything)) == (None,)


def test_pixels_that_are_no_numbers_never_pass_unasked() -> None:
    good = np.full((4, 5), 0.2)
    bad, worse = good.copy(), good.copy()
    bad[1, 2] = worse[1, 2] = np.nan
    worse[3, 4] = np.inf
    for first, second in ((good, bad), (bad, good), (bad, bad), (bad, worse)):
        with pytest.raises(NotFinite, match=r"1 NaN"):
            looks(Side("a", light(first)), Side("b", light(second)), AS_SEEN)
    with pytest.raises(
        NotFinite, match=r"a has 1 NaN pixel \(the first at 2,1\); b has 1 NaN and 1 infinite pixels"
    ):
        looks(Side("a", light(bad)), Side("b", light(worse)), ImagePolicy(allow_nan=True))
    (look,), notes = looks(Side("a", light(bad)), Side("b", light(bad)), ImagePolicy(allow_nan=True))
    assert notes == ("1 NaN pixel (the first at 2,1) at the same positions in both images, treated as black",)
    assert look.reference.pixels == look.candidate.pixels
    assert (look.reference.array[1, 2] == 0).all()


def test_pixels_that_are_no_numbers_count_within_the_crop_alone() -> None:
    bad = np.ones((30, 40), np.float32)
    bad[2, 3], bad[20, 30] = np.nan, np.inf
    fine = np.ones((30, 40), np.float32)
    found = looks(side("r", bad), side("c", fine), ImagePolicy(crop=Box(4, 3, 26, 17)))
    assert found[1] == ()
    assert [look.reference == look.candidate for look in found[0]] == [True]
    within = Box(25, 15, 100, 100)
    with pytest.raises(NotFinite) as error:
        looks(side("r", bad), side("c", fine), ImagePolicy(crop=within))
    wanted = "not all pixels are finite numbers: r has 1 infinite pixel (the first at 30,20)"
    assert str(error.value) == wanted
    policy = ImagePolicy(crop=within, allow_nan=True)
    other = bad.copy()
    other[0] = np.nan  # outside
    pairs, notes = looks(side("r", bad), side("c", other), policy)
    assert notes == (
        "1 infinite pixel (the first at 30,20) at the same positions in both images, treated as black",
    )
    (look,) = pairs
    assert look.reference == look.candidate
    assert (look.reference.width, look.reference.height) == (15, 15)
    assert look.reference.array[5, 5].tolist() == [0, 0, 0]
    outside, _ = looks(side("r", bad), side("c", bad), ImagePolicy(crop=Box(40, 0, 5, 5)))
    with pytest.raises(InvalidSetting, match="the crop 40,0,5,5 lies outside the image of 40×30 pixels"):
        next(outside)
