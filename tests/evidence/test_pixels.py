"""Changes of pixels, against what numpy says in whole numbers and in float64."""

from typing import Any

import numpy as np
import pytest

from percept_cli.evidence.pixels import changes_of, distances_of, signed


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_changes(kind: type) -> None:
    rng = np.random.default_rng(0)
    first: Any = rng.integers(0, 256, (300, 1200, 3)).astype(kind)  # of more than one band
    second: Any = rng.integers(0, 256, (300, 1200, 3)).astype(kind)
    expected = np.abs(first.astype(int) - second.astype(int))
    assert (distances_of(first, second) == expected).all()
    assert (changes_of(first, second) == expected.max(axis=2)).all()
    assert changes_of(first, second).dtype == kind
    assert (np.abs(signed(first) - signed(second)) == expected).all()
