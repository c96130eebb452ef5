"""Pairs → results: plan, measure, judge."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Unpack

from percept_cli.engine.device import check_device_name
from percept_cli.engine.plan import Plan, plan_of_pixels
from percept_cli.errors import ExitCode, PerceptError
from percept_cli.images.picture import Picture
from percept_cli.images.policy import PictureSettings
from percept_cli.images.views import Look
from percept_cli.judging.threshold import judge
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import DEFAULT, check_threshold, customise, load_preset
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.run import LayerResult, PairResult, Status, ViewResult, total, worst_first
from percept_cli.scoring.reading import Reading, References, Sight, Stamps, looks_of, pair_of
from percept_cli.system import libraries
from percept_cli.system.machine import parse_size
from percept_cli.system.names import posix

if TYPE_CHECKING:
    from percept_cli.engine.measure import Contribution, Engine, Features, Piece, Ticket
    from percept_cli.formats.memory import PictureLike


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
        """Parts of equal keys may share a batch: of one size and recipe, and one reference where it is kept."""
        assert self.sight.pictures is not None
        pixels, plan = self.piece.crop.pixels, self.piece.plan
        extended = (self.sight.width, self.sight.height) if plan.extended else None
        reference = self.sight.pictures[0]
        kept = id(reference) if self.keeps_reference else None
        rules = self.reading.pair.rules
        preset = None if rules is None else rules.preset
        return pixels.width, pixels.height, reference.deep, extended, kept, preset


Measured = tuple[Part, "Contribution"]
"""A part, and what it contributes."""


class Scorer:
    """Scores pairs of files by one recipe. torch and the weights are loaded by the first pair that needs them.

    Args:
        spec: the recipe.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        threshold: the largest distance that passes, or None; a pair's own threshold is above it.
        threshold_source: where the threshold came from, in words.
        max_memory: most bytes of memory to take, on the CPU by the process, on a GPU there; None for what is free
            with some left for others. It moves no number.

    Raises:
        InvalidSetting: for an unknown device name, or a threshold that is negative or not finite.
    """

    keeps_maps: ClassVar[bool] = False
    """Whether the distance of every position is kept until a pair is finished."""

    def __init__(
        self,
        spec: DistanceSpec,
        *,
        device: str = "auto",
        threshold: float | None = None,
        threshold_source: str = "",
        max_memory: int | None = None,
    ) -> None:
        self.spec = spec
        self.max_memory = max_memory
        self._device = check_device_name(device)
        self.threshold = None if threshold is None else check_threshold(threshold)
        self.threshold_source = threshold_source
        self._kept: tuple[Picture, Features] | None = None

    @property
    def device(self) -> str:
        """Where the network ran, or ``none`` if no pair has needed it."""
        return str(self.engine.device) if "engine" in self.__dict__ else "none"

    @cached_property
    def engine(self) -> Engine:
        """The network, loaded when it is first asked for.

        Raises:
            DeviceUnavailable, WeightsUnavailable, LibraryUnavailable: if it cannot run.
        """
        libraries.load("torch")
        from percept_cli.engine.measure import Engine

        return Engine(self.spec, self._device, max_memory=self.max_memory, keeps_maps=self.keeps_maps)

    def score(self, pair: Pair) -> PairResult:
        """Compare two files.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch, NotFinite: if they cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        return self.measure(self.read(pair))

    def measure(self, reading: Reading) -> PairResult:
        """The result of a pair that was read.

        Raises:
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        start = time.perf_counter()
        found = [(part, self.start([part]).result()[0]) for part in self.parts(reading)]
        return self.finish(reading, found, reading.seconds + time.perf_counter() - start)

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
        if reading.pair.shared and len(pieces) == len(reading.sights) == 1:
            from percept_cli.engine.measure import everything

            if pieces[0] == everything(plan) and engine.keeps_features(pieces[0]):
                return [Part(reading, sight, pieces[0], keeps_reference=True)]
        return [Part(reading, sight, piece, keeps_reference=False) for piece in pieces]

    def start(self, parts: Sequence[Part]) -> Ticket:
        """Begin to measure a batch of parts with equal keys.

        Raises:
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        from percept_cli.engine.tensors import to_batch

        pieces = [part.piece for part in parts]
        pictures = [part.sight.pictures for part in parts if part.sight.pictures is not None]
        references, candidates = ([pair[side] for pair in pictures] for side in (0, 1))
        if parts[0].keeps_reference:
            if self._kept is None or self._kept[0] is not references[0]:
                self._kept = None  # first, so that the memory of the one before is free
                self._kept = references[0], self.engine.features(to_batch(references[:1]), pieces[0])
            return self.engine.start_against(self._kept[1], to_batch(candidates), pieces)
        if not parts[0].reading.pair.shared:
            self._kept = None
        # An extended plan sees more than there is.
        crops = None if pieces[0].plan.extended else [piece.crop.pixels for piece in pieces] * 2
        return self.engine.start(to_batch(references + candidates, crops), pieces)

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
        found, notes, stamps = looks_of(pair, references, self.spec.pictures)
        sights = tuple(self.sight(pair, look) for look in found)
        return Reading(pair, sights, stamps, time.perf_counter() - start, notes)

    def sight(self, pair: Pair, look: Look) -> Sight:  # noqa: ARG002 - of each pair the same, here
        """A view of a pair, planned."""
        first, second = look.reference, look.candidate
        plan = plan_of_pixels(self.spec, first.pixels, second.pixels, first.height, first.width)
        return Sight(look.view, (first, second) if plan.crops else None, plan, first.width, first.height)

    @libraries.needed()
    def finish(self, reading: Reading, found: Sequence[Measured], seconds: float) -> PairResult:
        """The result of a pair from what all its parts contribute: of several views that of the worst."""
        results = []
        for sight in reading.sights:
            mine = [contribution for part, contribution in found if part.sight is sight]
            results.append(replace(self.result_of(reading, sight, mine, seconds), view=sight.view))
        # A view of which nothing was compared says nothing of the others.
        worst = min([one for one in results if one.compared] or results, key=worst_first)
        if len(results) == 1:
            return replace(worst, notes=(*worst.notes, *reading.notes))
        views = tuple(ViewResult(one.view, one.distance, one.status, one.reason) for one in results)
        return with_views(replace(worst, notes=(*worst.notes, *reading.notes)), views)

    def result_of(
        self, reading: Reading, sight: Sight, found: Sequence[Contribution], seconds: float
    ) -> PairResult:
        """The result of one view of a pair; it is equal if nothing contributes."""
        return self.judge(
            reading.pair,
            plan=sight.plan,
            size=(sight.width, sight.height),
            distances=self.engine.finish(sight.plan, found) if found else [0.0] * len(sight.plan.shapes),
            stamps=reading.stamps,
            seconds=seconds,
        )

    def judge(
        self,
        pair: Pair,
        *,
        plan: Plan,
        size: tuple[int, int],
        distances: Sequence[float],
        stamps: Stamps,
        seconds: float,
    ) -> PairResult:
        """The result of layer distances, in the order of the spec, that are known already."""
        layers = _layer_results(self.spec, plan, distances)
        distance = total([layer.contribution for layer in layers])
        threshold, source = self._threshold_of(pair)
        status, reason = judge(distance, threshold, source)
        return replace(
            self.bare(pair, status, reason),
            width=size[0],
            height=size[1],
            distance=distance,
            layers=layers,
            seconds=seconds,
            notes=plan.notes,
            reference_file=stamps[0],
            candidate_file=stamps[1],
        )

    def failed(self, pair: Pair, error: PerceptError) -> PairResult:
        """The result of a pair that could not be compared."""
        result = self.bare(pair, "error", f"{error}; {error.hint}" if error.hint else str(error))
        return replace(result, unavailable=error.exit_code == ExitCode.UNAVAILABLE)

    def unmatched(self, pair: Pair) -> PairResult:
        """The result of a picture without a counterpart."""
        hint = f"; {pair.hint}" if pair.hint else ""
        if pair.reference is None:
            return self.bare(pair, "new", f"there is no reference of this name{hint}")
        return self.bare(pair, "missing", f"there is no candidate of this name{hint}")

    def _threshold_of(self, pair: Pair) -> tuple[float | None, str]:
        if pair.threshold is not None:
            return pair.threshold, pair.threshold_source
        return self.threshold, self.threshold_source

    def bare(self, pair: Pair, status: Status, reason: str) -> PairResult:
        """A result that says nothing of the pictures but its status."""
        threshold, source = self._threshold_of(pair)
        return PairResult(
            name=pair.name,
            reference=None if pair.reference is None else posix(pair.reference),
            candidate=None if pair.candidate is None else posix(pair.candidate),
            width=None,
            height=None,
            status=status,
            reason=reason,
            distance=math.nan,
            threshold=threshold,
            threshold_source=source,
            layers=(),
            seconds=0.0,
            weight=pair.weight,
            extra=pair.extra,
        )


