"""Pairs → results: read, decode, plan, measure, judge."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from percept_cli.engine.device import check_device_name
from percept_cli.engine.plan import Plan, plan_of_pixels
from percept_cli.errors import PerceptError, SizeMismatch, UnusablePair
from percept_cli.images.decode import Picture, decode, read_stamped
from percept_cli.images.memory import is_path, to_picture
from percept_cli.images.policy import ImagePolicy
from percept_cli.machine import parse_size
from percept_cli.names import posix, printable, shown
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.presets import DEFAULT, customise, load_preset
from percept_cli.results import FileStamp, LayerResult, PairResult, Status, total
from percept_cli.spec import DistanceSpec
from percept_cli.verdict import check_threshold, judge

if TYPE_CHECKING:
    from percept_cli.engine.measure import Contribution, Engine, Features, Piece, Ticket
    from percept_cli.images.changes import Changes
    from percept_cli.images.memory import PictureLike

# A reference that several candidates share is run once, and as a whole, where more of the picture than this has
# to be computed: half of the work is then spared anyway.
_SHARE_WORTH_KEEPING = 0.5


Stamps = tuple[FileStamp | None, FileStamp | None]
"""Of reference and candidate; None of a picture that is no file."""


@dataclass(frozen=True)
class PairInMemory(Pair):
    """A pair of which at least one side is no file; its path is then the argument's name."""

    pictures: tuple[Picture | None, Picture | None] = (None, None)
    """Reference and candidate, where they are no files."""


@dataclass(frozen=True)
class Reading:
    """A pair that was read, decoded and planned: what may be done ahead of the device, in any thread."""

    pair: Pair
    pictures: tuple[Picture, Picture] | None
    """Reference and candidate; None where they are equal: nothing is to be computed, so nothing is kept."""
    plan: Plan
    width: int
    height: int
    stamps: Stamps
    seconds: float
    """Wall time it took."""
    changes: Changes | None = None
    """What of the pictures differs, where someone asks; ``pictures`` are then as they are compared."""


@dataclass(frozen=True)
class Part:
    """A piece of a pair's plan on its way to the device."""

    reading: Reading
    piece: Piece
    keeps_reference: bool
    """Whether the features of its reference are kept for the reference's other candidates."""

    @property
    def key(self) -> Hashable:
        """Parts of equal keys may share a batch: of one size and recipe, and one reference where it is kept."""
        assert self.reading.pictures is not None
        pixels, plan = self.piece.crop.pixels, self.piece.plan
        extended = (self.reading.width, self.reading.height) if plan.extended else None
        reference = id(self.reading.pictures[0]) if self.keeps_reference else None
        rules = self.reading.pair.rules
        return pixels.width, pixels.height, extended, reference, None if rules is None else rules.preset


class References:
    """The last reference that several pairs share, so that it is read and decoded once. Safe between threads.

    Args:
        policy: how it is read.
    """

    def __init__(self, policy: ImagePolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._found: tuple[Picture, FileStamp] | None = None

    def read(self, path: Path) -> tuple[Picture, FileStamp]:
        """Read and decode a file, or give what it held a moment ago.

        Raises:
            UnreadableImage, UnsupportedImage: if that fails; the next pair tries again.
        """
        with self._lock:
            if self._found is None or path != self._path or _has_changed(path, self._found[1]):
                data, stamp = read_stamped(path)
                self._path, self._found = path, (decode(data, path, self._policy), stamp)
            return self._found


def _has_changed(path: Path, stamp: FileStamp) -> bool:
    try:
        found = path.stat()
    except OSError:
        return True
    return (found.st_size, found.st_mtime_ns) != (stamp.size, stamp.modified_ns)


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
            DeviceUnavailable, WeightsUnavailable: if it cannot run.
        """
        from percept_cli.engine.measure import Engine

        return Engine(self.spec, self._device, max_memory=self.max_memory, keeps_maps=self.keeps_maps)

    def score(self, pair: Pair) -> PairResult:
        """Compare two files.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        return self.measure(self.read(pair))

    def measure(self, reading: Reading) -> PairResult:
        """The result of a pair that was read.

        Raises:
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        start = time.perf_counter()
        found = [self.start([part]).result()[0] for part in self.parts(reading)]
        return self.finish(reading, found, reading.seconds + time.perf_counter() - start)

    def parts(self, reading: Reading) -> list[Part]:
        """What of a pair has to go through the network, in parts that fit the memory; nothing of an equal one.

        Raises:
            DeviceUnavailable, WeightsUnavailable: if the network is needed and cannot run.
            DeviceOutOfMemory: if the memory does not suffice for any part.
        """
        if reading.pictures is None:
            return []
        plan, engine = reading.plan, self.engine
        if reading.pair.shared and plan.share > _SHARE_WORTH_KEEPING:
            from percept_cli.engine.measure import everything

            if engine.keeps_features(everything(plan)):
                return [Part(reading, everything(plan), keeps_reference=True)]
        return [Part(reading, piece, keeps_reference=False) for piece in engine.pieces(plan)]

    def start(self, parts: Sequence[Part]) -> Ticket:
        """Begin to measure a batch of parts with equal keys.

        Raises:
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        from percept_cli.images.tensors import to_batch

        pieces = [part.piece for part in parts]
        pictures = [part.reading.pictures for part in parts if part.reading.pictures is not None]
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

    def read(self, pair: Pair, references: References | None = None) -> Reading:
        """Read, decode and plan a pair that has both sides.

        Args:
            pair: which files.
            references: where a reference that several pairs share is kept.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
        """
        start = time.perf_counter()
        reference, candidate, stamps = read_pair(pair, references, self.spec.pictures)
        height, width = reference.height, reference.width
        plan = plan_of_pixels(self.spec, reference.pixels, candidate.pixels, height, width)
        pictures = (reference, candidate) if plan.crops else None
        return Reading(pair, pictures, plan, width, height, stamps, time.perf_counter() - start)

    def finish(self, reading: Reading, found: Sequence[Contribution], seconds: float) -> PairResult:
        """The result of a pair from what all its parts contribute; it is equal if there is none."""
        return self.judge(
            reading.pair,
            plan=reading.plan,
            size=(reading.width, reading.height),
            distances=self.engine.finish(reading.plan, found) if found else [0.0] * len(reading.plan.shapes),
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
        return self.bare(pair, "error", f"{error}; {error.hint}" if error.hint else str(error))

    def unmatched(self, pair: Pair) -> PairResult:
        """The result of a picture without a counterpart."""
        if pair.reference is None:
            return self.bare(pair, "new", "there is no reference of this name")
        return self.bare(pair, "missing", "there is no candidate of this name")

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


def read_pair(pair: Pair, references: References | None, policy: ImagePolicy) -> tuple[Picture, Picture, Stamps]:
    """Read and decode both sides of a pair: reference, candidate, and what identifies their files.

    Args:
        pair: which files.
        references: where a reference that several pairs share is kept.
        policy: how they are read.

    Raises:
        UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
    """
    if pair.reference is None or pair.candidate is None:
        raise UnusablePair(f"{printable(pair.name)}: there is nothing to compare it with")
    read = _pictures_held if isinstance(pair, PairInMemory) else _pictures_in_files
    reference, candidate, stamps = read(pair, references, policy)
    if (reference.width, reference.height) != (candidate.width, candidate.height):
        raise SizeMismatch(
            f"the sizes differ: {shown(pair.reference)} is {reference.width}×{reference.height} pixels, "
            f"{shown(pair.candidate)} is {candidate.width}×{candidate.height}",
            hint="percept never resizes on its own; bring both to one size first.",
        )
    return reference, candidate, stamps


def _pictures_in_files(
    pair: Pair, references: References | None, policy: ImagePolicy
) -> tuple[Picture, Picture, Stamps]:
    assert pair.reference is not None and pair.candidate is not None
    if references is not None and pair.shared:
        reference, reference_stamp = references.read(pair.reference)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate)
    else:
        # Both are read first: of two files that are missing, the reference is told of, whatever is in it.
        reference_bytes, reference_stamp = read_stamped(pair.reference)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate)
        reference = decode(reference_bytes, pair.reference, policy)
    # Byte-equal files hold equal pictures; one decoding also proves that they are sound.
    same_file = reference_stamp.sha256 == candidate_stamp.sha256
    candidate = reference if same_file else decode(candidate_bytes, pair.candidate, policy)
    return reference, candidate, (reference_stamp, candidate_stamp)


