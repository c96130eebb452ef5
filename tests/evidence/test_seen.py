"""All that there is to see of a pair: by the same places that are asked for one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from percept_cli.distances import Partial, Patch
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_of_pixels, plan_pair
from percept_cli.evidence.changes import find_changes
from percept_cli.evidence.places import Places
from percept_cli.evidence.seen import places_of, strongest_place
from percept_cli.evidence.sight import Sight
from percept_cli.geometry import View
from percept_cli.images.picture import Picture
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from tests.conftest import drawing

SPEC = DistanceSpec((LayerSpec("input", "mse"),))


def picture(values: np.ndarray) -> Picture:
    return Picture(values.shape[1], values.shape[0], values.astype(np.uint8).tobytes())


@pytest.mark.parametrize("with_noise", [False, True])
def test_it_is_what_the_places_say(*, with_noise: bool) -> None:
    first = np.full((24, 32, 3), 120)
    second = first.copy()
    second[8:16, 8:16] = 200
    changes = find_changes(picture(first), picture(second))
    values = torch.from_numpy(np.abs(second - first).max(axis=2) / 255).float()
    found = [{"input": Partial((values.double().sum()[None],), values.numel(), (Patch(0, 0, values),))}]
    plan = plan_pair(SPEC, height=24, width=32)
    seen = places_of(SPEC, found, changes, plan, with_noise=with_noise)
    places = Places(SPEC, found, changes.reference.array, changes.candidate.array, plan)
    assert seen.peak == places.peak(places.distances)
    assert seen.peak is not None
    assert seen.peak.value == pytest.approx(80 / 255)
    assert (seen.peak.at.x, seen.peak.at.y) == (8, 8)  # type: ignore[union-attr] # there is a place
    assert (seen.mean, seen.colour) == (places.mean, places.colour()[0])
    assert seen.mean == pytest.approx(80 / 255 * 64 / (24 * 32))
    assert (seen.noise is None) != with_noise
    (region,) = seen.regions
    assert region.layers["input"] == pytest.approx(seen.mean)
    assert seen.heat == places.heat()


SHALLOW = DistanceSpec((LayerSpec("relu1_2"), LayerSpec("conv3_1", "mse", 0.5), LayerSpec("relu1_1", "gram")))


@pytest.mark.parametrize(
    ("size", "parts", "pieces"),
    [
        ((333, 217), [(40, 50, 6, 9)], 1),
        ((333, 217), [(3, 2, 4, 4), (325, 205, 8, 12)], 2),  # the last cells are cut off
        ((500, 700), [(20, 30, 12, 9), (200, 400, 5, 8), (420, 650, 30, 9)], 3),
        ((3, 90), [(0, 33, 2, 2)], 1),  # extended
    ],
)
def test_the_strongest_place_is_that_of_the_whole_map_wherever_it_is_looked_for(
    size: tuple[int, int], parts: list[tuple[int, int, int, int]], pieces: int
) -> None:
    spec = SHALLOW if size[0] > 9 else DistanceSpec((LayerSpec("relu3_1"),))
    first = np.asarray(drawing(size[1], size[0], seed=3))
    second = first.copy()
    for top, left, height, width in parts:
        second[top : top + height, left : left + width] ^= 60
    pictures = picture(first), picture(second)
    plan = plan_of_pixels(spec, pictures[0].pixels, pictures[1].pixels, *size)
    assert plan.is_local
    assert len(plan.crops) == pieces
    found = Engine(spec, "cpu").measure(pictures, plan)
    places = Places(spec, found, first, second, plan)
    value = strongest_place(spec, found, Sight(View(), pictures, plan, size[1], size[0]))
    assert value == places.peak(places.distances).value > 0


def test_a_distance_without_places_has_no_strongest_one() -> None:
    spec = DistanceSpec((LayerSpec("relu1_1", "gram"),))
    first = np.asarray(drawing(90, 80))
    second = first.copy()
    second[4, 5] ^= 60
    pictures = picture(first), picture(second)
    plan = plan_of_pixels(spec, pictures[0].pixels, pictures[1].pixels, 80, 90)
    found = Engine(spec, "cpu").measure(pictures, plan)
    assert strongest_place(spec, found, Sight(View(), pictures, plan, 90, 80)) is None
