"""Matrices of chromaticities, against numbers that were published."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.evidence.colour import TO_XYZ
from percept_cli.formats.colour.primaries import BT709, XYZ, adaptation, to_xyz, white_of
from percept_cli.formats.exr.frames import read_exr
from tests.support.scenes import AP1, anything, attribute, colours_of, exr_by_hand, light, only, planes


def test_bt709_is_that_of_the_standard_to_all_its_digits() -> None:
    """What ΔE is computed with has seven of them (IEC 61966-2-1)."""
    assert to_xyz(BT709) == pytest.approx(np.array(TO_XYZ), abs=0.5e-7)
    assert to_xyz(XYZ) == pytest.approx(np.eye(3), abs=1e-15)


def test_white_becomes_the_other_white() -> None:
    d65, d50 = white_of(BT709), np.array([0.9642, 1, 0.8249])
    found = adaptation(d65, d50)
    assert found @ d65 == pytest.approx(d50, abs=1e-15)
    assert adaptation(d50, d65) @ found == pytest.approx(np.eye(3), abs=1e-12)


def xyz_of(primaries: tuple[float, ...], pixel: NDArray[np.float64]) -> NDArray[np.float64]:
    """XYZ of a colour, by the textbook: primaries as bright as adds up to white with Y = 1."""
    red, green, blue, white = (
        (x / y, 1, (1 - x - y) / y) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    )
    matrix = np.array([red, green, blue], np.float64).T
    amounts = np.linalg.inv(matrix) @ np.array(white)
    found: NDArray[np.float64] = matrix @ (amounts * pixel)
    return found


AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
PRIMARIES_OF_BT709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def test_exr_of_aces_becomes_bt709() -> None:
    # The matrix of AP1 (ACEScg) to BT.709 with Bradford's adaptation, as published with ACES and used in engines.
    published = [
        [1.7050509, -0.6217921, -0.0832588],
        [-0.1302564, 1.1408048, -0.0105483],
        [-0.0240033, -0.1289690, 1.1529723],
    ]
    values = light(6, 3, 4, 3)
    data = exr_by_hand(
        planes(values), extra=attribute("chromaticities", "chromaticities", struct.pack("<8f", *AP1))
    )
    # Seven digits are published, of up to 1.7 times 16.
    assert colours_of(only(read_exr(data, "x", anything))) == pytest.approx(
        values @ np.array(published).T, abs=2e-5
    )


@pytest.mark.parametrize("primaries", [AP0, AP1, (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)])
def test_exr_of_other_primaries_keeps_white_and_colours(primaries: tuple[float, ...]) -> None:
    values = light(7, 2, 2, 3)
    values[0, 0] = 0.75
    extra = attribute("chromaticities", "chromaticities", struct.pack("<8f", *primaries))
    found = colours_of(only(read_exr(exr_by_hand(planes(values), extra=extra), "x", anything)))
    assert found[0, 0] == pytest.approx([0.75] * 3, abs=1e-6)  # float32, and chromaticities stored as float32
    if primaries[6:] == PRIMARIES_OF_BT709[6:]:  # without adaptation, XYZ stays
        for before, after in zip(values.reshape(-1, 3), found.reshape(-1, 3), strict=True):
            assert xyz_of(PRIMARIES_OF_BT709, after) == pytest.approx(xyz_of(primaries, before), rel=1e-5)


def test_exr_of_bt709_is_not_touched_and_what_is_no_number_stays() -> None:
    values = light(8, 1, 3, 3)
    values[0, 1, 0], values[0, 2] = math.nan, (math.inf, -1, 2)
    for primaries, same in ((PRIMARIES_OF_BT709, True), (AP1, False)):
        extra = attribute("chromaticities", "chromaticities", struct.pack("<8f", *primaries))
        found = colours_of(only(read_exr(exr_by_hand(planes(values), extra=extra), "x", anything)))
        assert np.array_equal(found[0, 1:], values[0, 1:], equal_nan=True)
        assert np.array_equal(found[0, 0], values[0, 0]) == same
