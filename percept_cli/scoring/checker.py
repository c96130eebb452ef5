"""Pairs → verdicts by gates: what ``percept check`` adds to scoring."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from percept_cli.engine.plan import plan_of_pixels
from percept_cli.errors import InvalidSetting, PerceptError, SizeMismatch
from percept_cli.formats.files import read_stamped
from percept_cli.geometry import Box, FileStamp
from percept_cli.images.kept import same
from percept_cli.images.limits import Limits
from percept_cli.images.policy import PictureSettings
from percept_cli.images.views import Look
from percept_cli.judging.gates import Measures, judge_gates, level_of, levels_of, verdict_of
from percept_cli.judging.rulebook import changed, from_arguments
from percept_cli.judging.rules import OFF, Noise, Rules
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import RENDER, customise, load_preset
from percept_cli.recipes.spec import DistanceSpec, ceiling
from percept_cli.results.found import Evidence, GateName, Region
from percept_cli.results.run import SEVERITY, PairResult, total
from percept_cli.scoring.reading import PairInMemory, Reading, Sight, pair_of
from percept_cli.scoring.scorer import Measured, Part, Scorer
from percept_cli.system import libraries
from percept_cli.system.machine import parse_size
from percept_cli.system.names import counted

if TYPE_CHECKING:
    from percept_cli.engine.measure import Contribution, Ticket
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.places import Places
    from percept_cli.formats.memory import PictureLike

DEFAULT_RULES = Rules()
MOST_REGIONS = 50
"""Regions of a pair that a report holds, the worst first."""
_MOST_COLOUR = 300.0  # in sRGB, no two colours are farther apart


class Checker(Scorer):
    """Scores pairs and judges them by gates.

    Args:
        spec: the recipe of pairs whose rules name no other.
        rules: the rules of pairs that have none.
        device: as ``Scorer``.
        max_memory: as ``Scorer``.

    Raises:
        InvalidSetting: for an unknown device, or a level above the largest possible value.
    """

    keeps_maps = True

    def __init__(
        self,
        spec: DistanceSpec,
        *,
        rules: Rules = DEFAULT_RULES,
        device: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        super().__init__(spec, device=device, max_memory=max_memory)
        check_levels(rules, spec)
        self._rules = rules
        self._preset: str | None = None
        self._others: dict[str, Checker] = {}  # by preset

    def sight(self, pair: Pair, look: Look) -> Sight:
        """As ``Scorer.sight``, with what the rules leave out left out."""
        from percept_cli.evidence.changes import check_boxes, find_changes, pixels_left_out
        from percept_cli.evidence.masks import read_mask

        rules, reference, candidate = self._rules_of(pair), look.reference, look.candidate
        width, height = reference.width, reference.height
        sizing = self.spec.pictures.sizing
        check_boxes(rules.ignore, width, height, sizing)  # of equal pictures too: they will not always be
        mask = None if rules.mask is None else read_mask(rules.mask, width, height, sizing)
        changes = None
        left_out = pixels_left_out(rules.ignore, mask, width, height)
        if left_out is not None or not same(reference.pixels, candidate.pixels):
            changes = find_changes(reference, candidate, mask=left_out, max_shift=rules.max_shift)
            candidate = changes.candidate
        plan = plan_of_pixels(self._for(pair).spec, reference.pixels, candidate.pixels, height, width)
        pictures = (reference, candidate) if plan.crops else None
        return Sight(look.view, pictures, plan, width, height, changes)

    def score(self, pair: Pair) -> PairResult:
        """As ``Scorer.score``; two sizes, or numbers of frames, are what the rules make of them.

        Raises:
            UnreadableImage, UnsupportedImage, NotFinite: if the files cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        try:
            return super().score(pair)
        except SizeMismatch as error:
            return self.failed(pair, error)

    def parts(self, reading: Reading) -> list[Part]:
        """As ``Scorer.parts``."""
        mine = self._for(reading.pair)
        return super().parts(reading) if mine is self else mine.parts(reading)

    def start(self, parts: Sequence[Part]) -> Ticket:
        """As ``Scorer.start``; the parts of a batch have one recipe."""
        mine = self._for(parts[0].reading.pair)
        return super().start(parts) if mine is self else mine.start(parts)

    def finish(self, reading: Reading, found: Sequence[Measured], seconds: float) -> PairResult:
        """As ``Scorer.finish``; a view's verdict is that of its gates."""
        mine = self._for(reading.pair)
        if mine is self:
            return super().finish(reading, found, seconds)
        result = mine.finish(reading, found, seconds)
        note = (
            f"by preset {reading.pair.rules.preset}: not comparable with the others" if reading.pair.rules else ""
        )
        return replace(result, fingerprint=mine.spec.fingerprint, notes=(*result.notes, note))

    def result_of(
        self, reading: Reading, sight: Sight, found: Sequence[Contribution], seconds: float
    ) -> PairResult:
        """The result of one view of a pair: the distance, and the gates' verdict."""
        if sight.changes is not None and sight.changes.ignored == sight.width * sight.height:
            return replace(
                self.bare(reading.pair, "pass", "nothing was compared: all pixels are left out"),
                width=sight.width,
                height=sight.height,
                seconds=seconds,
                reference_file=reading.stamps[0],
                candidate_file=reading.stamps[1],
            )
        result = super().result_of(reading, sight, found, seconds)
        return self._judged(result, reading.pair, sight, found)

    def failed(self, pair: Pair, error: PerceptError) -> PairResult:
        """As ``Scorer.failed``; two sizes are what the rules make of them."""
        if not isinstance(error, SizeMismatch) or pair.reference is None or pair.candidate is None:
            return super().failed(pair, error)
        policy = self._rules_of(pair).size_mismatch
        allowed = "" if policy == "fail" else ", which is allowed; nothing was compared"
        result = self.bare(pair, policy, f"{error}{allowed}")
        held = pair.held if isinstance(pair, PairInMemory) else (None, None)
        stamps = [
            # A pipe is empty by now.
            None if there is not None or side.is_fifo() else _stamp_of(side, self.spec.pictures.limits)
            for side, there in zip((pair.reference, pair.candidate), held, strict=True)
        ]
        return replace(result, reference_file=stamps[0], candidate_file=stamps[1])

    def unmatched(self, pair: Pair) -> PairResult:
        """As ``Scorer.unmatched``, with what identifies the file, and allowed where the rules say so."""
        rules, result = self._rules_of(pair), super().unmatched(pair)
        try:
            limits = self.spec.pictures.limits
            stamps = [
                None if side is None else _stamp_of(side, limits) for side in (pair.reference, pair.candidate)
            ]
        except PerceptError as error:
            return self.failed(pair, error)
        policy = rules.new if pair.reference is None else rules.missing
        reason = result.reason if policy == "fail" else f"{result.reason}, which is allowed"
        return replace(
            result,
            reason=reason,
            allowed=policy != "fail",
            reference_file=stamps[0],
            candidate_file=stamps[1],
        )

    def _rules_of(self, pair: Pair) -> Rules:
        return self._rules if pair.rules is None else pair.rules

    def _for(self, pair: Pair) -> Checker:
        preset = self._rules_of(pair).preset
        if preset is None or preset == self._preset:
            return self
        if preset not in self._others:
            # How pictures are read is the run's, not a preset's: they are read before it is known whose they are.
            spec = replace(load_preset(preset).spec, pictures=self.spec.pictures)
            other = Checker(spec, device=self._device, max_memory=self.max_memory)
            other._preset = preset
            self._others[preset] = other
        return self._others[preset]

    def _judged(self, result: PairResult, pair: Pair, sight: Sight, found: Sequence[Contribution]) -> PairResult:
        rules, changes = self._rules_of(pair), sight.changes
        if changes is None:
            measures = Measures(0.0, 0.0 if self.spec.has_places else None, None, 0.0, None, 0, 0.0)
            measures = replace(measures, by_render=has_own_levels(self.spec), pixels=sight.width * sight.height)
            evidence = Evidence(())
        else:
            measures, evidence = _examined(self.spec, result, sight, changes, found, rules)
        gates = judge_gates(measures, rules)
        # What is no number is an error already, and stays one.
        status, reason = verdict_of(gates) if result.scored else (result.status, result.reason)
        return replace(
            result,
            status=status,
            reason=reason,
            notes=(*result.notes, *_notes(evidence)),
            evidence=replace(evidence, gates=gates),
        )


