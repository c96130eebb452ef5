"""Distances of one value for each position."""

from __future__ import annotations

import pytest
import torch

from percept_cli.distances.local import Cosine, Unit
from tests.support.features import features
from tests.support.rounding import UNIT

pytestmark = pytest.mark.numeric


def test_a_vector_of_zeros_is_far_from_anything_but_another() -> None:
    zero, other = torch.zeros(1, 4, 1, 1), torch.ones(1, 4, 1, 1)
    assert Cosine()(zero, zero).item() == 0
    assert Cosine()(zero, other).item() == 1
    assert Unit()(zero, zero).item() == 0
    assert Unit()(zero, other).item() == pytest.approx(1, rel=4 * UNIT)  # a length, a quotient and its square


def test_unit_is_twice_cosine_where_no_vector_is_zero() -> None:
    f, g = (features(1, (32, 9, 9), seed).double() + 0.1 for seed in (1, 2))
    # Unit adds 1e-10 to lengths of some 3.
    assert Unit()(f, g).item() == pytest.approx(2 * Cosine()(f, g).item(), rel=1e-10)
