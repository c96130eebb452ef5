"""Plain results: what a comparison found, as frozen data without torch, rich or click."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from percept_cli.errors import ExitCode
from percept_cli.geometry import FileStamp, View
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import Evidence, excess
from percept_cli.results.likeness import Likeness
from percept_cli.results.status import COMPARED, RANK, WORST_FIRST, Status


def total(values: Sequence[float]) -> float:
    """The float64 sum, independent of the order; infinite where it overflows."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class LayerResult:
    """What one tap says of a pair."""

    name: str
    """Tap name, such as ``relu3_3``."""
    channels: int
    """Number of feature channels."""
    height: int
    """Height of the tap's feature map, in positions."""
    width: int
    """Width of the tap's feature map, in positions."""
    distance: float
    """d(F(reference), F(candidate)): 0 for equal features, larger is more different, no unit."""
    weight: float
    """Layer weight w ≥ 0."""
    contribution: float
    """weight × distance."""
    share: float
    """contribution ÷ the pair's distance, 0 to 1; 0 where the distance is 0."""


@dataclass(frozen=True)
class ViewResult:
    """What a pair came to in one view."""

    view: View
    distance: float
    """As ``PairResult.distance``."""
    status: Status
    reason: str
    """The verdict in words."""


@dataclass(frozen=True)
class PairResult:
    """What was found for one reference and one candidate, or for one of them alone."""

    name: str
    """The pair's name: the path relative to its folder, the name in a manifest, or the candidate as given."""
    reference: str | None
    """The reference file, with ``/`` as separator; None where there is none."""
    candidate: str | None
    """The candidate file, with ``/`` as separator; None where there is none."""
    width: int | None
    """Width of both pictures, in pixels; None where they were not compared."""
    height: int | None
    """Height of both pictures, in pixels; None where they were not compared."""
    status: Status
    """The verdict; ``error`` when the pictures could not be compared or the distance is not a number."""
    reason: str
    """The verdict in words."""
    distance: float
    """Σ contribution over the layers: 0 for equal pixels, larger is more different; NaN where the pictures were
    not compared; NaN or infinite where the arithmetic overflowed."""
    threshold: float | None
    """The largest distance that passes, or None where none was given."""
    threshold_source: str
    """Where the threshold came from: ``command line``, a file, ``preset NAME``, or empty."""
    layers: tuple[LayerResult, ...]
    """One result per layer, in the order of the spec; none where the pictures were not compared."""
    seconds: float
    """Wall time from opening the files to the distance, importing torch and loading weights included; in a batch
    the pair's own reading and its share of the batch's computation."""
    notes: tuple[str, ...] = ()
    """What was done to the pictures that a person should know, such as padding of tiny ones."""
    weight: float = 1.0
    """The pair's weight in the weighted mean, ≥ 0; it does not move the distance."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the pair's line in a manifest, carried through."""
    reference_file: FileStamp | None = None
    """What the reference file held; None where it was not read."""
    candidate_file: FileStamp | None = None
    """What the candidate file held; None where it was not read."""
    fingerprint: str | None = None
    """Of its own recipe, where that is not the run's: its distance is then no part of the statistics."""
    allowed: bool = False
    """Whether an image without a counterpart is no failure."""
    warns: bool = False
    """Whether an image without a counterpart is allowed with a warning."""
    unavailable: bool = False
    """Of an error: whether memory or the machine is why, and nothing is wrong with the files."""
    evidence: Evidence | None = None
    """Gates, regions and the heat map, from ``percept check``; None elsewhere, and where nothing was compared."""
    view: View = View()
    """What everything here is of: of several the one of the worst verdict, then of the largest distance."""
    views: tuple[ViewResult, ...] = ()
    """All of them, in order, where there are several: frames, grounds, exposures."""
    like: Likeness | None = None
    """What the distance is like; None of equal pictures, of no distance, and by recipes without a ladder."""
    matched: tuple[int, int] | None = None
    """Of several references: which one this is about, from 1, and how many there are; None where there is one."""

    @property
    def severity(self) -> float:
        """How bad it is, ≥ 0: by how many times its limit the worst gate, or the distance, is exceeded.

        Above 1 fails, or warns where only a warn limit was given. Without any limit it is the distance. Infinite
        where the pictures could not be compared, as of two sizes, or exceed a limit of 0; 0 of a picture without a
        counterpart.
        """
        if not self.scored:
            return 0.0 if self.unseen or self.status in ("new", "missing") else math.inf
        if self.evidence is not None and self.evidence.limited:
            return max(gate.excess for gate in self.evidence.limited)
        return self.distance if self.threshold is None else excess(self.distance, self.threshold)

    @property
    def compared(self) -> bool:
        """Whether the network, or the equality of the pixels, said anything of the pair."""
        return bool(self.layers)

    @property
    def unseen(self) -> bool:
        """Whether the pair passed though nothing of it was compared: of two sizes, or with all pixels left out."""
        return self.status == "pass" and not self.compared

    @property
    def identical(self) -> bool:
        """Whether it has a distance of 0, without trouble, and nothing moved or was left out that may differ."""
        found = self.evidence
        forgiven = found is not None and bool(found.ignored_pixels or found.has_moved)
        return self.status in ("pass", "measured") and self.distance == 0 and not forgiven

    @property
    def scored(self) -> bool:
        """Whether the pair has a distance that is a number."""
        return math.isfinite(self.distance)


