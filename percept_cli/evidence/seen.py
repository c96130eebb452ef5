"""All that there is to see of a pair that differs, looked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.distances import Partial, Patch
from percept_cli.evidence.cores import Loudness
from percept_cli.evidence.noise import NoiseFloor
from percept_cli.evidence.places import Peak, Place, Places
from percept_cli.evidence.sight import Sight
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import HeatMap
from percept_cli.topology import stride_of

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
    noise: NoiseFloor | None
    """That of the peak, where it was asked for."""
    regions: Sequence[Place]
    """Of each region of the changes."""
    heat: HeatMap | None
    """None where nothing differs, or the distances have no places."""
    places: Places
    """Where the values of single cells are."""
    loudness: Loudness
    """Where in each region to look for what happened."""


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
    floor = places.noise() if with_noise else None
    colour, granted = places.colour(0.0 if floor is None else floor.colour)
    if floor is not None:
        floor = replace(floor, colour=granted)
    return Seen(
        places.mean,
        places.peak(places.distances) if places.has_places else None,
        colour,
        floor,
        places.regions(changes.labels, len(changes.regions)),
        places.heat(),
        places,
        Loudness(changes.labels, places.distances, places.colours, 0.0 if floor is None else floor.value),
    )


def strongest_place(spec: DistanceSpec, found: Sequence[Mapping[str, Partial]], sight: Sight) -> float | None:
    """What the strongest place comes to, as ``Seen.peak`` has it; only where something was computed is looked at.

    Args:
        spec: the recipe.
        found: what each part of the view contributed.
        sight: the view.

    Returns:
        0 or more; None where no maps were kept, as for distances without places.
    """
    peaks = [_peak_of(spec, part, sight) for part in found if any(one.patches for one in part.values())]
    return max(peaks, default=None)


def _peak_of(spec: DistanceSpec, part: Mapping[str, Partial], sight: Sight) -> float:
    """Of one part, whose core begins and ends with cells: what is in them is in no other part."""
    assert sight.pictures is not None
    tops, lefts, bottoms, rights = [], [], [], []
    strides = {tap: stride_of(spec.record.network, tap) for tap in part}
    for tap, mine in part.items():
        for patch in mine.patches:
            height, width = patch.values.shape
            tops.append(strides[tap] * patch.row)
            lefts.append(strides[tap] * patch.column)
            bottoms.append(strides[tap] * (patch.row + height))
            rights.append(strides[tap] * (patch.column + width))
    top, left = min(tops), min(lefts)
    bottom, right = min(sight.plan.height, max(bottoms)), min(sight.plan.width, max(rights))
    here = {
        tap: replace(mine, patches=tuple(_seen_from(top, left, strides[tap], patch) for patch in mine.patches))
        for tap, mine in part.items()
    }
    reference, candidate = (side.array[top:bottom, left:right] for side in sight.pictures)
    plan = replace(sight.plan, height=bottom - top, width=right - left)
    places = Places(spec, [here], reference, candidate, plan)
    return places.peak(places.distances).value


def _seen_from(top: int, left: int, stride: int, patch: Patch) -> Patch:
    return replace(patch, row=patch.row - top // stride, column=patch.column - left // stride)
