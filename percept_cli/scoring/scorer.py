"""Pairs → results: plan, measure, judge."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from percept_cli.engine.device import check_device_name
from percept_cli.engine.plan import Plan, plan_of_pixels
from percept_cli.errors import ExitCode, PerceptError, SizeMismatch
from percept_cli.evidence.sight import Sight
from percept_cli.images.views import Look, looks
from percept_cli.judging.judge import Judge
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.numbers import total
from percept_cli.results.pair import PairResult, ViewResult
from percept_cli.results.status import Status
from percept_cli.scoring.outcomes import OF_EVERY_PAIR, layer_results, with_views, without_rest, worst_view
from percept_cli.scoring.reading import Reading, References, Stamps, sides_of
from percept_cli.system import libraries
from percept_cli.system.names import posix

if TYPE_CHECKING:
    from percept_cli.engine.measure import Engine
    from percept_cli.engine.plan import Piece
    from percept_cli.engine.transfer import Contribution, Ticket
    from percept_cli.evidence.changes import Changes


@dataclass(frozen=True)
class Part:
    """A piece of the plan for one view of a pair, on its way to the device."""

    reading: Reading
    sight: Sight
    piece: Piece
    keeps_reference: bool
    """Whether the features of its reference are kept for the reference's other candidates."""

    @property
    def key(self) -> Hashable:
        """Of equal keys, a scorer's parts may share a batch: one size, and one reference where it is kept."""
        assert self.sight.pictures is not None
        pixels, plan = self.piece.crop.pixels, self.piece.plan
        extended = (self.sight.width, self.sight.height) if plan.extended else None
        reference = self.sight.pictures[0]
        kept = id(reference) if self.keeps_reference else None
        return pixels.width, pixels.height, reference.deep, extended, kept


Measured = tuple[Sight, "Contribution"]
"""A view of a pair, and what a piece of it contributes."""


