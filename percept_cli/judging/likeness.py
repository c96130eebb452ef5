"""A pair's result → what it is like: a distortion of the whole image, or a small change in a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from percept_cli.evidence.sight import Sight
from percept_cli.recipes.ladder import Ladder, place_in_words, stands, whole_in_words
from percept_cli.recipes.presets import ladder_of
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.likeness import Likeness
from percept_cli.results.pair import PairResult

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution

_LEAST_TOLD = 1e-4  # of the image


def likeness_of(
    result: PairResult,
    sight: Sight,
    found: Sequence[Contribution],
    spec: DistanceSpec,
    own: Ladder | None = None,
    *,
    peak: float | None = None,
) -> Likeness | None:
    """What one view of a pair is like; None of equal pictures, of what is no number, and without a ladder.

    A change of less than a quarter of the cells (``engine.plan.LOCAL``) is not likened to a distortion of the
    whole image: the mean over the image says nothing of it. There the strongest place is held to small changes.

    Args:
        result: what was measured.
        sight: the view.
        found: what its parts contributed.
        spec: by which recipe.
        own: the ladder beside the preset, used if it is of this recipe; else the built-in one is, if there is one.
        peak: what the strongest place comes to, where that is known.
    """
    if not result.scored or not result.distance or not sight.plan.changed:
        return None
    ladder = own if own is not None and own.belongs_to(spec) else ladder_of(spec)
    if ladder is None:
        return None
    share = sight.plan.changed_share
    if not sight.plan.is_local:
        step = stands(ladder.whole, result.distance)
        return Likeness("whole", whole_in_words(step), share, result.distance, step.steps)
    if peak is None and ladder.place:
        from percept_cli.evidence.seen import strongest_place

        peak = strongest_place(spec, found, sight)
    of_image = f"touches {_percent(share)} of the image"
    if peak is None or not ladder.place:
        return Likeness("place", of_image, share, peak)
    step = stands(ladder.place, peak)
    return Likeness("place", f"{of_image}; at its strongest {place_in_words(step)}", share, peak, step.steps)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= _LEAST_TOLD else f"less than {100 * _LEAST_TOLD:g} %"