@cache
def has_own_levels(spec: DistanceSpec) -> bool:
    """Whether the gates ``distance`` and ``peak`` have levels of their own for a recipe: that of ``render``."""
    render = load_preset(RENDER).spec
    return (spec.backbone, set(spec.layers)) == (render.backbone, set(render.layers))


def check_levels(rules: Rules, spec: DistanceSpec) -> None:
    """Refuse levels that nothing could be above, and those of a gate that a recipe does not have.

    Raises:
        InvalidSetting: naming the gate, and the largest value it can have.
    """
    if "peak" in rules.levels and not spec.has_places:
        raise InvalidSetting(
            "the gate peak has no value, since no layer of the recipe has a distance with places",
            hint="leave its level out, or use --distance unit.",
        )
    most = ceiling(spec)
    highest: dict[GateName, float | None] = {"distance": most, "peak": most, "colour": _MOST_COLOUR}
    for name, levels in rules.levels.items():
        limit = highest.get(name)
        for level in (levels.warn, levels.fail):
            if limit is not None and level not in (None, OFF) and level > limit:
                raise InvalidSetting(
                    f"the level {level!r} of the gate {name} ({levels.source}) is above the largest possible "
                    f"value, {limit!r}",
                    hint="write off for a gate that lets everything pass.",
                )


