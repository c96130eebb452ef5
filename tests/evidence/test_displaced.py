"""By how much what is drawn in a region moved."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.evidence.displaced import REACH, Sides, best_displacement, unlike_at
from percept_cli.evidence.pixels import changes_of
from percept_cli.geometry import Box


def moved(shift: tuple[int, int], noise: int = 0) -> Sides:
    lot = np.random.default_rng(6)
    thing = np.kron(lot.integers(0, 160, (6, 8, 3)), np.ones((3, 3, 1)))
    first, second = (np.full((160, 200, 3), 230.0) for _ in range(2))
    first[60:78, 80:104] = thing
    second[60 + shift[1] : 78 + shift[1], 80 + shift[0] : 104 + shift[0]] = thing
    second += lot.integers(-noise, noise + 1, second.shape)
    return Sides(first.astype(np.uint8), np.clip(second, 0, 255).astype(np.uint8))


def found(sides: Sides) -> tuple[int, int] | None:
    apart = changes_of(sides.reference, sides.candidate)
    rows, columns = np.nonzero(apart > 20)
    places = rows, columns
    change = apart[places].astype(np.float32)
    beside = [
        np.minimum(np.abs(side[places].astype(np.float32) - 230).max(axis=1), change)
        for side in (sides.reference, sides.candidate)
    ]
    box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    return best_displacement(sides, places, change, [(beside[0], beside[1])], box)


@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (-3, 5), (20, 20), (70, -40), (0, REACH[0])])
@pytest.mark.parametrize("noise", [0, 12])
def test_a_displacement_is_found_among_noise(shift: tuple[int, int], noise: int) -> None:
    sides = moved(shift, noise)
    assert found(sides) == shift
    assert found(Sides(sides.candidate, sides.reference)) == (-shift[0], -shift[1])


def test_what_came_or_went_has_no_displacement() -> None:
    sides = moved((3, 4))
    empty = np.full_like(sides.reference, 230)
    assert found(Sides(sides.reference, empty)) is None
    assert found(Sides(empty, sides.candidate)) is None


def test_beyond_the_edge_nothing_is_alike() -> None:
    sides = moved((3, 4))
    places, change = (np.array([0, 65]), np.array([0, 85])), np.array([50.0, 100.0], np.float32)
    assert unlike_at(sides, places, change, (-1, -1), leaves=True) >= 50 / 150
    assert unlike_at(sides, (places[0][1:], places[1][1:]), change[1:], (3, 4), leaves=True) == 0