def _pictures_held(pair: Pair, _: References | None, policy: ImagePolicy) -> tuple[Picture, Picture, Stamps]:
    """Of a pair in memory; a side that is a file is read."""
    assert isinstance(pair, PairInMemory)
    pictures: list[Picture] = []
    stamps: list[FileStamp | None] = []
    for path, held in zip((pair.reference, pair.candidate), pair.pictures, strict=True):
        if held is None:
            assert path is not None
            data, stamp = read_stamped(path)
            pictures.append(decode(data, path, policy))
            stamps.append(stamp)
        else:
            pictures.append(held)
            stamps.append(None)
    return pictures[0], pictures[1], (stamps[0], stamps[1])


def pair_of(reference: PictureLike, candidate: PictureLike, policy: ImagePolicy) -> Pair:
    """Two pictures as a pair, each a file or in memory, named after the candidate.

    Args:
        reference: a path, or what ``images.memory.to_picture`` takes.
        candidate: the same.
        policy: how one in memory is read.

    Raises:
        InvalidInput, UnreadableImage, UnsupportedImage: if one in memory is no picture that can be compared.
    """
    if is_path(reference) and is_path(candidate):
        return pair_of_files(reference, candidate)
    sides = {"reference": reference, "candidate": candidate}
    paths = [Path(side) if is_path(side) else Path(name) for name, side in sides.items()]
    pictures = [None if is_path(side) else to_picture(side, name, policy) for name, side in sides.items()]
    return PairInMemory(posix(paths[1]), paths[0], paths[1], pictures=(pictures[0], pictures[1]))


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
    ignore_icc: bool = False,
) -> PairResult:
    """Compare two pictures, as ``percept compare`` does.

    Args:
        reference: the picture that is right by definition: the path of a file, or in memory a PIL image, a numpy
            array (H×W, H×W×3 or H×W×4) or a torch tensor (3×H×W or 1×3×H×W), both uint8, sRGB in 0..255, alpha
            laid over white. In the result one in memory is called ``reference``, or ``candidate``.
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
        ignore_icc: whether values are taken as sRGB, whatever colour profiles say, those in the ``info`` of PIL
            images included.

    Returns:
        The result; ``result.distance`` is 0 for equal pictures, and larger is more different.

    Raises:
        PerceptError: whatever is wrong, as one of its subclasses.

    For many pairs use ``compare_folders`` or ``percept_cli.pipeline.Pipeline``: they load torch and the weights
    once, and read ahead.
    """
    scorer = make_scorer(preset, layers, distance, threshold, device, precision, max_memory, backbone, ignore_icc)
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
    ignore_icc: bool = False,
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
            recipe, layers=layers, distance=distance, precision=precision, backbone=backbone, ignore_icc=ignore_icc
        ),
        device=device,
        threshold=threshold,
        threshold_source="" if threshold is None else source,
        max_memory=None if max_memory is None else parse_size(max_memory),
    )