def combined(results: Iterable[tuple[PairResult, bool]]) -> Iterator[tuple[PairResult, bool]]:
    """Of neighbouring results of one name, which were compared with several references, the best."""
    for _, group in groupby(results, key=lambda entry: entry[0].name):
        found = list(group)
        # Of equal verdicts, one that was compared; of these the smallest distance.
        best, reused = min(
            found, key=lambda entry: (SEVERITY[entry[0].status], not entry[0].compared, entry[0].distance)
        )
        if len(found) > 1:
            best = replace(best, notes=(*best.notes, f"the best of {len(found)} references"))
        yield best, reused


def _notes(evidence: Evidence) -> Iterator[str]:
    """What was let pass."""
    if evidence.shift is not None:
        yield "it had moved by {},{} pixels as a whole, which is allowed".format(*evidence.shift)
    moved = sum(region.shift is not None for region in evidence.regions)
    if moved:
        yield f"{counted(moved, 'region')} of it had moved, which is allowed"


def _examined(
    spec: DistanceSpec,
    result: PairResult,
    sight: Sight,
    changes: Changes,
    found: Sequence[Contribution],
    rules: Rules,
) -> tuple[Measures, Evidence]:
    """What was measured of a pair that differs, and where."""
    from percept_cli.evidence.places import Places

    patches = {tap: [patch for part in found if tap in part for patch in part[tap].patches] for tap in spec.taps}
    first, second = changes.reference.array, changes.candidate.array
    places = Places(spec, patches, first, second, sight.plan)
    peak, colour = places.peak(places.distances), places.colour()
    own = has_own_levels(spec)
    given = rules.levels.get("peak")
    noise = places.noise() if own and rules.noise == "auto" and (given is None or given.fail is None) else None
    measures = Measures(
        result.distance if places.mean is None else places.mean,
        peak.value if places.has_places else None,
        peak.at,
        colour.value,
        colour.at,
        changes.pixels,
        noise or 0.0,
        by_render=own,
        pixels=sight.width * sight.height - changes.ignored,
    )
    regions = _regions(places, result, changes, rules, measures)
    return measures, Evidence(
        (),
        regions=tuple(regions[:MOST_REGIONS]),
        regions_in_all=len(regions),
        changed_pixels=changes.pixels,
        ignored_pixels=changes.ignored,
        shift=changes.shift,
        noise=noise,
        heat=places.heat(),
    )


