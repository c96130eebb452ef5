"""What the numbers of a pair come to: its layers, and the worst of its views."""

from __future__ import annotations

import math
from dataclasses import replace

from percept_cli.engine.plan import plan_pair
from percept_cli.geometry import View
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.pair import ViewResult
from percept_cli.scoring.outcomes import layer_results, with_views
from tests.support.runs import PAIR

SPEC = DistanceSpec((LayerSpec("relu1_2", "unit", 2.0), LayerSpec("relu2_2", "unit", 0.0)))


def test_a_weight_of_0_silences_a_layer_of_which_nobody_knows_the_distance() -> None:
    first, second = layer_results(SPEC, plan_pair(SPEC, height=32, width=48), [0.25, math.nan])
    assert (first.contribution, first.share, first.height, first.width) == (0.5, 1.0, 32, 48)
    assert (second.contribution, second.share) == (0.0, 0.0)
    assert math.isnan(second.distance)


def test_views_are_told_with_their_mean_unless_nothing_differs() -> None:
    views = tuple(
        ViewResult(View(ground=ground), value, "measured", "")
        for ground, value in (("black", 0.5), ("white", 0.1))
    )
    worst = replace(PAIR, distance=0.5, view=views[0].view)
    assert with_views(worst, views).notes[-1] == "the worst of 2 views: on black (mean distance 0.3)"
    assert with_views(replace(worst, distance=0.0), views).notes == worst.notes
    assert with_views(worst, views).views == views
