"""Two pictures → where they differ, as maps: what ``percept heatmap`` draws."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from percept_cli.errors import UnusablePair
from percept_cli.evidence.sight import Sight
from percept_cli.images.picture import Picture
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.recipes.spec import ceiling
from percept_cli.results.found import HeatMap, nothing_differs
from percept_cli.results.pair import PairResult
from percept_cli.scoring.reading import Reading
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.names import printable

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.places import Places

FINEST = 2048
"""Values along the longer side of a map, at most: one per pixel up to full HD."""


@dataclass(frozen=True)
class Maps:
    """The maps of one pair."""

    reference: Picture
    candidate: Picture
    heat: HeatMap
    """The weighted sum over the layers."""
    layers: Mapping[str, HeatMap]
    """Tap name → its part of that sum, all to one top."""
    result: PairResult
    """What ``percept compare`` says of the pair by this recipe."""

    @property
    def differs(self) -> bool:
        """Whether any place of the map is above 0."""
        return any(self.heat.values)


class Mapper:
    """Finds where the pictures of pairs differ, one pair at a time.

    Args:
        scorer: says by what recipe, and where.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.spec = scorer.spec
        self.scorer = scorer.with_judge(ThresholdJudge(keeps_maps=True, keeps_pictures=True))

    def maps(self, reading: Reading) -> Maps:
        """The maps of a pair that was read; of several views those of the worst.

        Raises:
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
            UnusablePair: if the arithmetic overflowed.
        """
        start = time.perf_counter()
        found = self.scorer.measure(reading)
        result = self.scorer.finish(reading, found, reading.seconds + time.perf_counter() - start)
        if not result.scored:
            raise UnusablePair(f"{printable(result.name)}: {result.reason}", hint="use --precision fp32.")
        sight = next(one for one in reading.sights if one.view == result.view)
        mine = [contribution for one, contribution in found if one is sight]
        taps = [layer.tap for layer in self.spec.layers if layer.weight]
        heat, layers = None, dict[str, HeatMap | None]()
        if mine:
            places = self._places(sight, mine)
            heat = places.heat(side=FINEST)
            layers = {tap: places.heat(tap, side=FINEST) for tap in taps}
            top = self._top_of_layers([one for one in layers.values() if one is not None])
            layers = {tap: one and places.heat(tap, side=FINEST, top=top) for tap, one in layers.items()}
        else:
            top = self._top_of_layers([])
            layers = dict.fromkeys(taps)
        nothing = nothing_differs(sight.width, sight.height, ceiling(self.spec) or 1.0)
        assert sight.pictures is not None
        return Maps(
            *sight.pictures,
            heat or nothing,
            {tap: one or replace(nothing, top=top) for tap, one in layers.items()},
            result,
        )

    def _places(self, sight: Sight, found: Sequence[Contribution]) -> Places:
        from percept_cli.evidence.places import Places

        assert sight.pictures is not None
        reference, candidate = sight.pictures
        return Places(self.spec, found, reference.array, candidate.array, sight.plan)

    def _top_of_layers(self, found: Sequence[HeatMap]) -> float:
        """The end of the scale on which the layers are compared: the largest of their own."""
        alone = [ceiling(replace(self.spec, layers=(layer,))) for layer in self.spec.layers if layer.weight]
        bounded = [top for top in alone if top is not None]
        return max([*bounded, *(heat.top for heat in found)], default=1.0)