def worst_first(one: PairResult | ViewResult) -> tuple[int, float]:
    """What sorts the worst verdict first, then the largest distance; what is no number comes before all."""
    return -RANK[one.status], -one.distance if math.isfinite(one.distance) else -math.inf


def badness(result: PairResult) -> tuple[float, ...]:
    """What sorts the pairs of a run, the worst first, wherever they are told: by verdict, severity, distance."""
    verdict, distance = worst_first(result)
    return verdict, -result.severity, distance


@dataclass(frozen=True)
class Summary:
    """A run in numbers. Statistics are float64 over the scored pairs; None where there is none."""

    pairs: int
    """Pairs that were compared, or could not be: passed + measured + tolerated + warned + failed + errors."""
    passed: int
    measured: int
    """Compared, and no limit was given."""
    tolerated: int
    """Above a limit, and a decision covers exactly this change."""
    warned: int
    failed: int
    errors: int
    new: int
    """Candidates without a reference."""
    missing: int
    """References without a candidate."""
    allowed: int
    """How many of the new and the missing are no failure by their own setting."""
    warns: int
    """How many of these are a warning."""
    count: int
    """Scored pairs: those with a finite distance, which the statistics are over."""
    identical: int
    """Passed or measured pairs whose distance is exactly 0, and of which nothing had moved or was left out."""
    not_compared: int
    """Pairs that passed though nothing was compared: two sizes that are allowed, or all pixels left out."""
    judged: int
    """Scored pairs that have a threshold."""
    mean: float | None
    median: float | None
    p90: float | None
    """The distance that 90 % of the scored pairs do not exceed, interpolated linearly between neighbours."""
    p95: float | None
    p99: float | None
    max: float | None
    weighted_mean: float | None
    """Σ weight × distance ÷ Σ weight."""
    layers: Mapping[str, float]
    """Mean distance per layer, not weighted."""

    @property
    def counts(self) -> dict[Status, int]:
        """How many pairs have each verdict, the worst first."""
        names = {"error": "errors", "fail": "failed", "warn": "warned", "pass": "passed"}
        return {status: getattr(self, names.get(status, status)) for status in WORST_FIRST}

    @property
    def within(self) -> int:
        """Pairs that were compared, and passed."""
        return self.passed - self.not_compared


