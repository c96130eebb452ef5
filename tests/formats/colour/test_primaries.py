"""Matrices of chromaticities, against numbers that were published."""

import numpy as np
import pytest

from percept_cli.evidence.colour import TO_XYZ
from percept_cli.formats.colour.primaries import BT709, XYZ, adaptation, to_xyz, white_of


def test_bt709_is_that_of_the_standard_to_all_its_digits() -> None:
    """What ΔE is computed with has seven of them (IEC 61966-2-1)."""
    assert to_xyz(BT709) == pytest.approx(np.array(TO_XYZ), abs=0.5e-7)
    assert to_xyz(XYZ) == pytest.approx(np.eye(3), abs=1e-15)


def test_white_becomes_the_other_white() -> None:
    d65, d50 = white_of(BT709), np.array([0.9642, 1, 0.8249])
    found = adaptation(d65, d50)
    assert found @ d65 == pytest.approx(d50, abs=1e-15)
    assert adaptation(d50, d65) @ found == pytest.approx(np.eye(3), abs=1e-12)
