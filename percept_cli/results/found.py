"""What ``percept check`` found in a pair beside its distance: gates, regions, the heat map. Plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from percept_cli.geometry import Box
from percept_cli.results.fit import Fit

GateName = Literal["overall", "peak", "colour", "changed-pixels"]
Level = Literal["pass", "warn", "fail"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""The best first."""
Kind = Literal["added", "removed", "moved", "recoloured", "detail-changed", "noise"]
"""What happened in a region, as far as that can be shown; ``detail-changed`` is everything else."""


def excess(value: float, limit: float) -> float:
    """How many times a limit a value is; infinite above a limit of 0."""
    if not limit:
        return math.inf if value else 0.0
    return value / limit


@dataclass(frozen=True)
class Gate:
    """One measure of a pair against its limits; the worst of a pair's gates is its verdict."""

    name: GateName
    """``overall``: the mean over the picture, as far as it is visible. ``peak``: the strongest place of the
    distance map, likewise. ``colour``: the largest difference of colour that is left when detail is blurred away.
    ``changed-pixels``: how many, or how many in a hundred of those that are compared."""
    value: float
    """What was measured: 0 for equal pictures, larger is more different."""
    unit: str
    """``ΔE`` for colour, ``pixels`` or ``%`` for changed pixels; distances have none. ``visible`` stands with the
    part of the pair's distance that can be seen, which is not the pair's ``distance``."""
    warn: float | None
    """The largest value that passes without a warning; None where no warning is asked for."""
    fail: float | None
    """The largest value that does not fail; None where nothing fails."""
    source: str
    """Where the limits came from, in words."""
    status: Level
    at: Box | None = None
    """The place with the largest value; None where it belongs to the whole picture."""

    @property
    def limit(self) -> float | None:
        """The limit that its status is about; of a gate that passes, the first it would meet."""
        return self.fail if self.status == "fail" or self.warn is None else self.warn

    @property
    def excess(self) -> float:
        """How many times the limit that fails, or else the one that warns, the value is; 0 without a limit."""
        limit = self.warn if self.fail is None else self.fail
        return 0.0 if limit is None else excess(self.value, limit)


@dataclass(frozen=True)
class Region:
    """Changed pixels that lie together."""

    box: Box
    """The smallest that holds them."""
    pixels: int
    """How many pixels differ."""
    distance: float
    """What the region adds to the pair's distance; 0 where that has no places, as with Gram matrices."""
    share: float
    """distance ÷ the pair's distance, 0 to 1."""
    peak: float
    """As the gate of that name, within the region."""
    colour: float
    """As the gate of that name, within the region, in ΔE."""
    status: Level = "pass"
    """What the gates with a place say of the region alone."""
    layers: Mapping[str, float] = field(default_factory=dict)
    """Tap name → what the region adds there, weighted; they sum to ``distance``."""
    shift: tuple[int, int] | None = None
    """Pixels to the right and down by which what is in the region moved; None where it did not."""
    kind: Kind = "detail-changed"
    """What happened; where a movement was ``allowed``, what else did, and ``moved`` where nothing did."""
    allowed: bool = False
    """Whether ``shift`` was allowed: the region was judged as moved back."""


@dataclass(frozen=True)
class HeatMap:
    """Where a pair differs: the distance map, weighted and summed over the layers, on the fixed scale."""

    stride: int
    """Pixels of the picture per value, each way; the largest of them counts."""
    width: int
    """In values."""
    height: int
    """In values."""
    values: bytes
    """Rows from the top: 0 for no difference, 255 for ``top`` and above, by the square root between."""
    top: float
    """The value of the map that is drawn as the end of the scale."""


@dataclass(frozen=True)
class Evidence:
    """All of it, for one pair."""

    gates: tuple[Gate, ...]
    """In the order overall, peak, colour, changed-pixels; at least one."""
    regions: tuple[Region, ...] = ()
    """The worst first."""
    regions_in_all: int = 0
    """How many there are, of which ``regions`` may hold the worst only."""
    changed_pixels: int = 0
    """Pixels that differ, those ignored and shifted apart."""
    ignored_pixels: int = 0
    """Pixels that the rules leave out."""
    shift: tuple[int, int] | None = None
    """Pixels to the right and down that the whole candidate was found to have moved, which was allowed."""
    noise: float | None = None
    """The noise floor of the peak that was measured in the pair; None where it was not needed."""
    heat: HeatMap | None = None
    """None where nothing differs."""
    fit: Fit | None = None
    """Of images of two sizes how they lie on each other: all else is then of their rest, in the candidate's
    pixels, and no part of the verdict. None of images of one size."""

    @property
    def limited(self) -> tuple[Gate, ...]:
        """The gates that have a limit."""
        return tuple(gate for gate in self.gates if gate.limit is not None)

    @property
    def deciding(self) -> Gate | None:
        """The gate that made the verdict: of those with the worst status, the one furthest above its limit.

        None of images of two sizes, whose verdict is made by their sizes.
        """
        if self.fit is not None:
            return None
        return max(self.gates, key=lambda gate: (LEVELS.index(gate.status), gate.excess), default=None)

    @property
    def has_moved(self) -> bool:
        """Whether a picture was judged as moved back; otherwise it would look as good as equal."""
        return self.shift is not None or any(region.allowed for region in self.regions)


def nothing_differs(width: int, height: int, top: float) -> HeatMap:
    """The map of two pictures of so many pixels that are equal: one value, which stands for all of them."""
    return HeatMap(1 << (max(width, height) - 1).bit_length(), 1, 1, bytes(1), top)