def with_views(worst: PairResult, views: tuple[ViewResult, ...]) -> PairResult:
    """The result of the worst of several views, with all of them, and with what they come to in words."""
    if not worst.distance or not worst.compared:
        return replace(worst, views=views)
    compared = [view.distance for view in views if view.status != "pass" or math.isfinite(view.distance)]
    mean = total([distance / len(compared) for distance in compared])
    note = f"the worst of {len(views)} views: {worst.view} (mean distance {mean:.6g})"
    return replace(worst, views=views, notes=(*worst.notes, note))


def _layer_results(spec: DistanceSpec, plan: Plan, distances: Sequence[float]) -> tuple[LayerResult, ...]:
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


@libraries.needed()
def compare(
    reference: PictureLike,
    candidate: PictureLike,
    *,
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> PairResult:
    """Compare two pictures, as ``percept compare`` does.

    Args:
        reference: the picture that is right by definition: the path of a file, or in memory a PIL image, a numpy
            array (H×W, H×W×3 or H×W×4) or a torch tensor (3×H×W, 4×H×W or with a batch of 1), both uint8 or
            uint16, sRGB over their whole range; the bytes of an image file, a binary file that is open, or what
            has ``savefig``, as figures of matplotlib have. In the result one in memory is called ``reference``,
            or ``candidate``.
        candidate: the picture to judge, likewise; the same size as the reference.
        preset: name of a built-in preset, or the path of a TOML file.
        layers: ``tap[:distance][=weight]``, separated by commas or as a list, or a mapping from tap to weight;
            replaces the preset's layers.
        distance: replaces the preset's distance.
        threshold: the largest distance that passes; the preset's if None.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``fp32``, ``tf32``, ``bf16`` or ``fp16``; the preset's if None.
        max_memory: most memory to take, in bytes or as ``"2GB"``; None for what is free with some left for others.
            It moves no number.
        backbone: name of the weights to use instead of the preset's; of the preset's layers those that its network
            does not have become the last ones of their block.
        pictures: how pictures are read and brought together: ``ignore_icc``, ``alpha``, ``blend``, ``tonemap``,
            ``exposure``, ``allow_nan``, ``frame``, ``crop``, ``resize``, ``pad`` and ``limits``, as
            ``percept_cli.images.policy.ImagePolicy`` explains them.

    Returns:
        The result; ``result.distance`` is 0 for equal pictures, and larger is more different.

    Raises:
        PerceptError: whatever is wrong, as one of its subclasses.

    For many pairs use ``compare_folders`` or ``percept_cli.scoring.pipeline.Pipeline``: they load torch and the
    weights once, and read ahead.
    """
    scorer = make_scorer(preset, layers, distance, threshold, device, precision, max_memory, backbone, **pictures)
    return scorer.score(pair_of(reference, candidate, scorer.spec.pictures))


def make_scorer(
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
    max_memory: int | str | None = None,
    backbone: str | None = None,
    **pictures: Unpack[PictureSettings],
) -> Scorer:
    """A scorer from what ``compare`` takes.

    Raises:
        InvalidSetting: for anything that makes no recipe.
    """
    recipe = load_preset(os.fspath(preset))
    source = "argument"
    if threshold is None:
        threshold, source = recipe.threshold, f"preset {recipe.name}"
    return Scorer(
        customise(
            recipe, layers=layers, distance=distance, precision=precision, backbone=backbone, pictures=pictures
        ),
        device=device,
        threshold=threshold,
        threshold_source="" if threshold is None else source,
        max_memory=None if max_memory is None else parse_size(max_memory),
    )
