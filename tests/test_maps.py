"""The distance of every position: planned = whole, each position once, and their mean is the distance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from percept_cli.distances import DISTANCES, LocalDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.engine.transfer import Contribution
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.topology import tap_shape
from tests.measuring import contributions, everything
from tests.test_exact import CHANGES, Remembering, as_tensor, changes, engine_of, pair_of, plan_of
from tests.test_exact import remembering as remembering

pytestmark = pytest.mark.numeric

TAPS = ("input", "relu1_2", "conv3_1", "relu4_3", "pool4")
LOCAL = [
    name
    for name, distance in DISTANCES.items()
    if isinstance(distance, LocalDistance) and name not in CHANNEL_WEIGHTS
]


def dense(
    found: list[Contribution], network: str, tap: str, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """A tap's map, 0 where there is none, and how often each position was given."""
    _, rows, columns = tap_shape(network, tap, height, width)
    values, count = np.zeros((rows, columns)), np.zeros((rows, columns), int)
    for part in found:
        for patch in part[tap].patches if tap in part else ():
            rows, columns = patch.values.shape
            place = np.s_[patch.row : patch.row + rows, patch.column : patch.column + columns]
            values[place] = patch.values.numpy()
            count[place] += 1
    return values, count


@pytest.mark.parametrize("distance", LOCAL)  # the inner loop, in which the network's runs are remembered
@pytest.mark.parametrize("change", CHANGES)
def test_planned_maps_are_those_of_the_whole(
    remembering: dict[DistanceSpec, Engine], change: str, distance: str
) -> None:
    spec = DistanceSpec(tuple(LayerSpec(tap, distance) for tap in TAPS))
    check_maps(engine_of(remembering, spec, Remembering, keeps_maps=True), change, distance)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("preset", ["lpips", "st-lpips"])
def test_planned_maps_are_those_of_the_whole_on_the_backbones_of_learned_weights(
    remembering: dict[DistanceSpec, Engine], preset: str, change: str
) -> None:
    engine = engine_of(remembering, load_preset(preset).spec, Remembering, keeps_maps=True)
    check_maps(engine, change, "unit")


def check_maps(engine: Engine, change: str, distance: str) -> None:
    height, width = 301, 419
    spec = engine.spec
    network = spec.record.network
    reference, candidate = pair_of(change, height, width, seed=5)
    pair = as_tensor(reference), as_tensor(candidate)
    plan = plan_of(spec, reference, candidate)
    (found,) = contributions(engine, *pair, plan)
    (whole,) = engine.start(torch.cat(pair), [everything(plan)]).result()
    distances = engine.finish(plan, found)
    for tap, total in zip(spec.taps, distances, strict=True):
        mine, count = dense(found, network, tap, height, width)
        theirs, all_once = dense([whole], network, tap, height, width)
        assert all_once.min() == all_once.max() == 1
        assert count.max() == 1
        inside = count == 1
        # float32: one position's nearly equal unit vectors cancel, which in the mean does not show. Vectors
        # that are 1e-5 apart, known to 1e-7, have squares that are off by 2e-12.
        np.testing.assert_allclose(mine[inside], theirs[inside], rtol=2e-5, atol=1e-11, err_msg=tap)
        # Outside the cores features of equal pixels next to a change differ in their last digits (test_exact
        # tells why): lengths of some hundred, by less than 1e-5 of them; squares by the square of that.
        assert (theirs[~inside] <= (5e-3 if distance in ("l1", "euclidean") else 5e-5)).all(), tap
        if distance != "frobenius":  # the root of a sum is no mean
            assert mine.mean() == pytest.approx(total, rel=1e-6)


def test_maps_are_kept_only_when_asked_for_and_move_no_number() -> None:
    spec = DistanceSpec((LayerSpec("relu2_2"), LayerSpec("relu3_3", "gram")))
    _, reference, candidate = next(changes(64, 96, seed=1))
    pair, plan = (as_tensor(reference), as_tensor(candidate)), plan_pair(spec, height=64, width=96)
    with_maps, without = (
        contributions(Engine(spec, "cpu", keeps_maps=kept), *pair, plan)[0] for kept in (True, False)
    )
    assert Engine(spec, "cpu").finish(plan, with_maps) == Engine(spec, "cpu").finish(plan, without)
    assert [len(total.patches) > 0 for total in with_maps[0].values()] == [True, False]  # Gram has no places
    assert not any(total.patches for total in without[0].values())
