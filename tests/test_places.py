"""Places of a difference: grids against a plain reading of the maps, planned = whole, colour by its definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from percept_cli.distances import Patch
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Plan
from percept_cli.engine.regions import whole
from percept_cli.evidence import maps
from percept_cli.evidence.changes import find_changes
from percept_cli.evidence.colour import REACH, SIGMA, STEP, colour_map
from percept_cli.evidence.places import CELL, Places
from percept_cli.recipes.presets import load_preset
from tests.conftest import as_picture, drawing
from tests.measuring import contributions
from tests.test_exact import plan_of

pytestmark = pytest.mark.numeric

SPEC = load_preset("render").spec


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("cell", [1, 2, 8])
def test_grids_say_what_the_map_says(stride: int, cell: int) -> None:
    """Against one position after the other, for patches that begin anywhere."""
    rng = np.random.default_rng(stride * 10 + cell)
    height, width = 96, 112
    shape = height // cell, width // cell
    places = (
        [(0, 0, 3, 2), (3, 1, 2, 4), (5, 5, 1, 1)] if stride == 16 else [(0, 0, 5, 3), (5, 1, 6, 9), (1, 11, 3, 1)]
    )
    patches = [
        Patch(row, column, torch.from_numpy(rng.random((h, w), np.float32))) for row, column, h, w in places
    ]
    most, sums = np.zeros(shape, np.float32), np.zeros(shape)
    for patch in patches:
        for (y, x), value in np.ndenumerate(patch.values.numpy()):
            top, left = (patch.row + y) * stride, (patch.column + x) * stride
            sums[top // cell, left // cell] += value
            for row in range(top // cell, max(top // cell + 1, (top + stride) // cell)):
                for column in range(left // cell, max(left // cell + 1, (left + stride) // cell)):
                    most[row, column] = max(most[row, column], value)
    np.testing.assert_array_equal(maps.largest(patches, stride, cell, shape), most)
    np.testing.assert_allclose(maps.summed(patches, stride, cell, shape), sums, rtol=1e-12)


def test_colour_is_what_its_definition_says() -> None:
    """Against a plain reading of it in float64: no cut-off, no float32, scikit-free."""
    reference, candidate = np.asarray(drawing(43, 29, 1)), np.asarray(drawing(43, 29, 2))

    def lab(picture: np.ndarray) -> np.ndarray:
        light = picture / 255
        light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
        rows, columns = -(-29 // STEP), -(-43 // STEP)
        small = np.array(
            [
                [
                    light[y * STEP : (y + 1) * STEP, x * STEP : (x + 1) * STEP].mean(axis=(0, 1))
                    for x in range(columns)
                ]
                for y in range(rows)
            ]
        )
        kernel = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
        kernel /= kernel.sum()
        padded = np.pad(small, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
        padded = sum(weight * padded[offset : offset + rows] for offset, weight in enumerate(kernel))
        padded = sum(weight * padded[:, offset : offset + columns] for offset, weight in enumerate(kernel))
        xyz = (
            padded
            @ np.array(
                [
                    [0.4123908, 0.3575843, 0.1804808],
                    [0.212639, 0.7151687, 0.0721923],
                    [0.0193308, 0.1191948, 0.9505322],
                ]
            ).T
        )
        ratio = xyz / np.array([0.9504559, 1.0, 1.0890578])
        curve = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
        x, y, z = np.moveaxis(curve, -1, 0)
        return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)

    expected = np.linalg.norm(lab(reference) - lab(candidate), axis=-1)
    assert expected.max() > 20
    # float32 in between, and the CIE's constants to seven digits.
    np.testing.assert_allclose(colour_map(reference, candidate), expected, rtol=1e-3, atol=1e-3)


def test_colour_of_flat_areas() -> None:
    grey = np.full((40, 56, 3), 128, np.uint8)
    assert colour_map(grey, grey).max() == 0
    assert colour_map(grey * 0, grey * 0 + 255).min() == pytest.approx(100, rel=1e-5)
    # CIE 1976 of #808080 against #888888: ΔL* of 3.1.
    assert colour_map(grey, grey + 8).max() == pytest.approx(3.118, abs=0.01)


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
    floors = [places_of(base, other, plan_of(SPEC, base, other)).noise() for other in (defect, noisy, both)]
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