def summarise(results: Collection[PairResult]) -> Summary:
    """A run's results in numbers, in one pass; independent of their order."""
    statuses: Counter[str] = Counter()
    judged = allowed = warns = identical = unseen = 0
    distances, weights = array("d"), array("d")
    layers: dict[str, array[float]] = {}
    for result in results:
        statuses[result.status] += 1
        allowed += result.allowed
        warns += result.warns
        unseen += result.unseen
        if not result.scored or result.fingerprint is not None:
            continue
        judged += result.threshold is not None
        identical += result.identical
        distances.append(result.distance)
        weights.append(result.weight)
        for layer in result.layers:
            layers.setdefault(layer.name, array("d")).append(layer.distance)
    ordered = sorted(distances)
    # In parts of the largest, since the sum of huge ones would overflow.
    largest = max(weights, default=0.0)
    parts = [weight / largest for weight in weights] if largest else []
    return Summary(
        pairs=sum(statuses[status] for status in COMPARED),
        passed=statuses["pass"],
        measured=statuses["measured"],
        tolerated=statuses["tolerated"],
        warned=statuses["warn"],
        failed=statuses["fail"],
        errors=statuses["error"],
        new=statuses["new"],
        missing=statuses["missing"],
        allowed=allowed,
        warns=warns,
        count=len(ordered),
        identical=identical,
        not_compared=unseen,
        judged=judged,
        mean=_mean(distances),
        median=_quantile(ordered, 0.5),
        p90=_quantile(ordered, 0.9),
        p95=_quantile(ordered, 0.95),
        p99=_quantile(ordered, 0.99),
        max=ordered[-1] if ordered else None,
        weighted_mean=_weighted_mean(parts, distances) if parts else None,
        layers={name: mean for name, values in layers.items() if (mean := _mean(values)) is not None},
    )


def _mean(values: Sequence[float]) -> float | None:
    # Divided first: the sum of the largest numbers would overflow.
    return total([value / len(values) for value in values]) if values else None


def _weighted_mean(weights: Sequence[float], values: Sequence[float]) -> float:
    weight = total(weights)
    return total([w * value / weight for w, value in zip(weights, values, strict=True)])


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Linear interpolation between the two nearest of the ordered values, as numpy's default (Hyndman & Fan 7)."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


RunKind = Literal["compare", "batch", "check"]
"""``compare``: one pair, told layer by layer. ``batch``: many pairs, each with a distance. ``check``: pairs judged
by gates."""


@dataclass(frozen=True)
class Run:
    """All results of one invocation, with the recipe that makes the numbers comparable."""

    version: str
    """percept's version."""
    spec: DistanceSpec
    """Everything that can move the number."""
    device: str
    """Where the network ran, or would have: ``cpu``, ``cuda:0``, ``mps``; ``none`` when no pair needed it."""
    results: Collection[PairResult]
    """One result per pair, in the order of the input; may be read from disk each time it is gone through."""
    kind: RunKind = "batch"
    complete: bool = True
    """False where the run ended before its last pair: interrupted, or stopped by ``--fail-fast``."""
    allow_empty: bool = False
    """Whether a run that compares nothing is a success."""
    allow_unmatched: bool = False
    """Whether pictures without a counterpart are no failure."""
    folders: tuple[str, str] | None = None
    """Reference and candidate folder as they were given, where folders were compared."""
    origin: tuple[str, str] | None = None
    """What was given as reference and candidate of many pairs: folders, or files; None for lists and streams."""
    ended_with: ExitCode | None = None
    """What the process exits with where the results do not say it: after an interrupt, or as a report states."""

    @property
    def fingerprint(self) -> str:
        """The recipe's short name; equal fingerprints mean comparable numbers."""
        return self.spec.fingerprint

    @cached_property
    def summary(self) -> Summary:
        """Counts per status and statistics of the distances."""
        return summarise(self.results)

    @cached_property
    def exit_code(self) -> ExitCode:
        """The worst that happened; 4 instead of 3 if all errors are for want of memory, or of the machine."""
        found = self.summary
        if found.errors and all(result.unavailable for result in self.results if result.status == "error"):
            return ExitCode.UNAVAILABLE
        if found.errors or (not found.pairs and self.complete and not self.allow_empty):
            return ExitCode.INPUT
        if found.failed or found.new + found.missing > self.allowed:
            return ExitCode.ABOVE
        return ExitCode.WITHIN

    @property
    def allowed(self) -> int:
        """How many of the new and the missing are no failure."""
        return self.summary.new + self.summary.missing if self.allow_unmatched else self.summary.allowed
