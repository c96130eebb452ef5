"""Where a pair differs and how strongly: peaks of the distance and of colour, the noise around them, regions.

Everything is measured in cells of 8×8 pixels. A cell's distance is weighted by how visible its change is: the unit
features of a flat area turn around at a change of one level, which nobody sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from percept_cli.distances import DISTANCES, LocalDistance, Partial, Patch
from percept_cli.evidence import maps
from percept_cli.evidence.colour import NOTICEABLE, STEP, blurred_lab, colour_map, ink_change, one_way
from percept_cli.evidence.noise import NoiseFloor, colour_noise, noise_floor
from percept_cli.evidence.pixels import CELL, changes_of
from percept_cli.geometry import Box
from percept_cli.recipes.spec import DistanceSpec, ceiling
from percept_cli.results.found import HeatMap
from percept_cli.topology import stride_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.engine.plan import Plan
    from percept_cli.evidence.pixels import Pixels

    Grid = NDArray[np.float32]

_Value = TypeVar("_Value", bound="np.generic")

VISIBLE = 100
"""Mean squared change of the pixels of a cell, in levels of 255, from which its distance counts in full: 10 levels
everywhere, or a line one pixel wide of 28. Below, it counts by that share: one level by a hundredth."""
TEXTURE = 24
"""Levels between neighbouring pixels from which a cell is one with detail, where rendering makes noise."""
MASKING = 32
"""Levels between neighbouring pixels, on average, at which a difference of colour looks half as large."""
INK = 1 / 8
"""What a ΔE of ink counts beside one of areas: other rasterisers change it by up to 9, subpixel ones by 16."""
HEAT_SIDE = 640
"""Values along the longer side of a report's heat map, at most."""
_PIXELS_AT_A_TIME = 1 << 20
_NOTHING = 1  # levels of 255 by which pixels change in rounding


@dataclass(frozen=True)
class Peak:
    """The strongest place of a map."""

    value: float
    at: Box | None
    """Its cell; None where nothing is."""


@dataclass(frozen=True)
class Place:
    """A region that changed."""

    peak: float
    """The largest distance of a cell in it."""
    colour: float
    """The largest ΔE of a cell in it."""
    layers: Mapping[str, float]
    """Tap name → what it adds to the distance of the pair, weighted."""


