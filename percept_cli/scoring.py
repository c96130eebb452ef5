"""Pairs → results: read, decode, plan, measure, judge."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from percept_cli.engine.device import check_device_name
from percept_cli.engine.plan import Plan, plan_pair
from percept_cli.errors import SizeMismatch
from percept_cli.images.decode import Picture, decode, read_file
from percept_cli.names import posix, shown
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.presets import DEFAULT, customise, load_preset
from percept_cli.results import LayerResult, PairResult, total
from percept_cli.spec import DistanceSpec
from percept_cli.verdict import check_threshold, judge

if TYPE_CHECKING:
    from percept_cli.engine.measure import Engine


class Scorer:
    """Scores pairs of files by one recipe. torch and the weights are loaded by the first pair that needs them.

    Args:
        spec: the recipe.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        threshold: the largest distance that passes, or None.
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

    @property
    def device(self) -> str:
        """Where the network ran, or ``none`` if no pair has needed it."""
        return str(self._engine.device) if "_engine" in self.__dict__ else "none"

    @cached_property
    def _engine(self) -> Engine:
        from percept_cli.engine.measure import Engine

        return Engine(self.spec, self._device)

    def score(self, pair: Pair) -> PairResult:
        """Compare two files.

        Raises:
            UnreadableImage, UnsupportedImage, SizeMismatch: if they cannot be compared.
            DeviceUnavailable, DeviceOutOfMemory, WeightsUnavailable: if the network is needed and cannot run.
        """
        start = time.perf_counter()
        reference, candidate = _read_pair(pair)
        equal = reference.pixels == candidate.pixels
        plan = plan_pair(self.spec, height=reference.height, width=reference.width, equal=equal)
        distances = self._measure(reference, candidate, plan) if plan.needs_network else [0.0] * len(plan.shapes)
        layers = _layer_results(self.spec, plan, distances)
        distance = total([layer.contribution for layer in layers])
        status, reason = judge(distance, self._threshold, self._threshold_source)
        return PairResult(
            name=pair.name,
            reference=posix(pair.reference),
            candidate=posix(pair.candidate),
            width=reference.width,
            height=reference.height,
            status=status,
            reason=reason,
            distance=distance,
            threshold=self._threshold,
            threshold_source=self._threshold_source,
            layers=layers,
            seconds=time.perf_counter() - start,
            notes=plan.notes,
        )

    def _measure(self, reference: Picture, candidate: Picture, plan: Plan) -> list[float]:
        engine = self._engine  # before the tensors: a missing device is reported first
        from percept_cli.images.tensors import to_batch

        rows: list[list[float]] = engine.measure(to_batch([reference]), to_batch([candidate]), plan).tolist()
        return rows[0]


def _read_pair(pair: Pair) -> tuple[Picture, Picture]:
    reference_bytes, candidate_bytes = read_file(pair.reference), read_file(pair.candidate)
    reference = decode(reference_bytes, pair.reference)
    # Byte-equal files hold equal pictures; one decoding also proves that they are sound.
    same_file = reference_bytes == candidate_bytes
    candidate = reference if same_file else decode(candidate_bytes, pair.candidate)
    if (reference.width, reference.height) != (candidate.width, candidate.height):
        raise SizeMismatch(
            f"the sizes differ: {shown(pair.reference)} is {reference.width}×{reference.height} pixels, "
            f"{shown(pair.candidate)} is {candidate.width}×{candidate.height}",
            hint="percept never resizes on its own; bring both to one size first.",
        )
    return reference, candidate


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

    For many pairs make one ``percept_cli.scoring.Scorer`` and keep it: it loads torch and the weights once.
    """
    recipe = load_preset(os.fspath(preset))
    source = "argument"
    if threshold is None:
        threshold, source = recipe.threshold, f"preset {recipe.name}"
    scorer = Scorer(
        customise(recipe, layers=layers, distance=distance, precision=precision),
        device=device,
        threshold=threshold,
        threshold_source="" if threshold is None else source,
    )
    return scorer.score(pair_of_files(reference, candidate))
