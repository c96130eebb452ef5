"""Features of pairs → what each layer's distance makes of them: the terms of a recipe's sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.distances import DISTANCES, LocalDistance, Partial, Patch
from percept_cli.engine.plan import Piece, Plan
from percept_cli.engine.regions import window
from percept_cli.engine.transfer import Contribution
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.topology import stride_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Rows = Callable[[str, int, int], "Tensor"]
"""Tap name, first row and the row behind the last → 1×C×R×W features of one picture."""
BandOfPairs = tuple[str, int, "Tensor", "Tensor"]
"""Tap name, the first row, and N×C×R×W features of R rows of references and of candidates."""


# Of a whole picture's features, so many bytes of rows at a time: two such bands and what is derived from them are
# little memory, and sums are made in one order, whether the features wait in memory or in a file.
_BAND_BYTES = 8 << 20


class LayerTerms:
    """The distances of a recipe, one for each layer, with what they have learned.

    Args:
        spec: the recipe.
        keeps_maps: whether contributions hold the distance of every position as well; those of pairs that differ
            in places only do so anyway (``Plan.keeps_map``).

    Raises:
        WeightsUnavailable: if a file of learned weights for channels is missing or altered.
    """

    def __init__(self, spec: DistanceSpec, *, keeps_maps: bool = False) -> None:
        self._spec = spec
        self._keeps_maps = keeps_maps
        self._distances = {layer.tap: DISTANCES[layer.distance].at_tap(layer.tap) for layer in spec.layers}

    def contributions(self, bands: Iterator[BandOfPairs], pieces: Sequence[Piece]) -> list[Contribution]:
        """What each piece's core adds at each tap, while the bands come.

        Args:
            bands: of N pairs, each row of a tap once; of taps that the recipe has.
            pieces: N, of one size.
        """
        found: list[Contribution] = [{} for _ in pieces]
        cores = {tap: [self.window(tap, piece) for piece in pieces] for tap in self._spec.taps}
        mapped = [self._keeps_maps or piece.plan.keeps_map for piece in pieces]
        for tap, first, reference, candidate in bands:
            distance = self._distances[tap]
            for members, (rows, columns) in _grouped(cores[tap]):
                top = max(rows.start - first, 0)
                bottom = min(rows.stop - first, reference.shape[2])
                if top >= bottom or columns.start >= columns.stop:
                    continue
                inside = (..., slice(top, bottom), columns)
                sides = reference[members][inside], candidate[members][inside]
                values = None
                if any(mapped[members]) and isinstance(distance, LocalDistance):
                    part, values = distance.contribute_map(*sides)
                else:
                    part = distance.contribute(*sides)
                for place, index in enumerate(range(members.start, members.stop)):
                    mine = Partial(tuple(sums[place : place + 1] for sums in part.sums), part.positions)
                    if values is not None and mapped[index]:
                        patch = self._patch(tap, pieces[index], first + top, columns.start, values[place])
                        mine = replace(mine, patches=(patch,))
                    found[index][tap] = distance.merge(found[index][tap], mine) if tap in found[index] else mine
        return found

    def between(self, reference: Rows, candidate: Rows, pieces: Sequence[Piece]) -> list[Contribution]:
        """What each piece adds, from features of both whole pictures.

        Args:
            reference: gives rows of features.
            candidate: likewise.
            pieces: of one pair, each of all its pixels; they differ in their cores.
        """
        return self.contributions(self._bands_between(reference, candidate, pieces), pieces)

    def _bands_between(self, reference: Rows, candidate: Rows, pieces: Sequence[Piece]) -> Iterator[BandOfPairs]:
        """Bands that some piece wants, of one pair as if it were as many as there are pieces."""
        for layer, shape in zip(self._spec.layers, pieces[0].plan.shapes, strict=True):
            windows = [self.window(layer.tap, piece)[0] for piece in pieces]
            for first, last in _bands(shape):
                if any(rows.start < last and first < rows.stop for rows in windows):
                    f, g = (side(layer.tap, first, last) for side in (reference, candidate))
                    yield layer.tap, first, *(one.expand(len(pieces), -1, -1, -1) for one in (f, g))  # type: ignore[misc] # two

    def of_side(self, picture: Rows, tap: str, shape: tuple[int, int, int]) -> Tensor:
        """The statistic of a whole picture at a tap whose distance is separable.

        Args:
            picture: gives rows of features.
            tap: the tap.
            shape: its channels, rows and columns.
        """
        parts = (self._distances[tap].of_side(picture(tap, first, last)) for first, last in _bands(shape))
        return sum(parts, start=next(parts))

    @property
    def works_at_the_end(self) -> bool:
        """Whether any distance has most of its work in ``finish``."""
        return any(distance.works_at_the_end for distance in self._distances.values())

    def finish(self, plan: Plan, parts: Sequence[Contribution], device: torch.device | None = None) -> list[float]:
        """The distance of every layer from what all pieces of a pair contribute, in the order of the spec.

        A layer to which no piece contributes has the distance 0: nothing that changed reaches it.

        Args:
            plan: of the pair.
            parts: what its pieces contribute, on the CPU.
            device: one with float64, for distances that have most of their work here; None for the CPU.
        """
        distances = []
        for layer, (channels, height, width) in zip(self._spec.layers, plan.shapes, strict=True):
            distance = self._distances[layer.tap]
            found = [part[layer.tap] for part in parts if layer.tap in part]
            if not found:
                distances.append(0.0)
                continue
            total = found[0]
            for part in found[1:]:
                total = distance.merge(total, part)
            if device is not None and distance.works_at_the_end:
                sums = tuple(one.to(device, non_blocking=True) for one in total.sums)
                total = replace(total, sums=sums)
            # Where nothing changed there was nothing to add, but those positions count as well.
            distances.append(float(distance.finish(Partial(total.sums, height * width), channels).item()))
        return distances

    def window(self, tap: str, piece: Piece) -> tuple[slice, slice]:
        """The rows and columns of a tap, computed on a piece, that count."""
        return window(self._spec.record.network, tap, piece.crop)

    def _patch(self, tap: str, piece: Piece, row: int, column: int, values: Tensor) -> Patch:
        """From the place in a crop to that in the whole picture."""
        stride, pixels = stride_of(self._spec.record.network, tap), piece.crop.pixels
        return Patch(pixels.top // stride + row, pixels.left // stride + column, values)


def _bands(shape: tuple[int, int, int]) -> Iterator[tuple[int, int]]:
    """The first row of each band of a tap, and the row behind its last."""
    channels, height, width = shape
    step = max(1, _BAND_BYTES // (4 * channels * width))
    return ((first, min(height, first + step)) for first in range(0, height, step))


def _grouped(windows: Sequence[tuple[slice, slice]]) -> Iterator[tuple[slice, tuple[slice, slice]]]:
    """Neighbours in a batch with the same window, which can be measured at once: mostly all of them."""
    first = 0
    for index in range(1, len(windows) + 1):
        if index == len(windows) or windows[index] != windows[first]:
            yield slice(first, index), windows[first]
            first = index
