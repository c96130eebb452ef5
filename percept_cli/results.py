"""Plain results: what a comparison found, as frozen data without torch, rich or click."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from percept_cli.spec import DistanceSpec

Status = Literal["pass", "fail", "error"]


class ExitCode(IntEnum):
    """What the process exits with, like diff(1): trouble is above 1 and never looks like a difference.

    - ``WITHIN``: every pair is within its threshold, or no threshold was given.
    - ``ABOVE``: at least one pair is above its threshold.
    - ``USAGE``: the command line or a config file is wrong, or an output cannot be written.
    - ``INPUT``: an input could not be read or compared. Outranks ``ABOVE``.
    - ``UNAVAILABLE``: weights, device or device memory are not available.
    - ``DEFECT``: percept itself failed; the traceback is printed.
    - ``INTERRUPTED``: stopped by Ctrl-C (128 + SIGINT).
    """

    WITHIN = 0
    ABOVE = 1
    USAGE = 2
    INPUT = 3
    UNAVAILABLE = 4
    DEFECT = 70
    INTERRUPTED = 130


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
class PairResult:
    """What was found for one reference and one candidate."""

    name: str
    """The pair's name: the candidate as it was given, with ``/`` as separator."""
    reference: str
    """The reference file as it was given, with ``/`` as separator."""
    candidate: str
    """The candidate file as it was given, with ``/`` as separator."""
    width: int
    """Width of both pictures, in pixels."""
    height: int
    """Height of both pictures, in pixels."""
    status: Status
    """The verdict; ``error`` when the distance is not a number."""
    reason: str
    """The verdict in words."""
    distance: float
    """Σ contribution over the layers: 0 for equal pixels, larger is more different; may be NaN."""
    threshold: float | None
    """The largest distance that passes, or None where none was given."""
    threshold_source: str
    """Where the threshold came from: ``command line``, a file, ``preset NAME``, or empty."""
    layers: tuple[LayerResult, ...]
    """One result per layer, in the order of the spec."""
    seconds: float
    """Wall time from opening the files to the distance, importing torch and loading weights included."""
    notes: tuple[str, ...] = ()
    """What was done to the pictures that a person should know, such as padding of tiny ones."""


@dataclass(frozen=True)
class Summary:
    """A run in numbers. Statistics are over the finite distances; None where there is none."""

    pairs: int
    passed: int
    failed: int
    errors: int
    mean: float | None
    max: float | None


@dataclass(frozen=True)
class Run:
    """All results of one invocation, with the recipe that makes the numbers comparable."""

    version: str
    """percept's version."""
    spec: DistanceSpec
    """Everything that can move the number."""
    device: str
    """Where the network ran, or would have: ``cpu``, ``cuda:0``, ``mps``; ``none`` when no pair needed it."""
    results: tuple[PairResult, ...]
    """One result per pair, in the order of the input."""

    @property
    def fingerprint(self) -> str:
        """The recipe's short name; equal fingerprints mean comparable numbers."""
        return self.spec.fingerprint

    @property
    def summary(self) -> Summary:
        """Counts per status and float64 statistics of the distances."""
        statuses = [result.status for result in self.results]
        finite = [result.distance for result in self.results if math.isfinite(result.distance)]
        return Summary(
            pairs=len(statuses),
            passed=statuses.count("pass"),
            failed=statuses.count("fail"),
            errors=statuses.count("error"),
            mean=total([value / len(finite) for value in finite]) if finite else None,
            max=max(finite, default=None),
        )

    @property
    def exit_code(self) -> ExitCode:
        """3 if any pair could not be compared, else 1 if any is above its threshold, else 0."""
        statuses = {result.status for result in self.results}
        if "error" in statuses:
            return ExitCode.INPUT
        return ExitCode.ABOVE if "fail" in statuses else ExitCode.WITHIN
