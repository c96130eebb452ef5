"""What the numbers of a pair come to, as plain results: its layers, and the worst of its views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from percept_cli.engine.plan import Plan
from percept_cli.errors import DeviceUnavailable, LibraryUnavailable, SizeMismatch, WeightsUnavailable
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.numbers import total
from percept_cli.results.pair import LayerResult, PairResult, ViewResult, worst_first

OF_EVERY_PAIR = (DeviceUnavailable, WeightsUnavailable, LibraryUnavailable)
"""What would befall all pairs is raised; any other error is that of its pair."""


def without_rest(mismatch: SizeMismatch, error: Exception) -> SizeMismatch:
    """What is told of two sizes where something keeps the rest of both pictures from being compared."""
    why = str(error) or "not enough memory"
    return SizeMismatch(f"{mismatch}; what both have was not compared: {why}", hint=mismatch.hint)


def worst_view(one: PairResult) -> tuple[float, ...]:
    """What sorts the worst of a pair's views first; those of two sizes, which have no distance, by their rest."""
    excess = max((gate.excess for gate in one.evidence.limited), default=0.0) if one.evidence else 0.0
    return *worst_first(one), 0.0 if one.compared else -excess


def with_views(worst: PairResult, views: tuple[ViewResult, ...]) -> PairResult:
    """The result of the worst of several views, with all of them, and with what they come to in words."""
    if not worst.distance or not worst.compared:
        return replace(worst, views=views)
    compared = [view.distance for view in views if view.status != "pass" or math.isfinite(view.distance)]
    mean = total([distance / len(compared) for distance in compared])
    note = f"the worst of {len(views)} views: {worst.view} (mean distance {mean:.6g})"
    return replace(worst, views=views, notes=(*worst.notes, note))


def layer_results(spec: DistanceSpec, plan: Plan, distances: Sequence[float]) -> tuple[LayerResult, ...]:
    """What each layer says of a pair, in the order of the spec."""
    # A weight of 0 silences a layer altogether, even one whose distance is not finite.
    contributions = [
        layer.weight * distance if layer.weight else 0.0
        for layer, distance in zip(spec.layers, distances, strict=True)
    ]
    distance = total(contributions)
    return tuple(
        LayerResult(
            name=layer.tap,
            channels=shape[0],
            height=shape[1],
            width=shape[2],
            distance=layer_distance,
            weight=layer.weight,
            contribution=contribution,
            share=contribution / distance if distance else 0.0,
        )
        for layer, shape, layer_distance, contribution in zip(
            spec.layers, plan.shapes, distances, contributions, strict=True
        )
    )
