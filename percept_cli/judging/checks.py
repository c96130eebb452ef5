"""Pairs → verdicts by gates: what ``percept check`` adds to measuring."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, PerceptError, SizeMismatch
from percept_cli.evidence.noise import NO_NOISE
from percept_cli.evidence.sight import Sight
from percept_cli.formats.files import read_stamped
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.judging.gates import Measures, judge_gates, level_of, levels_of, verdict_of
from percept_cli.judging.likeness import likeness_of
from percept_cli.judging.rulebook import RuleBook, changed
from percept_cli.judging.rules import OFF, Rules
from percept_cli.judging.threshold import judge
from percept_cli.pairs import Pair
from percept_cli.pairs.held import PairInMemory
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.ladder import Ladder
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import Recipe
from percept_cli.recipes.spec import DistanceSpec, ceiling
from percept_cli.results.found import Evidence, GateName, Region
from percept_cli.results.numbers import total
from percept_cli.results.pair import PairResult
from percept_cli.results.status import RANK
from percept_cli.system.names import counted

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.places import Place

MOST_REGIONS = 50
"""Regions of a pair that a report holds, the worst first."""
_MOST_COLOUR = 300.0  # in sRGB, no two colours are farther apart


class GateJudge:
    """Judges pairs by gates, with what their rules leave out left out; a ``Judge``.

    Args:
        rules: the rules of all pairs, or what says those of a picture by its name.
        ladder: that of the run's preset, which says what distances are like; that of a built-in one is found
            without it.
    """

    keeps_maps, keeps_pictures = True, False

    def __init__(self, rules: Rules | Callable[[str], Rules], ladder: Ladder | None = None) -> None:
        self._ladder = ladder
        self._rules_of_name = (lambda _: rules) if isinstance(rules, Rules) else rules

    def rules_of(self, pair: Pair) -> Rules:
        """What a pair is held to."""
        return self._rules_of_name(pair.name)

    def preset_of(self, pair: Pair) -> str | None:
        """As its rules say."""
        return self.rules_of(pair).preset

    def changes(self, pair: Pair, look: Look, spec: DistanceSpec) -> Changes | None:
        """What differs, with what the rules leave out left out, and what they let move moved back."""
        from percept_cli.evidence.changes import Allowed, changes_that_count

        rules = self.rules_of(pair)
        allowed = Allowed(rules.ignore, rules.mask, rules.max_shift)
        return changes_that_count(look.reference, look.candidate, allowed, spec.pictures)

    def judged(
        self, result: PairResult, pair: Pair, sight: Sight, found: Sequence[Contribution], spec: DistanceSpec
    ) -> PairResult:
        """The result with its gates, and with what was found where."""
        rules, changes = self.rules_of(pair), sight.changes
        pixels = sight.width * sight.height
        if changes is not None and changes.ignored == pixels:
            reason = "nothing was compared: all pixels are ignored"
            return replace(result, status="pass", reason=reason, distance=math.nan, layers=(), notes=())
        if changes is None:
            measures = Measures(0.0, 0.0 if spec.has_places else None, None, 0.0, None, 0, NO_NOISE)
            measures = replace(measures, by_default=has_own_levels(spec), pixels=pixels)
            evidence = Evidence(())
        else:
            measures, evidence = _examined(spec, result, sight, changes, found, rules)
        gates = judge_gates(measures, rules)
        ladder = self._ladder if rules.preset is None else _ladder_of(rules.preset)
        like = likeness_of(result, sight, found, spec, ladder, peak=measures.peak)
        # What is no number is an error already, and stays one.
        status, reason = verdict_of(gates) if result.scored else judge(result.distance, None, "")
        return replace(
            result,
            status=status,
            reason=reason,
            notes=(*result.notes, *_notes(evidence)),
            evidence=replace(evidence, gates=gates),
            like=like,
        )

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:
        """An error; two sizes are what the rules make of them."""
        if not isinstance(error, SizeMismatch) or pair.reference is None or pair.candidate is None:
            return result
        policy = self.rules_of(pair).size_mismatch
        told = {
            "fail": "",
            "warn": "; nothing was compared",
            "pass": ", which is allowed; nothing was compared",
        }
        return _stamped(replace(result, status=policy, reason=f"{error}{told[policy]}"), pair, limits)

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits) -> PairResult:
        """With what identifies the file, and allowed where the rules say so."""
        rules = self.rules_of(pair)
        policy, what = (rules.new, "baseline") if pair.reference is None else (rules.missing, "image")
        told = {"fail": "", "warn": ", which is a warning", "pass": ", which is allowed"}
        reason = f"there is no {what} with this name{told[policy]}"
        result = replace(result, reason=reason, allowed=policy != "fail", warns=policy == "warn")
        return _stamped(result, pair, limits)


def _stamped(result: PairResult, pair: Pair, limits: Limits) -> PairResult:
    """A result with what identifies the pair's files.

    Raises:
        UnreadableImage, UnsupportedImage: if they cannot be read.
    """
    held = pair.held if isinstance(pair, PairInMemory) else (None, None)
    stamps = [
        # What came through a pipe is gone by now.
        None if side is None or there is not None or side.is_fifo() else read_stamped(side, limits)[1]
        for side, there in zip((pair.reference, pair.candidate), held, strict=True)
    ]
    return replace(result, reference_file=stamps[0], candidate_file=stamps[1])


@cache
def has_own_levels(spec: DistanceSpec) -> bool:
    """Whether the gates ``overall`` and ``peak`` have levels of their own for a recipe: the default one."""
    default = load_preset(DEFAULT).spec
    return (spec.backbone, set(spec.layers)) == (default.backbone, set(default.layers))


@cache
def _ladder_of(preset: str) -> Ladder | None:
    return load_preset(preset).ladder


def check_levels(rules: Rules, spec: DistanceSpec) -> None:
    """Refuse levels that nothing could be above, and those of a gate that a recipe does not have.

    Raises:
        InvalidSetting: naming the gate, and the largest value it can have.
    """
    if "peak" in rules.levels and not spec.has_places:
        raise InvalidSetting(
            "the gate peak has no value: no layer of the recipe uses a distance with local values",
            hint="remove its limit, or use --distance unit.",
        )
    most = ceiling(spec)
    highest: dict[GateName, float | None] = {"overall": most, "peak": most, "colour": _MOST_COLOUR}
    for name, levels in rules.levels.items():
        limit = highest.get(name)
        for level in (levels.warn, levels.fail):
            if limit is not None and level not in (None, OFF) and level > limit:
                raise InvalidSetting(
                    f"the limit {level!r} of the gate {name} ({levels.source}) is above the largest possible "
                    f"value, {limit!r}",
                    hint="write off for a gate without a limit.",
                )


def check_book(book: RuleBook, recipe: Recipe) -> list[str]:
    """Refuse rules that no picture could be judged by, and say by which a picture is judged for its colour alone.

    Raises:
        InvalidSetting, UnreadableImage, UnsupportedImage: for a level or a mask, saying which.
    """
    from percept_cli.evidence.masks import check_mask

    notes, of_presets = dict[str, None](), dict[str, None]()
    for override in (None, *book.overrides):
        rules = book.base if override is None else changed(book.base, override.changes)
        spec = recipe.spec if rules.preset is None else load_preset(rules.preset).spec
        if rules.preset is not None:
            of_presets |= dict.fromkeys(load_preset(rules.preset).notes)
        check_levels(rules, spec)
        if rules.mask is not None:  # once, instead of for every picture
            own = override is not None and "mask" in override.changes
            check_mask(rules.mask, f"{override} in {override.source}" if override and own else book.mask_from)
        if not has_own_levels(spec) and not {"overall", "peak"} & rules.levels.keys():
            notes[rules.preset or f"the recipe {recipe.preset.name}, with these options,"] = None
    return [*of_presets] + [
        f"{name} has no limits for overall and peak, so only colour decides; set one with --fail overall=X"
        for name in notes
    ]


def combined(results: Iterable[tuple[PairResult, bool]]) -> Iterator[tuple[PairResult, bool]]:
    """Of neighbouring results of one name, which were compared with several references, the best."""
    for _, group in groupby(results, key=lambda entry: entry[0].name):
        found = list(group)
        # Of equal verdicts, one that was compared; of these the smallest distance.
        number, (best, reused) = min(enumerate(found, start=1), key=lambda entry: _goodness(entry[1][0]))
        if len(found) > 1:
            notes = (*best.notes, f"the best of {len(found)} references")
            best = replace(best, notes=notes, matched=(number, len(found)))
        yield best, reused


def _goodness(result: PairResult) -> tuple[float, ...]:
    return RANK[result.status], not result.compared, result.distance


def _notes(evidence: Evidence) -> Iterator[str]:
    """What was let pass."""
    if evidence.shift is not None:
        yield "the whole image moved by {},{} pixels, which is allowed".format(*evidence.shift)
    moved = sum(region.shift is not None for region in evidence.regions)
    if moved:
        yield f"{counted(moved, 'region')} moved, which is allowed"


def _examined(
    spec: DistanceSpec,
    result: PairResult,
    sight: Sight,
    changes: Changes,
    found: Sequence[Contribution],
    rules: Rules,
) -> tuple[Measures, Evidence]:
    """What was measured of a pair that differs, and where."""
    from percept_cli.evidence.seen import places_of

    own = has_own_levels(spec)
    given = rules.levels.get("peak")
    asks = own and rules.noise == "auto" and (given is None or given.fail is None)
    seen = places_of(spec, found, changes, sight.plan, with_noise=asks)
    measures = Measures(
        result.distance if seen.mean is None else seen.mean,
        None if seen.peak is None else seen.peak.value,
        None if seen.peak is None else seen.peak.at,
        seen.colour.value,
        seen.colour.at,
        changes.pixels,
        seen.noise or NO_NOISE,
        by_default=own,
        pixels=sight.width * sight.height - changes.ignored,
    )
    regions = _regions(seen.regions, result, changes, rules, measures)
    return measures, Evidence(
        (),
        regions=tuple(regions[:MOST_REGIONS]),
        regions_in_all=len(regions),
        changed_pixels=changes.pixels,
        ignored_pixels=changes.ignored,
        shift=changes.shift,
        noise=None if seen.noise is None else seen.noise.value,
        heat=seen.heat,
    )


def _regions(
    found: Sequence[Place], result: PairResult, changes: Changes, rules: Rules, measures: Measures
) -> list[Region]:
    """The regions of a pair, the worst first; those that had moved and are equal otherwise at the end."""
    regions = []
    for region, place in zip(changes.regions, found, strict=True):
        distance = total(list(place.layers.values()))
        levels = (
            (levels_of("peak", rules, measures), place.peak),
            (levels_of("colour", rules, measures), place.colour),
        )
        statuses = [level_of(value, limits) for limits, value in levels if limits is not None]
        regions.append(
            Region(
                region.box,
                region.pixels,
                distance,
                min(1.0, distance / result.distance) if result.distance else 0.0,
                place.peak,
                place.colour,
                max(statuses, key=RANK.__getitem__, default="pass"),
                place.layers,
                region.shift,
            )
        )
    regions.sort(key=lambda region: (-RANK[region.status], -region.peak, -region.distance, -region.pixels))
    moved = [Region(region.box, region.pixels, 0.0, 0.0, 0.0, 0.0, shift=region.shift) for region in changes.moved]
    return regions + moved
