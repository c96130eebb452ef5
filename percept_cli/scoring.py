"""Pairs → results: read, decode, plan, measure, judge."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.engine.device import check_device_name
from percept_cli.engine.plan import Plan, plan_pair
from percept_cli.errors import PerceptError, SizeMismatch, UnusablePair
from percept_cli.images.decode import Picture, decode, read_stamped
from percept_cli.names import posix, printable, shown
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.presets import DEFAULT, customise, load_preset
from percept_cli.results import FileStamp, LayerResult, PairResult, Status, total
from percept_cli.spec import DistanceSpec
from percept_cli.verdict import check_threshold, judge

if TYPE_CHECKING:
    from percept_cli.engine.measure import Engine, Features, Ticket


@dataclass(frozen=True)
class Reading:
    """A pair that was read, decoded and planned: what may be done ahead of the device, in any thread."""

    pair: Pair
    pictures: tuple[Picture, Picture] | None
    """Reference and candidate; None where they are equal: nothing is to be computed, so nothing is kept."""
    plan: Plan
    width: int
    height: int
    stamps: tuple[FileStamp, FileStamp]
    seconds: float
    """Wall time it took."""


class References:
    """The last reference that several pairs share, so that it is read and decoded once. Safe between threads."""

    def __init__(self) -> None:
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
                self._path, self._found = path, (decode(data, path), stamp)
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

    Raises:
        InvalidSetting: for an unknown device name, or a threshold that is negative or not finite.
    """

    def __init__(
        self,
        spec: DistanceSpec,
        *,
        device: str = "auto",
        threshold: float | None = None,
        threshold_source: str = "",
    ) -> None:
        self.spec = spec
        self._device = check_device_name(device)
        self._threshold = None if threshold is None else check_threshold(threshold)
        self._threshold_source = threshold_source
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

        return Engine(self.spec, self._device)

    def score(self, pair: Pair) -> PairResult:
        """Compare two files.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        start = time.perf_counter()
        reading = self.read(pair)
        distances = None if reading.pictures is None else self.start([reading]).result().tolist()[0]
        return self.finish(reading, distances, time.perf_counter() - start)

    def start(self, readings: Sequence[Reading]) -> Ticket:
        """Begin to measure a batch of pairs that differ.

        Args:
            readings: of one plan; and all of one shared reference, or none of them.

        Raises:
            DeviceUnavailable, WeightsUnavailable: if the network cannot run.
            DeviceOutOfMemory: if the batch does not fit the device.
        """
        engine = self.engine  # before the tensors: a missing device is reported first
        from percept_cli.images.tensors import to_batch

        plan = readings[0].plan
        pictures = [reading.pictures for reading in readings if reading.pictures is not None]
        references, candidates = ([pair[side] for pair in pictures] for side in (0, 1))
        if not readings[0].pair.shared:
            self._kept = None
            return engine.start(to_batch(references), to_batch(candidates), plan)
        if self._kept is None or self._kept[0] is not references[0]:
            self._kept = None  # first, so that the memory of the one before is free
            self._kept = references[0], engine.features(to_batch(references[:1]), plan)
        return engine.start_against(self._kept[1], to_batch(candidates), plan)

    def read(self, pair: Pair, references: References | None = None) -> Reading:
        """Read, decode and plan a pair that has both sides.

        Args:
            pair: which files.
            references: where a reference that several pairs share is kept.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
        """
        start = time.perf_counter()
        reference, candidate, stamps = _read_pair(pair, references)
        height, width = reference.height, reference.width
        equal = reference.pixels == candidate.pixels
        plan = plan_pair(self.spec, height=height, width=width, equal=equal)
        pictures = None if equal else (reference, candidate)
        return Reading(pair, pictures, plan, width, height, stamps, time.perf_counter() - start)

    def finish(self, reading: Reading, distances: Sequence[float] | None, seconds: float) -> PairResult:
        """The result of a pair whose layers have these distances, or which is equal if they are None."""
        return self.judge(
            reading.pair,
            plan=reading.plan,
            size=(reading.width, reading.height),
            distances=[0.0] * len(reading.plan.shapes) if distances is None else distances,
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
        stamps: tuple[FileStamp, FileStamp],
        seconds: float,
    ) -> PairResult:
        """The result of layer distances, in the order of the spec, that are known already."""
        layers = _layer_results(self.spec, plan, distances)
        distance = total([layer.contribution for layer in layers])
        threshold, source = self._threshold_of(pair)
        status, reason = judge(distance, threshold, source)
        return replace(
            self._bare(pair, status, reason),
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
        return self._bare(pair, "error", f"{error}; {error.hint}" if error.hint else str(error))

    def unmatched(self, pair: Pair) -> PairResult:
        """The result of a picture without a counterpart."""
        if pair.reference is None:
            return self._bare(pair, "new", "there is no reference of this name")
        return self._bare(pair, "missing", "there is no candidate of this name")

    def _threshold_of(self, pair: Pair) -> tuple[float | None, str]:
        if pair.threshold is not None:
            return pair.threshold, pair.threshold_source
        return self._threshold, self._threshold_source

    def _bare(self, pair: Pair, status: Status, reason: str) -> PairResult:
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


def _read_pair(pair: Pair, references: References | None) -> tuple[Picture, Picture, tuple[FileStamp, FileStamp]]:
    if pair.reference is None or pair.candidate is None:
        raise UnusablePair(f"{printable(pair.name)}: there is nothing to compare it with")
    if references is not None and pair.shared:
        reference, reference_stamp = references.read(pair.reference)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate)
    else:
        # Both are read first: of two files that are missing, the reference is told of, whatever is in it.
        reference_bytes, reference_stamp = read_stamped(pair.reference)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate)
        reference = decode(reference_bytes, pair.reference)
    # Byte-equal files hold equal pictures; one decoding also proves that they are sound.
    same_file = reference_stamp.sha256 == candidate_stamp.sha256
    candidate = reference if same_file else decode(candidate_bytes, pair.candidate)
    if (reference.width, reference.height) != (candidate.width, candidate.height):
        raise SizeMismatch(
            f"the sizes differ: {shown(pair.reference)} is {reference.width}×{reference.height} pixels, "
            f"{shown(pair.candidate)} is {candidate.width}×{candidate.height}",
            hint="percept never resizes on its own; bring both to one size first.",
        )
    return reference, candidate, (reference_stamp, candidate_stamp)


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
    reference: str | os.PathLike[str],
    candidate: str | os.PathLike[str],
    *,
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
) -> PairResult:
    """Compare two picture files, as ``percept compare`` does.

    Args:
        reference: path of the picture that is right by definition.
        candidate: path of the picture to judge; the same size as the reference.
        preset: name of a built-in preset, or the path of a TOML file.
        layers: ``tap[:distance][=weight]``, separated by commas or as a list, or a mapping from tap to weight;
            replaces the preset's layers.
        distance: replaces the preset's distance.
        threshold: the largest distance that passes; the preset's if None.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``fp32``, ``tf32``, ``bf16`` or ``fp16``; the preset's if None.

    Returns:
        The result; ``result.distance`` is 0 for equal pictures, and larger is more different.

    Raises:
        PerceptError: whatever is wrong, as one of its subclasses.

    For many pairs use ``compare_folders`` or ``percept_cli.pipeline.Pipeline``: they load torch and the weights
    once, and read ahead.
    """
    scorer = make_scorer(preset, layers, distance, threshold, device, precision)
    return scorer.score(pair_of_files(reference, candidate))


def make_scorer(
    preset: str | os.PathLike[str] = DEFAULT,
    layers: str | Sequence[str] | Mapping[str, object] | None = None,
    distance: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    precision: str | None = None,
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
        customise(recipe, layers=layers, distance=distance, precision=precision),
        device=device,
        threshold=threshold,
        threshold_source="" if threshold is None else source,
    )
