"""Pairs → verdicts by gates: what ``percept check`` adds to measuring."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, PerceptError, SizeMismatch
from percept_cli.evidence.noise import NO_NOISE
from percept_cli.evidence.sight import Sight
from percept_cli.formats.files import read_stamped
from percept_cli.images.limits import Limits
from percept_cli.images.views import Look
from percept_cli.judging.by_noise_file import ByPlace, NoiseFiles, by_place
from percept_cli.judging.gates import AUTO_GATES, Measures, judge_gates, verdict_of
from percept_cli.judging.learned import LearnedImage
from percept_cli.judging.likeness import likeness_of
from percept_cli.judging.noise_file import check_noise_file
from percept_cli.judging.precedence import over
from percept_cli.judging.regions import regions_of
from percept_cli.judging.rulebook import RuleBook
from percept_cli.judging.rules import OFF, Rules
from percept_cli.judging.threshold import judge
from percept_cli.judging.two_sizes import of_two_sizes, told_of_sizes
from percept_cli.pairs import Pair
from percept_cli.pairs.held import PairInMemory
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.ladder import Ladder
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import Recipe
from percept_cli.recipes.spec import DistanceSpec, ceiling
from percept_cli.results.found import Evidence, GateName
from percept_cli.results.pair import PairResult
from percept_cli.system.names import counted

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.fitting import Fitted

_MOST_COLOUR = 300.0  # in sRGB, no two colours are farther apart


class GateJudge:
    """Judges pairs by gates, with what their rules leave out left out; a ``Judge``.

    Args:
        rules: the rules of all pairs, or what says those of a picture by its name.
        ladder: that of the run's preset, which says what distances are like; that of a built-in one is found
            without it.
    """

    keeps_maps, keeps_pictures, fits_sizes = True, False, True

    def __init__(self, rules: Rules | Callable[[str], Rules], ladder: Ladder | None = None) -> None:
        self._ladder = ladder
        self.rules_of_name = (lambda _: rules) if isinstance(rules, Rules) else rules
        """What says the rules of a picture by its name."""
        self.noise_files = NoiseFiles()
        """Those that the rules name."""

    def rules_of(self, pair: Pair) -> Rules:
        """What a pair is held to."""
        return self.rules_of_name(pair.name)

    def ladder_of(self, rules: Rules) -> Ladder | None:
        """What says what the distances of a picture are like."""
        return self._ladder if rules.preset is None else _ladder_of(rules.preset)

    def preset_of(self, pair: Pair) -> str | None:
        """As its rules say."""
        return self.rules_of(pair).preset

    def changes(self, pair: Pair, look: Look, spec: DistanceSpec, fitted: Fitted | None = None) -> Changes | None:
        """What differs, with what the rules leave out left out, and what they let move moved back."""
        from percept_cli.evidence.changes import Allowed, changes_that_count

        rules = self.rules_of(pair)
        allowed = Allowed(rules.ignore, rules.mask, rules.max_shift)
        if fitted is not None:
            from percept_cli.evidence.fitting import changes_of_rest

            return changes_of_rest(look, fitted.fit, allowed, spec.pictures)
        return changes_that_count(look.reference, look.candidate, allowed, spec.pictures)

    def judged(
        self, result: PairResult, pair: Pair, sight: Sight, found: Sequence[Contribution], spec: DistanceSpec
    ) -> PairResult:
        """The result with its gates, and with what was found where."""
        rules, changes = self.rules_of(pair), sight.changes
        pixels = sight.width * sight.height
        entry, stale = None, tuple[str, ...]()
        if sight.fitted is None:  # of two sizes, other cells lie over each other
            entry, stale = self.noise_files.entry_for(result, rules, sight, spec)
        if changes is not None and changes.ignored == pixels:
            if sight.fitted is not None:
                return of_two_sizes(result, None, sight.fitted, rules.size_mismatch)
            reason = "nothing was compared: all pixels are ignored"
            return replace(result, status="pass", reason=reason, distance=math.nan, layers=(), notes=())
        if changes is None:
            measures = Measures(0.0, 0.0 if spec.has_places else None, None, 0.0, None, 0, NO_NOISE)
            measures = replace(measures, by_default=has_own_levels(spec), pixels=pixels)
            evidence, held = Evidence(()), measures
            if entry is not None:
                held = by_place(entry, measures, rules, None, (sight.width, sight.height)).measures
        else:
            measures, held, evidence = _examined(spec, result, sight, changes, found, rules, entry)
        gates = judge_gates(held, rules)
        if sight.fitted is not None:
            of_rest = replace(evidence, gates=gates) if result.scored else None
            return of_two_sizes(result, of_rest, sight.fitted, rules.size_mismatch)
        like = likeness_of(result, sight, found, spec, self.ladder_of(rules), peak=measures.peak)
        # What is no number is an error already, and stays one.
        status, reason = verdict_of(gates) if result.scored else judge(result.distance, None, "")
        told = tuple(_notes(evidence))
        if changes is not None and status in ("warn", "fail"):
            from percept_cli.evidence.fitting import displaced_rows

            told = (*told, *filter(None, [displaced_rows(changes)]))
        return replace(
            result,
            status=status,
            reason=reason,
            notes=(*result.notes, *told, *stale),
            evidence=replace(evidence, gates=gates),
            like=like,
        )

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:
        """An error; two sizes are what the rules make of them."""
        if not isinstance(error, SizeMismatch) or pair.reference is None or pair.candidate is None:
            return result
        policy = self.rules_of(pair).size_mismatch
        nothing = "" if policy == "fail" else "nothing was compared"
        return _stamped(replace(result, status=policy, reason=told_of_sizes(error, policy, nothing)), pair, limits)

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits | None) -> PairResult:
        """With what identifies the file, and allowed where the rules say so."""
        rules = self.rules_of(pair)
        policy, what = (rules.new, "baseline") if pair.reference is None else (rules.missing, "image")
        told = {"fail": "", "warn": ", which is a warning", "pass": ", which is allowed"}
        reason = f"there is no {what} with this name{told[policy]}"
        result = replace(result, reason=reason, allowed=policy != "fail", warns=policy == "warn")
        return result if limits is None else _stamped(result, pair, limits)


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
    if "peak" in rules.limited and not spec.has_places:
        raise InvalidSetting(
            "the gate peak has no value: no layer of the recipe uses a distance with local values",
            hint="remove its limit, or use --distance unit.",
        )
    most = ceiling(spec)
    highest: dict[GateName, float | None] = {"overall": most, "peak": most, "colour": _MOST_COLOUR}
    for name, levels in (*rules.levels.items(), *rules.typed.items()):
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

    notes, of_presets, told = dict[str, None](), dict[str, None](), dict[str, None]()
    for override in (None, *book.overrides):
        rules = book.rules_by(override)
        spec = recipe.spec if rules.preset is None else load_preset(rules.preset).spec
        if rules.preset is not None:
            of_presets |= dict.fromkeys(load_preset(rules.preset).notes)
        check_levels(rules, spec)
        if rules.noise_file is not None:
            own = override is not None and "noise_file" in override.changes
            named_by = f"{override} in {override.source}" if override and own else book.noise_file_from
            told |= dict.fromkeys(check_noise_file(rules.noise_file, spec.fingerprint, named_by))
        if rules.mask is not None:  # once, instead of for every picture
            own = override is not None and "mask" in override.changes
            check_mask(rules.mask, f"{override} in {override.source}" if override and own else book.mask_from)
        if not has_own_levels(spec) and not {"overall", "peak"} & rules.limited:
            notes[rules.preset or f"the recipe {recipe.preset.name}, with these options,"] = None
    return (
        [*of_presets]
        + [
            f"{name} has no limits for overall and peak, so only colour decides; set one with --fail overall=X"
            for name in notes
        ]
        + [*told]
    )


def _notes(evidence: Evidence) -> Iterator[str]:
    """What was let pass."""
    if evidence.shift is not None:
        yield "the whole image moved by {},{} pixels, which is allowed".format(*evidence.shift)
    moved = sum(region.allowed for region in evidence.regions)
    if moved:
        yield f"{counted(moved, 'region')} moved, which is allowed"


def _examined(
    spec: DistanceSpec,
    result: PairResult,
    sight: Sight,
    changes: Changes,
    found: Sequence[Contribution],
    rules: Rules,
    entry: LearnedImage | None,
) -> tuple[Measures, Measures, Evidence]:
    """What was measured of a pair that differs, the same as gates look at it, and where."""
    from percept_cli.evidence.seen import places_of

    own = has_own_levels(spec)
    given = [over(rules.typed.get(gate), rules.levels.get(gate)) for gate in AUTO_GATES]
    adapts = any(levels is None or levels.fail is None for levels in given)
    asks = entry is None and own and rules.noise == "auto" and adapts
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
    held = ByPlace(measures, {})
    if entry is not None:
        held = by_place(entry, measures, rules, seen, (sight.width, sight.height))
    regions, in_all = regions_of(seen, result, changes, rules, held, measures)
    evidence = Evidence(
        (),
        regions=tuple(regions),
        regions_in_all=in_all,
        changed_pixels=changes.pixels,
        ignored_pixels=changes.ignored,
        shift=changes.shift,
        noise=None if seen.noise is None else seen.noise.value,
        heat=seen.heat,
    )
    return measures, held.measures, evidence
