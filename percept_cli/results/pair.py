"""What was found for one pair, as frozen data without torch, rich or click."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from percept_cli.geometry import FileStamp, View
from percept_cli.results.found import Evidence, excess
from percept_cli.results.likeness import Likeness
from percept_cli.results.shard import Position
from percept_cli.results.status import RANK, Status


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
    """Gates, regions and the heat map, from ``percept check``; None elsewhere, and where nothing was compared. Of
    two sizes they are of what both images have (``Evidence.fit``), and no part of the verdict."""
    view: View = View()
    """What everything here is of: of several the one of the worst verdict, then of the largest distance."""
    views: tuple[ViewResult, ...] = ()
    """All of them, in order, where there are several: frames, grounds, exposures."""
    like: Likeness | None = None
    """What the distance is like; None of equal pictures, of no distance, and by recipes without a ladder."""
    matched: tuple[int, int] | None = None
    """Of several references: which one this is about, from 1, and how many there are; None where there is one."""
    variant: str | None = None
    """The variant of the alternate that this is about; None where it is the baseline or another reference."""
    position: Position | None = None
    """Of a shard: where it stands in the whole run."""

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
        """Whether the network, or the equality of the pixels, said anything of the pair as a whole."""
        return bool(self.layers)

    @property
    def unseen(self) -> bool:
        """Whether the pair passed though it was not judged as a whole: of two sizes, or all pixels left out."""
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