class Scorer:
    """Measures pairs by one recipe, and has a judge decide on them.

    torch and the weights are loaded by the first pair that needs them.

    Args:
        spec: the recipe.
        judge: decides on pairs, and says what of them counts.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        max_memory: most bytes of memory to take, on the CPU by the process, on a GPU there; None for what is free
            with some left for others. It moves no number.

    Raises:
        InvalidSetting: for an unknown device name.
    """

    def __init__(
        self,
        spec: DistanceSpec,
        judge: Judge | None = None,
        *,
        device: str = "auto",
        max_memory: int | None = None,
    ) -> None:
        self.spec = spec
        self.judge: Judge = ThresholdJudge() if judge is None else judge
        self.max_memory = max_memory
        self._device = check_device_name(device)

    def with_judge(self, judge: Judge) -> Scorer:
        """The same scorer, with the same network, asking another judge."""
        other = copy(self)
        other.judge = judge
        return other

    def with_spec(self, spec: DistanceSpec) -> Scorer:
        """Another scorer, by another recipe, which is the same in all else."""
        return Scorer(spec, self.judge, device=self._device, max_memory=self.max_memory)

    @property
    def device(self) -> str:
        """Where the network ran, or ``none`` if no pair has needed it."""
        return str(self.engine.device) if "engine" in self.__dict__ else "none"

    @property
    def convolutions(self) -> str | None:
        """What computed convolutions (``Run.engine``), or None if no pair has needed them."""
        if "engine" not in self.__dict__:
            return None
        from percept_cli.engine import compiled

        return compiled.used(str(self.engine.device), self.spec.precision)

    @cached_property
    def engine(self) -> Engine:
        """The network, loaded when it is first asked for.

        Raises:
            DeviceUnavailable, WeightsUnavailable, LibraryUnavailable: if it cannot run.
        """
        libraries.load("torch")
        from percept_cli.engine.measure import Engine

        return Engine(self.spec, self._device, max_memory=self.max_memory, keeps_maps=self.judge.keeps_maps)

    def score(self, pair: Pair, planned: Callable[[Reading], None] | None = None) -> PairResult:
        """Compare two files.

        Args:
            pair: which.
            planned: told what was read and is to be computed, before it is.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch, NotFinite: if they cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        reading = self.read(pair)
        if planned is not None:
            planned(reading)
        start = time.perf_counter()
        try:
            found = self.measure(reading)
        except OF_EVERY_PAIR:
            raise
        except (PerceptError, MemoryError) as error:
            if reading.mismatch is None:
                raise
            raise without_rest(reading.mismatch, error) from None
        return self.finish(reading, found, reading.seconds + time.perf_counter() - start)

    def outcome(self, pair: Pair) -> PairResult:
        """As ``score``; two sizes, or numbers of frames, are what the judge makes of them.

        Raises:
            UnreadableImage, UnsupportedImage, NotFinite: if the files cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        try:
            return self.score(pair)
        except SizeMismatch as error:
            return self.failed(pair, error)

    def measure(self, reading: Reading) -> list[Measured]:
        """What all pieces of a pair that was read contribute; nothing where its pictures are equal.

        Raises:
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        return [
            (sight, contribution)
            for sight in reading.sights
            if sight.plan.crops and sight.pictures is not None
            for contribution in self.engine.measure(sight.pictures, sight.plan)
        ]

    def parts(self, reading: Reading) -> list[Part]:
        """What of a pair has to go through the network, in parts that fit the memory; nothing of equal views.

        Raises:
            DeviceUnavailable, WeightsUnavailable: if the network is needed and cannot run.
            DeviceOutOfMemory: if the memory does not suffice for any part.
        """
        return [part for sight in reading.sights if sight.plan.crops for part in self._parts_of(reading, sight)]

    def _parts_of(self, reading: Reading, sight: Sight) -> list[Part]:
        plan, engine = sight.plan, self.engine
        pieces = engine.pieces(plan)
        # Only where a pair of its own would be run as a whole too: in other pieces, last digits would be others.
        # Of several views each has a reference of its own, and one is kept at a time.
        alone = reading.pair.shared and len(pieces) == len(reading.sights) == 1
        kept = alone and engine.keeps_features(pieces[0])
        return [Part(reading, sight, piece, keeps_reference=kept) for piece in pieces]

    def start(self, parts: Sequence[Part]) -> Ticket:
        """Begin to measure a batch of parts with equal keys.

        Raises:
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        pictures = [part.sight.pictures for part in parts if part.sight.pictures is not None]
        pieces = [part.piece for part in parts]
        return self.engine.submit(pictures, pieces, keeps_reference=parts[0].keeps_reference)

    @libraries.needed()
    def read(self, pair: Pair, references: References | None = None) -> Reading:
        """Read, decode and plan a pair that has both sides.

        Args:
            pair: which files.
            references: where a reference that several pairs share is kept.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch, NotFinite: if they cannot be compared.
            LibraryUnavailable: if a library that reads them cannot be loaded.
        """
        start = time.perf_counter()
        reference, candidate, stamps = sides_of(pair, references, self.spec.pictures)
        found, notes = looks(reference, candidate, self.spec.pictures, two_sizes=self.judge.fits_sizes)
        sights = tuple(self._sights(pair, found))
        return Reading(pair, sights, stamps, time.perf_counter() - start, notes)

    def _sights(self, pair: Pair, found: Iterable[Look]) -> Iterator[Sight]:
        """Plan all views of a pair, with what the judge leaves out left out; of two sizes those of their rest."""
        of_two_sizes = list[Look]()
        for look in found:
            if look.mismatch is None:
                yield self._planned(look, self.judge.changes(pair, look, self.spec))
            else:
                of_two_sizes.append(look)
        if of_two_sizes:
            try:
                yield from self._sights_of_rest(pair, of_two_sizes)
            except OF_EVERY_PAIR:
                raise
            except (PerceptError, MemoryError) as error:
                assert of_two_sizes[0].mismatch is not None
                raise without_rest(of_two_sizes[0].mismatch, error) from None

    def _sights_of_rest(self, pair: Pair, found: Sequence[Look]) -> Iterator[Sight]:
        from percept_cli.evidence.fitting import fitted

        for rest, how in fitted(found):
            sight = self._planned(rest, self.judge.changes(pair, rest, self.spec, how))
            yield replace(sight, fitted=how)

    def _planned(self, look: Look, changes: Changes | None) -> Sight:
        reference, candidate = look.reference, look.candidate if changes is None else changes.candidate
        plan = plan_of_pixels(self.spec, reference.pixels, candidate.pixels, reference.height, reference.width)
        kept = (reference, candidate) if plan.crops or self.judge.keeps_pictures else None
        return Sight(look.view, kept, plan, reference.width, reference.height, changes)

    @libraries.needed()
    def finish(self, reading: Reading, found: Sequence[Measured], seconds: float) -> PairResult:
        """The result of a pair from what all its parts contribute: of several views that of the worst."""
        results = []
        for sight in reading.sights:
            mine = [contribution for one, contribution in found if one is sight]
            results.append(replace(self.result_of(reading, sight, mine, seconds), view=sight.view))
        # A view of which nothing was compared says nothing of the others.
        worst = min([one for one in results if one.compared] or results, key=worst_view)
        if len(results) == 1:
            return replace(worst, notes=(*worst.notes, *reading.notes))
        views = tuple(ViewResult(one.view, one.distance, one.status, one.reason) for one in results)
        return with_views(replace(worst, notes=(*worst.notes, *reading.notes)), views)

    def result_of(
        self, reading: Reading, sight: Sight, found: Sequence[Contribution], seconds: float
    ) -> PairResult:
        """The result of one view of a pair; it is equal if nothing contributes."""
        result = self.of_distances(
            reading.pair,
            plan=sight.plan,
            size=(sight.width, sight.height),
            distances=self.engine.finish(sight.plan, found) if found else [0.0] * len(sight.plan.shapes),
            stamps=reading.stamps,
            seconds=seconds,
        )
        return self.judge.judged(result, reading.pair, sight, found, self.spec)

    def of_distances(
        self,
        pair: Pair,
        *,
        plan: Plan,
        size: tuple[int, int],
        distances: Sequence[float],
        stamps: Stamps,
        seconds: float,
    ) -> PairResult:
        """The result of layer distances, in the order of the spec; its verdict is still to be given."""
        layers = layer_results(self.spec, plan, distances)
        return replace(
            self._bare(pair, "measured", ""),
            width=size[0],
            height=size[1],
            distance=total([layer.contribution for layer in layers]),
            layers=layers,
            seconds=seconds,
            notes=plan.notes,
            reference_file=stamps[0],
            candidate_file=stamps[1],
        )

    def failed(self, pair: Pair, error: PerceptError) -> PairResult:
        """The result of a pair that could not be compared."""
        reason = f"{error}; {error.hint}" if error.hint else str(error)
        result = replace(self._bare(pair, "error", reason), unavailable=error.exit_code == ExitCode.UNAVAILABLE)
        return self.judge.failed(result, pair, error, self.spec.pictures.limits)

    def unmatched(self, pair: Pair, *, reads: bool = True) -> PairResult:
        """The result of a picture without a counterpart, whose file may be read for what identifies it."""
        hint = f"; {pair.hint}" if pair.hint else ""
        if pair.reference is None:
            result = self._bare(pair, "new", f"there is no reference with this name{hint}")
        else:
            result = self._bare(pair, "missing", f"there is no candidate with this name{hint}")
        try:
            return self.judge.unmatched(result, pair, self.spec.pictures.limits if reads else None)
        except PerceptError as error:
            return self.failed(pair, error)

    def _bare(self, pair: Pair, status: Status, reason: str) -> PairResult:
        """A result that says nothing of the pictures but its status."""
        return PairResult(
            name=pair.name,
            reference=None if pair.reference is None else posix(pair.reference),
            candidate=None if pair.candidate is None else posix(pair.candidate),
            width=None,
            height=None,
            status=status,
            reason=reason,
            distance=math.nan,
            threshold=None,
            threshold_source="",
            layers=(),
            seconds=0.0,
            weight=pair.weight,
            extra=pair.extra,
            matched=pair.matched,
            variant=pair.variant,
            position=pair.position,
        )
