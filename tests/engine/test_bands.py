"""Bands of rows, as plain data: what a run holds."""

from __future__ import annotations

import pytest

from percept_cli.engine.bands import BAND_BYTES, schedule
from tests.support.exactness import TAPS

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("network", ["vgg16", "vgg16-l2pool", "vgg16-blurpool"])
def test_what_a_run_holds_does_not_grow_with_the_height(network: str) -> None:
    def held(height: int, width: int) -> int:
        found = schedule(network, TAPS, height=height, width=width, pictures=2)
        assert found is not None
        return found.bytes

    assert held(100_000, 1000) == held(2000, 1000)
    assert held(10_728, 3446) < 600 << 20
    assert held(2000, 2000) < 2.2 * held(2000, 1000)


def test_bands_keep_within_a_budget_or_there_are_none() -> None:
    def low(budget: int) -> int | None:
        found = schedule("vgg16", TAPS, height=1080, width=1920, pictures=2, budget=budget)
        return None if found is None else found.bytes

    free = schedule("vgg16", TAPS, height=1080, width=1920, pictures=2)
    assert free is not None
    assert free.bytes > BAND_BYTES
    assert low(free.bytes) == free.bytes
    tight = low(free.bytes - 1)
    assert tight is not None
    assert tight < free.bytes
    assert low(1 << 20) is None
