"""The contextual distance: which positions it needs, and equal features where nobody asks whether they are so."""

from __future__ import annotations

import pytest
import torch

from percept_cli.distances import DISTANCES, misfit
from percept_cli.distances.contextual import Contextual
from percept_cli.engine.plan import plan_pair
from percept_cli.errors import UnsupportedImage
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from tests.support.features import features

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


@pytest.mark.parametrize("constant", [False, True])
def test_where_nobody_asks_equal_features_are_at_zero_too(monkeypatch: pytest.MonkeyPatch, constant: bool) -> None:
    """As on a GPU, which is not asked: the same numbers, and a gradient of zeros."""
    f = torch.ones(2, 8, 6, 5) if constant else features(2, (8, 6, 5), seed=1)
    g = torch.cat([f[:1], features(1, (8, 6, 5), seed=2)])  # one equal pair, one that is not
    distance = DISTANCES["contextual"]
    found = []
    for devices in (("cpu",), ()):
        monkeypatch.setattr(Contextual, "ASKS", devices)
        x = g.clone().requires_grad_()
        value = distance(f, x)
        (slope,) = torch.autograd.grad(value.sum(), x)
        assert value[0] == 0
        assert value[1] > 0
        assert not slope[0].any()
        found.append((value.detach(), slope))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
