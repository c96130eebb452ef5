"""What has to be computed at all, as plain data, before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.distances import misfit
from percept_cli.engine.regions import CELL, Crop, Stored, changed_cells, plan_crops, whole
from percept_cli.errors import UnsupportedImage
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.topology import smallest_side, tap_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


LOCAL = 1 / 4
"""A pair of which fewer of the cells changed than this share differs in places, not as a whole."""
_MOST_PIXELS_OF_A_MAP = 1 << 24  # whose map takes 90 MB; larger ones are kept only where someone asks for maps


@dataclass(frozen=True)
class Plan:
    """The work for one pair."""

    height: int
    """Height the network sees, in pixels."""
    width: int
    """Width the network sees, in pixels."""
    crops: tuple[Crop, ...]
    """What has to be computed; nothing where the pictures are equal: every distance is then exactly 0."""
    shapes: tuple[tuple[int, int, int], ...]
    """Channels, height and width of every layer's features, in the order of the spec."""
    notes: tuple[str, ...]
    """What is done to the pictures that a person should know."""
    extended: bool = False
    """Whether the network sees more than the pictures have."""
    cells: int = 0
    """Cells of 16×16 pixels."""
    changed: int = 0
    """How many of them have a pixel that differs."""

    @property
    def share(self) -> float:
        """The convolution work of the plan, as a share of that of the whole pictures: it goes by the area."""
        return sum(crop.pixels.pixels for crop in self.crops) / (self.height * self.width)

    @property
    def changed_share(self) -> float:
        """How many of the cells changed, 0 to 1."""
        return self.changed / self.cells if self.cells else 0.0

    @property
    def is_local(self) -> bool:
        """Whether the pictures differ in places only."""
        return 0 < self.changed_share < LOCAL

    @property
    def keeps_map(self) -> bool:
        """Whether its map is kept though nobody asks for maps: for what its strongest place comes to."""
        return self.is_local and sum(crop.core.pixels for crop in self.crops) <= _MOST_PIXELS_OF_A_MAP

    def __str__(self) -> str:
        """The plan in words, for ``--verbose``."""
        if not self.crops:
            return "plan: the pixels are equal, nothing to compute"
        cells = f"plan: {self.changed:,} of {self.cells:,} cells of {CELL}×{CELL} pixels changed"
        if self.share >= 1:
            return f"{cells}; the whole image is computed"
        sizes = [f"{crop.pixels.width}×{crop.pixels.height}" for crop in self.crops[:3]]
        more = f" and {len(self.crops) - 3} more" if len(self.crops) > 3 else ""
        crops = "1 crop" if len(self.crops) == 1 else f"{len(self.crops)} crops"
        return f"{cells}; {crops} of {', '.join(sizes)}{more}; {avoided(self.share)}"


@dataclass(frozen=True)
class Piece:
    """One crop of one pair."""

    plan: Plan
    crop: Crop


def avoided(share: float) -> str:
    """In words, where a share of the work was done."""
    percent = f"{100 * (1 - share):.1f}"
    return f"{'more than 99.9' if percent == '100.0' and share else percent} % of the work avoided"


def plan_pair(spec: DistanceSpec, *, height: int, width: int, changed: NDArray[np.bool_] | bool = True) -> Plan:
    """Decide on the work for two pictures of one size.

    A picture with a side below the stride of the deepest tap has no position there. Both pictures are then
    extended to that side by repeating their last column and row: every pixel keeps its place at the top left,
    equal pictures stay equal, and the note says so.

    Args:
        spec: the recipe.
        height: of both pictures, in pixels.
        width: of both pictures, in pixels.
        changed: which cells changed, as ``regions.changed_cells`` finds them; True for wherever it may be, False
            for none.

    Raises:
        UnsupportedImage: if a layer has more or fewer positions than its distance can compare.
    """
    network = spec.record.network
    side = smallest_side(network, spec.taps)
    plan_height, plan_width = max(height, side), max(width, side)
    extended = (plan_height, plan_width) != (height, width)
    shapes = tuple(tap_shape(network, tap, plan_height, plan_width) for tap in spec.taps)
    cells = -(-height // CELL) * -(-width // CELL)
    count = cells * changed if isinstance(changed, bool) else int(changed.sum())
    if count:
        _check_positions(spec, shapes, height, width)
    crops: tuple[Crop, ...] = (whole(plan_height, plan_width),) if count else ()
    if count and not extended and not isinstance(changed, bool) and spec.is_regional:
        crops = plan_crops(network, spec.taps, height, width, changed)
    notes = (_extension(spec, height, width, plan_height, plan_width),) if extended else ()
    return Plan(plan_height, plan_width, crops, shapes, notes, extended, cells, count)


def plan_of_pixels(spec: DistanceSpec, reference: Stored, candidate: Stored, height: int, width: int) -> Plan:
    """The plan for two pictures of height × width × 3 values each, as ``regions.changed_cells`` takes them."""
    # Where bytes are equal, numpy need not be loaded. Of those in files that is found cell by cell.
    in_memory = isinstance(reference, bytes) and isinstance(candidate, bytes)
    changed = not (in_memory and reference == candidate) and changed_cells(reference, candidate, height, width)
    return plan_pair(spec, height=height, width=width, changed=changed)


def _check_positions(spec: DistanceSpec, shapes: Sequence[tuple[int, int, int]], height: int, width: int) -> None:
    for layer, (_, rows, columns) in zip(spec.layers, shapes, strict=True):
        # Whatever its weight: the distance of a layer is told even where it counts for nothing.
        found = misfit(layer.distance, rows * columns)
        if found is not None:
            why, hint = found
            raise UnsupportedImage(f"{width}×{height} pixels do not fit {layer.tap}: {why}", hint=hint)


def _extension(spec: DistanceSpec, height: int, width: int, plan_height: int, plan_width: int) -> str:
    deepest = max(spec.taps, key=lambda tap: smallest_side(spec.record.network, [tap]))
    return (
        f"{width}×{height} pixels are too few for {deepest}: both images were extended to "
        f"{plan_width}×{plan_height} by repeating their last column and row"
    )
