"""The contextual distance: which positions it needs."""

from __future__ import annotations

import pytest

from percept_cli.distances import misfit
from percept_cli.engine.plan import plan_pair
from percept_cli.errors import UnsupportedImage
from percept_cli.recipes.spec import DistanceSpec, LayerSpec

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        (1, "at least 2"),
        (2, ""),
        (1 << 16, ""),
        ((1 << 16) + 1, "this layer has 65,537, more than the limit of 65,536"),
    ],
)
def test_contextual_needs_several_positions_and_not_too_many(positions: int, words: str) -> None:
    found = misfit("contextual", positions)
    assert (found is not None) == bool(words)
    assert found is None or words in found[0]
    assert misfit("unit", positions) is None
    layers = (
        LayerSpec("relu1_1", "contextual", 0),
        LayerSpec("relu1_2"),
    )  # computed, though it counts for nothing
    spec = DistanceSpec(layers)
    if words:
        with pytest.raises(UnsupportedImage, match="do not fit relu1_1: contextual compares"):
            plan_pair(spec, height=1, width=positions)
    assert not plan_pair(spec, height=1, width=positions, changed=False).crops  # equal pictures are at 0
