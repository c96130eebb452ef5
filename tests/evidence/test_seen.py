"""All that there is to see of a pair: by the same places that are asked for one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from percept_cli.distances import Partial, Patch
from percept_cli.engine.plan import plan_pair
from percept_cli.evidence.changes import find_changes
from percept_cli.evidence.places import Places
from percept_cli.evidence.seen import places_of
from percept_cli.images.picture import Picture
from percept_cli.recipes.spec import DistanceSpec, LayerSpec

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
    assert (seen.mean, seen.colour) == (places.mean, places.colour())
    assert seen.mean == pytest.approx(80 / 255 * 64 / (24 * 32))
    assert (seen.noise is None) != with_noise
    (region,) = seen.regions
    assert region.layers["input"] == pytest.approx(seen.mean)
    assert seen.heat == places.heat()
