"""What distances make of features that are there already: the same as of those that come band by band."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from percept_cli.distances import DISTANCES
from percept_cli.engine import terms
from percept_cli.engine.plan import Piece, plan_pair
from percept_cli.engine.regions import Crop, whole
from percept_cli.engine.terms import LayerTerms, Rows
from percept_cli.geometry import Rectangle
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.topology import tap_shape
from tests.support.features import features

pytestmark = pytest.mark.numeric

HEIGHT, WIDTH = 64, 48
SPEC = DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu2_2", "gram-hw"), LayerSpec("relu3_1", "frobenius")))
PLAN = plan_pair(SPEC, height=HEIGHT, width=WIDTH)
EVERYTHING = whole(HEIGHT, WIDTH)


def side(seed: int, device: str = "cpu") -> tuple[dict[str, Tensor], Rows]:
    found = {tap: features(1, tap_shape("vgg16", tap, HEIGHT, WIDTH), seed).to(device) for tap in SPEC.taps}
    return found, lambda tap, first, last: found[tap][:, :, first:last]


@pytest.mark.parametrize("band_bytes", [1, 1 << 12, 1 << 30])
def test_of_whole_pictures_it_is_the_distance_itself(
    monkeypatch: pytest.MonkeyPatch, band_bytes: int, device: str
) -> None:
    monkeypatch.setattr(terms, "_BAND_BYTES", band_bytes)
    (f, reference), (g, candidate) = side(1, device), side(2, device)
    made = LayerTerms(SPEC)
    found = made.finish(PLAN, made.between(reference, candidate, [Piece(PLAN, EVERYTHING)]))
    expected = [float(DISTANCES[layer.distance](f[layer.tap], g[layer.tap])) for layer in SPEC.layers]
    assert found == pytest.approx(expected, rel=1e-12)


def test_cores_add_up_to_the_whole_and_no_other_rows_are_asked_for() -> None:
    (_, reference), (_, candidate) = side(1), side(2)
    asked = []

    def watched(tap: str, first: int, last: int) -> Tensor:
        asked.append((tap, first, last))
        return reference(tap, first, last)

    made = LayerTerms(SPEC)
    cores = [Rectangle(0, 0, 32, WIDTH), Rectangle(32, 0, 64, 16), Rectangle(32, 16, 64, WIDTH)]
    pieces = [Piece(PLAN, Crop(EVERYTHING.pixels, core)) for core in cores]
    parts = made.between(watched, candidate, pieces)
    assert len(parts) == 3
    whole_ = made.finish(PLAN, made.between(reference, candidate, [Piece(PLAN, EVERYTHING)]))
    assert made.finish(PLAN, parts) == pytest.approx(whole_, rel=1e-12)
    asked.clear()
    first = made.between(watched, candidate, pieces[:1])
    assert {tap for tap, *_ in asked} == set(SPEC.taps)
    assert made.finish(PLAN, first) < whole_


@pytest.mark.parametrize("name", [name for name, distance in DISTANCES.items() if distance.is_separable])
def test_sides_of_a_separable_distance(name: str, device: str) -> None:
    spec = DistanceSpec((LayerSpec("relu2_2", name),))
    plan = plan_pair(spec, height=HEIGHT, width=WIDTH)
    (_, reference), (_, candidate) = side(1, device), side(2, device)
    made = LayerTerms(spec)
    (part,) = made.between(reference, candidate, [Piece(plan, EVERYTHING)])
    one, other = (made.of_side(rows, "relu2_2", plan.shapes[0]) for rows in (reference, candidate))
    assert torch.allclose(one - other, part["relu2_2"].sums[0], rtol=1e-12)
    assert made.finish(plan, [part])[0] > 0


def test_others_have_no_statistic_of_one_side() -> None:
    made = LayerTerms(DistanceSpec((LayerSpec("relu1_2"),)))
    with pytest.raises(NotImplementedError):
        made.of_side(side(1)[1], "relu1_2", (64, HEIGHT, WIDTH))
