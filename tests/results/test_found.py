"""What a check found, as plain data: the map of equal pictures is one value that stands for all of them."""

from __future__ import annotations

import pytest

from percept_cli.results.found import Evidence, Gate, nothing_differs


@pytest.mark.parametrize(
    ("width", "height", "stride"), [(1, 1, 1), (2, 1, 2), (3, 2, 4), (4, 4, 4), (5, 4, 8), (64, 65, 128)]
)
def test_one_value_covers_the_whole_picture(width: int, height: int, stride: int) -> None:
    heat = nothing_differs(width, height, 0.5)
    assert (heat.stride, heat.width, heat.height, heat.values, heat.top) == (stride, 1, 1, b"\0", 0.5)


def test_evidence_of_equal_pictures_is_its_gates_alone() -> None:
    gate = Gate("changed-pixels", 0.0, "pixels", None, 0.0, "default", "pass")
    found = Evidence((gate,))
    assert (found.regions, found.regions_in_all, found.changed_pixels, found.ignored_pixels) == ((), 0, 0, 0)
    assert (found.shift, found.noise, found.heat, gate.at) == (None, None, None, None)
