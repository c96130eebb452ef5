"""All that there is to see of a pair that differs, looked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.distances import Partial
from percept_cli.evidence.places import Peak, Place, Places
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import HeatMap

if TYPE_CHECKING:
    from percept_cli.engine.plan import Plan
    from percept_cli.evidence.changes import Changes


@dataclass(frozen=True)
class Seen:
    """Where a pair differs, and how strongly."""

    mean: float | None
    """The distance as far as it is visible; None if any layer has no places."""
    peak: Peak | None
    """None if no layer has places."""
    colour: Peak
    noise: float | None
    """The noise floor of the peak, where it was asked for."""
    regions: Sequence[Place]
    """Of each region of the changes."""
    heat: HeatMap | None
    """None where nothing differs, or the distances have no places."""


def places_of(
    spec: DistanceSpec, found: Sequence[Mapping[str, Partial]], changes: Changes, plan: Plan, *, with_noise: bool
) -> Seen:
    """Look at all places of a pair that differs.

    Args:
        spec: the recipe.
        found: what each part of the pair contributed.
        changes: its pictures as they are compared, and their regions.
        plan: what was computed of them.
        with_noise: whether the noise floor is wanted.
    """
    places = Places(spec, found, changes.reference.array, changes.candidate.array, plan)
    return Seen(
        places.mean,
        places.peak(places.distances) if places.has_places else None,
        places.colour(),
        places.noise() if with_noise else None,
        places.regions(changes.labels, len(changes.regions)),
        places.heat(),
    )
