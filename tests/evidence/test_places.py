"""Places of a difference: planned = whole, shares of regions, noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from percept_cli.distances import Patch
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Plan
from percept_cli.engine.regions import whole
from percept_cli.evidence.changes import find_changes
from percept_cli.evidence.pixels import CELL
from percept_cli.evidence.places import Places
from percept_cli.recipes.presets import load_preset
from tests.conftest import as_picture, drawing
from tests.support.exactness import plan_of
from tests.support.measuring import contributions

pytestmark = pytest.mark.numeric


SPEC = load_preset("default").spec


def patches_of(places: Places, tap: str) -> list[Patch]:
    return next(list(layer.patches) for layer in places._layers if layer.tap == tap)


def places_of(reference: np.ndarray, candidate: np.ndarray, plan: Plan) -> Places:
    engine = Engine(SPEC, "cpu", keeps_maps=True)
    pair = tuple(torch.from_numpy(side.copy()).permute(2, 0, 1)[None] for side in (reference, candidate))
    (found,) = contributions(engine, pair[0], pair[1], plan)
    return Places(SPEC, found, reference, candidate, plan)


def test_planned_places_are_those_of_the_whole() -> None:
    reference = np.asarray(drawing(419, 301, 5))
    candidate = reference.copy()
    candidate[40:52, 300:330] ^= 255
    candidate[250, 20] = 0
    plan = plan_of(SPEC, reference, candidate)
    assert plan.share < 0.8
    planned = places_of(reference, candidate, plan)
    everything = places_of(reference, candidate, replace(plan, crops=(whole(301, 419),)))
    assert planned.mean == pytest.approx(everything.mean, rel=1e-6)
    assert planned.noise() == everything.noise()
    for grid in ("distances", "colours", "visibility", "texture"):
        np.testing.assert_allclose(getattr(planned, grid), getattr(everything, grid), rtol=2e-5, atol=1e-6)
    assert planned.peak(planned.distances).at == everything.peak(everything.distances).at
    changes = find_changes(*(as_picture(drawing(419, 301, 5)) for _ in range(2)))
    assert changes.regions == ()


def test_the_regions_share_all_of_the_distance() -> None:
    reference = np.asarray(drawing(300, 200, 5))
    candidate = reference.copy()
    candidate[10:20, 10:30] ^= 255
    candidate[150:160, 250:280] ^= 128
    places = places_of(reference, candidate, plan_of(SPEC, reference, candidate))
    labels = np.zeros((25, 38), np.int32)
    labels[1:3, 1:4], labels[18:20, 31:35] = 1, 2
    found = places.regions(labels, 2)
    distance = sum(
        layer.weight
        * sum(float(patch.values.double().sum()) for patch in patches_of(places, layer.tap))
        / ((300 // stride) * (200 // stride))
        for layer, stride in zip(SPEC.layers, (2, 4, 8), strict=True)
    )
    assert sum(sum(region.layers.values()) for region in found) == pytest.approx(distance, rel=1e-6)
    assert max(region.peak for region in found) == places.peak(places.distances).value
    assert max(region.colour for region in found) == pytest.approx(places.peak(places.colours).value)


@pytest.mark.slow
def test_noise_is_what_is_everywhere() -> None:
    """A defect alone is no noise; grain everywhere is, and does not depend on a defect in it."""
    reference = np.asarray(drawing(320, 240, 7)).astype(int)
    grain = np.random.default_rng(1).normal(0, 6, reference.shape)
    noisy = np.clip(reference + grain, 0, 255).astype(np.uint8)
    defect = reference.astype(np.uint8).copy()
    defect[100:116, 100:116] ^= 255
    both = noisy.copy()
    both[100:116, 100:116] = defect[100:116, 100:116]
    base = reference.astype(np.uint8)
    floors = [places_of(base, other, plan_of(SPEC, base, other)).noise().value for other in (defect, noisy, both)]
    assert floors[0] == 0
    assert floors[1] > 0.1
    assert floors[2] == pytest.approx(floors[1], rel=0.15)


@pytest.mark.parametrize(("height", "width"), [(96, 160), (700, 1300)])
def test_a_heat_map_holds_the_largest_values(height: int, width: int) -> None:
    reference = np.asarray(drawing(width, height, 3))
    candidate = reference.copy()
    candidate[60, 70] = 255 - candidate[60, 70]
    places = places_of(reference, candidate, plan_of(SPEC, reference, candidate))
    heat = places.heat()
    assert heat is not None
    assert max(heat.width, heat.height) <= 640 < 2 * max(heat.width, heat.height) or heat.stride == 1
    assert (heat.width, heat.height) == (-(-width // heat.stride), -(-height // heat.stride))
    assert heat.top == 6.0
    values = np.frombuffer(heat.values, np.uint8).reshape(heat.height, heat.width)
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert abs(row * heat.stride - 60) <= CELL
    assert abs(column * heat.stride - 70) <= CELL
    assert values[0, -1] <= 1  # features see far
    assert places_of(reference, reference, plan_of(SPEC, reference, reference)).heat() is None
