"""Measured regions of a pair → regions of its result: each with its verdict, and with what happened in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.judging.by_noise_file import ByPlace
from percept_cli.judging.gates import Measures, level_of, levels_of
from percept_cli.judging.learned import PLACED
from percept_cli.judging.rules import Rules
from percept_cli.results.found import Level, Region
from percept_cli.results.numbers import total
from percept_cli.results.pair import PairResult
from percept_cli.results.status import RANK

if TYPE_CHECKING:
    from percept_cli.evidence.changes import ChangedRegion, Changes
    from percept_cli.evidence.places import Place
    from percept_cli.evidence.seen import Seen

MOST_REGIONS = 50
"""Regions of a pair that a report holds, the worst first."""


def regions_of(
    seen: Seen, result: PairResult, changes: Changes, rules: Rules, held: ByPlace, measures: Measures
) -> tuple[list[Region], int]:
    """The worst regions of a pair, the worst first, and how many there are.

    What had moved, as far as that is allowed, and is equal otherwise stands at the end.

    Args:
        seen: where the pair differs.
        result: of the pair, for its distance.
        changes: its regions.
        rules: of the pair.
        held: how its gates with places are judged.
        measures: what was measured, for the limits that are automatic.
    """
    regions = [
        (_region(region, place, result, rules, held), number)
        for number, (region, place) in enumerate(zip(changes.regions, seen.regions, strict=True), start=1)
    ]
    regions.sort(key=lambda one: (-RANK[one[0].status], -one[0].peak, -one[0].distance, -one[0].pixels))
    told = _with_kinds(regions[:MOST_REGIONS], seen, changes, measures)
    moved = [
        Region(thing.box, thing.pixels, 0.0, 0.0, 0.0, 0.0, shift=thing.shift, kind="moved", allowed=True)
        for thing in changes.moved
    ]
    return (told + moved)[:MOST_REGIONS], len(regions) + len(moved)


def _region(region: ChangedRegion, place: Place, result: PairResult, rules: Rules, held: ByPlace) -> Region:
    distance = total(list(place.layers.values()))
    statuses = list[Level]()
    for gate in PLACED:
        limits, value = levels_of(gate, rules, held.measures), place.peak if gate == "peak" else place.colour
        if limits is not None:
            statuses.append(held.status_of(gate, region.box) or level_of(value, limits))
    return Region(
        region.box,
        region.pixels,
        distance,
        min(1.0, distance / result.distance) if result.distance else 0.0,
        place.peak,
        place.colour,
        max(statuses, key=RANK.__getitem__, default="pass"),
        place.layers,
        region.shift,
        allowed=region.shift is not None,
    )


def _with_kinds(
    regions: Sequence[tuple[Region, int]], seen: Seen, changes: Changes, measures: Measures
) -> list[Region]:
    """Regions, each with its number among the changes, with what happened in them."""
    from percept_cli.evidence.cores import Suspect
    from percept_cli.evidence.kinds import kinds_of

    suspects = [Suspect(number, region.box, _is_noise(region, measures)) for region, number in regions]
    found = kinds_of(changes.reference.array, changes.candidate.array, suspects, seen.loudness)
    told = []
    for (region, _), change in zip(regions, found, strict=True):
        if not region.allowed:
            told.append(replace(region, kind=change.kind, shift=change.shift))
        elif change.kind == "noise":  # nothing else than the movement
            told.append(replace(region, kind="moved"))
        else:  # a second movement of what was moved back is none that anyone would understand
            told.append(replace(region, kind="detail-changed" if change.kind == "moved" else change.kind))
    return told


def _is_noise(region: Region, measures: Measures) -> bool:
    """Whether a region passes, and would with the automatic limits of its pair."""
    if region.status != "pass" or not measures.by_default:  # other recipes have no limit for what noise does
        return False
    limits = (
        (levels_of("peak", Rules(), measures), region.peak),
        (levels_of("colour", Rules(), measures), region.colour),
    )
    return all(limit is None or level_of(value, limit) == "pass" for limit, value in limits)