class Places:
    """The places of one pair.

    Args:
        spec: the recipe.
        found: what each part of the pair contributed, with the patches of its maps.
        reference: H×W×3, sRGB in 0..255.
        candidate: the same shape.
        plan: what was computed; it sees more than the pictures where they are tiny.
    """

    def __init__(
        self,
        spec: DistanceSpec,
        found: Sequence[Mapping[str, Partial]],
        reference: Pixels,
        candidate: Pixels,
        plan: Plan,
    ) -> None:
        self._spec = spec
        self._sides = reference, candidate
        self._height, self._width = reference.shape[:2]
        self._extent = plan.height, plan.width
        self._shape = -(-plan.height // CELL), -(-plan.width // CELL)
        self._layers = [
            _Layer(
                layer.tap,
                layer.weight,
                stride_of(spec.record.network, layer.tap),
                rows * columns,
                [patch for part in found if layer.tap in part for patch in part[layer.tap].patches],
            )
            for layer, (_, rows, columns) in zip(spec.layers, plan.shapes, strict=True)
            if isinstance(DISTANCES[layer.distance], LocalDistance)
        ]

    @property
    def has_places(self) -> bool:
        """Whether the distance of any layer has places."""
        return bool(self._layers)

    @cached_property
    def distances(self) -> Grid:
        """Per cell the weighted sum over the layers of the largest distance in it, as far as it is visible."""
        return self._summed_layers(CELL, self._shape) * self.visibility

    @cached_property
    def colours(self) -> Grid:
        """Per cell the largest ΔE of colour, less where there is detail, which masks it."""
        import numpy as np
        from scipy import ndimage

        found = self._extended(_by_cells(colour_map(*self._labs), CELL // STEP, np.maximum))
        detail = np.maximum(*(self._extended(_steps(side, np.add)) for side in self._sides))
        detail = ndimage.maximum_filter(detail / CELL**2, 3)
        masked: Grid = found / (1 + detail / MASKING)
        return masked

    @cached_property
    def _labs(self) -> tuple[Grid, Grid]:
        reference, candidate = self._sides
        return blurred_lab(reference), blurred_lab(candidate)

    def colour(self, noise: float = 0.0) -> tuple[Peak, float]:
        """The strongest place of ``colours``; or the change of the whole picture's ink where that says more.

        Args:
            noise: ΔE that noise may add where something is drawn.

        Returns:
            The place that stands out most, and as much of the noise as is granted there: all or nothing.
        """
        drawn, flat = (self.peak(self.colours * part) for part in (self._drawn, ~self._drawn))
        there = [(drawn, noise), (flat, 0.0), (Peak(self.ink, None), 0.0)]
        return max(there, key=lambda one: one[0].value / (NOTICEABLE + one[1]))

    @cached_property
    def _drawn(self) -> NDArray[np.bool_]:
        """Per cell whether something is drawn in it or beside it."""
        import numpy as np
        from scipy import ndimage

        drawn: NDArray[np.bool_] = ndimage.maximum_filter(self.texture > TEXTURE, 3).astype(np.bool_)
        return drawn

    @cached_property
    def ink(self) -> float:
        """How much another colour the whole picture's ink has, beside that of places."""
        return ink_change(*self._sides) * INK

    @cached_property
    def visibility(self) -> Grid:
        """Per cell how visible its change is, 0 to 1."""
        import numpy as np

        change = self._change
        bands = (change[rows].astype(np.float32) ** 2 for rows in _bands(self._height, self._width))
        squares = np.concatenate([_by_cells(band, CELL, np.add) for band in bands]) / CELL**2
        weights: Grid = self._extended(np.minimum(1, squares / VISIBLE))
        return weights

    @cached_property
    def _change(self) -> NDArray[Any]:
        return changes_of(*self._sides)

    @cached_property
    def texture(self) -> Grid:
        """Per cell the largest step between neighbouring pixels in either picture, in levels of 255."""
        import numpy as np

        return self._extended(np.maximum(*(_steps(side, np.maximum) for side in self._sides)))

    @cached_property
    def mean(self) -> float | None:
        """The distance of the picture, as far as it is visible; None if any layer has no places."""
        if len(self._layers) < len(self._spec.layers):
            return None
        sums = (maps.summed(layer.patches, layer.stride, CELL, self._shape) for layer in self._layers)
        return math.fsum(
            layer.weight * float((mine * self.visibility).sum()) / layer.positions
            for layer, mine in zip(self._layers, sums, strict=True)
        )

    def peak(self, grid: Grid) -> Peak:
        """The largest value of a grid, and its cell."""
        import numpy as np

        row, column = np.unravel_index(int(grid.argmax()), grid.shape)
        value = float(grid[row, column])
        if not value:
            return Peak(0.0, None)
        x = min(int(column) * CELL, (self._width - 1) // CELL * CELL)
        y = min(int(row) * CELL, (self._height - 1) // CELL * CELL)
        return Peak(value, Box(x, y, min(CELL, self._width - x), min(CELL, self._height - y)))

    def regions(self, labels: NDArray[np.int32], count: int) -> list[Place]:
        """What each region comes to.

        Features beside a change differ as well; they count for the nearest region.

        Args:
            labels: per cell of the pictures its region's number, from 1; 0 where nothing changed.
            count: how many there are.
        """
        import numpy as np
        from scipy import ndimage

        if not count:
            return []
        labels = self._extended(labels)
        nearest = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
        owners = labels[tuple(nearest)]
        numbers = range(1, count + 1)
        peaks, colours = (
            np.asarray(ndimage.maximum(grid, owners, numbers)) for grid in (self.distances, self.colours)
        )
        shares: list[dict[str, float]] = [{} for _ in range(count)]
        for layer in self._layers:
            sums = maps.summed(layer.patches, layer.stride, CELL, self._shape)
            by_region = np.bincount(owners.ravel(), weights=sums.ravel(), minlength=count + 1)[1:]
            for mine, value in zip(shares, by_region.tolist(), strict=True):
                mine[layer.tap] = layer.weight * value / layer.positions
        return [Place(*region) for region in zip(peaks.tolist(), colours.tolist(), shares, strict=True)]

    def noise(self) -> NoiseFloor:
        """How strong the differences of this pair are that rendering alone explains."""
        import numpy as np

        changed = self._extended(_by_cells(self._change, CELL, np.maximum)) > _NOTHING
        floor = noise_floor(self.distances, changed, self.texture > TEXTURE, *self._sides)
        height, width = self._labs[0].shape[:2]
        drawn = self._drawn.repeat(CELL // STEP, axis=0).repeat(CELL // STEP, axis=1)[:height, :width]
        colour = colour_noise(self.colours, changed, self._drawn, one_way(*self._labs, drawn))
        return replace(floor, colour=colour)

    def heat(self, layer: str | None = None, *, side: int = HEAT_SIDE, top: float | None = None) -> HeatMap | None:
        """The map that reports draw; None where nothing differs, or the distances have no places.

        Args:
            layer: the tap whose map it is, weighted; None for the sum of all.
            side: the most values along the longer side.
            top: the end of the scale; None for the largest possible value, or the power of 10 above the largest
                found where there is none.
        """
        import numpy as np

        stride = 1
        while max(self._height, self._width) > stride * side:
            stride *= 2
        shape = -(-self._extent[0] // stride), -(-self._extent[1] // stride)
        found = self._summed_layers(stride, shape, layer)
        found = found[: -(-self._height // stride), : -(-self._width // stride)]
        if not found.any():
            return None
        shown = tuple(one for one in self._spec.layers if one.tap == layer)
        most = ceiling(replace(self._spec, layers=shown) if shown else self._spec)
        top = top or most or 10.0 ** np.ceil(np.log10(float(found.max())))
        values = np.ceil(np.sqrt(np.minimum(1, found / top)) * 255).astype(np.uint8)
        return HeatMap(stride, values.shape[1], values.shape[0], values.tobytes(), float(top))

    def _summed_layers(self, cell: int, shape: tuple[int, int], only: str | None = None) -> Grid:
        import numpy as np

        found = np.zeros(shape, np.float32)
        for layer in self._layers:
            if only in (None, layer.tap):
                found += np.float32(layer.weight) * maps.largest(layer.patches, layer.stride, cell, shape)
        return found

    def _extended(self, grid: NDArray[_Value]) -> NDArray[_Value]:
        """As large as what the network saw: the last column and row repeated."""
        import numpy as np

        missing = [(0, whole - there) for whole, there in zip(self._shape, grid.shape, strict=True)]
        return np.pad(grid, missing, mode="edge")


@dataclass(frozen=True)
class _Layer:
    tap: str
    weight: float
    stride: int
    positions: int
    patches: Sequence[Patch]


def _steps(picture: Pixels, how: np.ufunc) -> Grid:
    """Per cell, combined: a pixel's largest step of a channel to the one on its right, or below."""
    import numpy as np

    cells = []
    for rows in _bands(*picture.shape[:2]):
        band, further = picture[rows], picture[1:][rows]
        found = np.zeros(band.shape[:2], np.float32)
        found[:, :-1] = changes_of(band[:, :-1], band[:, 1:])
        upper = found[: len(further)]
        np.maximum(upper, changes_of(band[: len(further)], further), out=upper)
        cells.append(_by_cells(found, CELL, how))
    return np.concatenate(cells)


def _bands(height: int, width: int) -> Iterator[slice]:
    """Whole rows of cells at a time, so that temporary arrays stay small."""
    rows = CELL * max(1, _PIXELS_AT_A_TIME // (CELL * width))
    return (slice(top, top + rows) for top in range(0, height, rows))


def _by_cells(values: NDArray[Any], side: int, how: np.ufunc) -> NDArray[Any]:
    """Values of each side×side cell combined."""
    for axis in (0, 1):
        values = how.reduceat(values, range(0, values.shape[axis], side), axis=axis)
    return values