def _regions(
    places: Places, result: PairResult, changes: Changes, rules: Rules, measures: Measures
) -> list[Region]:
    """The regions of a pair, the worst first; those that had moved and are equal otherwise at the end."""
    found = places.regions(changes.labels, len(changes.regions))
    regions = []
    for region, (peak, colour, layers) in zip(changes.regions, found, strict=True):
        distance = total(list(layers.values()))
        levels = (levels_of("peak", rules, measures), peak), (levels_of("colour", rules, measures), colour)
        statuses = [level_of(value, limits) for limits, value in levels if limits is not None]
        regions.append(
            Region(
                region.box,
                region.pixels,
                distance,
                min(1.0, distance / result.distance) if result.distance else 0.0,
                peak,
                colour,
                max(statuses, key=SEVERITY.__getitem__, default="pass"),
                layers,
                region.shift,
            )
        )
    regions.sort(key=lambda region: (-SEVERITY[region.status], -region.peak, -region.distance, -region.pixels))
    moved = [Region(region.box, region.pixels, 0.0, 0.0, 0.0, 0.0, shift=region.shift) for region in changes.moved]
    return regions + moved


def _stamp_of(path: Path, limits: Limits) -> FileStamp:
    return read_stamped(path, limits)[1]


@libraries.needed()
def check(
    reference: PictureLike,
    candidate: PictureLike,
    *,
    preset: str | os.PathLike[str] = RENDER,
    noise: Noise = "auto",
    fail: Mapping[str, float | str] | None = None,
    warn: Mapping[str, float | str] | None = None,
    ignore: Sequence[Box | str | Sequence[int]] = (),
    mask: str | os.PathLike[str] | None = None,
    max_shift: int = 0,
    device: str = "auto",
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> PairResult:
    """Hold a picture to its baseline, as ``percept check`` does.

    Args:
        reference: the baseline: a file's path, or a picture in memory as ``compare`` takes it.
        candidate: the picture, likewise.
        preset: the recipe: a built-in name, or a path that ends in ``.toml``.
        noise: how much rendering alone may change: ``auto``, ``same-machine`` or ``cross-machine``.
        fail: gate → the largest value that does not fail, instead of the gate's own level, or ``"off"``. Gates are
            ``distance``, ``peak``, ``colour`` (in ΔE) and ``changed-pixels``, whose level may be ``"1%"`` of the
            pixels that are not left out.
        warn: gate → the largest value that does not warn.
        ignore: rectangles x, y, width, height, in pixels, that are left out.
        mask: a picture as large as the two; where it is black, pixels are left out.
        max_shift: most pixels by which the picture, or a region of it, may have moved.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: most bytes of memory to take, as a number or as ``"2GB"``; None for what is free.
        backbone: name of the weights to use instead of the preset's, as for ``compare``.
        pictures: how pictures are read and brought together, as for ``compare``.

    Returns:
        The result: ``status`` is ``pass``, ``warn`` or ``fail``, and ``evidence`` says why and where. Pictures of
        two sizes, or with other numbers of frames, fail, and have no evidence.

    Raises:
        PerceptError: whatever is wrong, as one of its subclasses.
    """
    given = from_arguments(noise=noise, fail=fail, warn=warn, ignore=ignore, mask=mask, max_shift=max_shift)
    rules = changed(Rules(), given)
    spec = customise(load_preset(os.fspath(preset)), backbone=backbone, pictures=pictures)
    checker = _checker(spec, device, max_memory)
    check_levels(rules, checker.spec)
    return checker.score(replace(pair_of(reference, candidate, checker.spec.pictures), rules=rules))


@lru_cache(maxsize=2)
def _checker(spec: DistanceSpec, device: str, max_memory: int | str | None) -> Checker:
    # Kept, so that a test suite of many pictures loads torch and the weights once.
    return Checker(spec, device=device, max_memory=None if max_memory is None else parse_size(max_memory))
