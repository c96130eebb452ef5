"""One right rendering of an image → what it came to beside its baseline, measured now or taken from a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.errors import PerceptError
from percept_cli.evidence.blocks import cells_of
from percept_cli.evidence.pixels import CELL
from percept_cli.evidence.sight import Sight
from percept_cli.images.limits import Limits
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.learned import Observed, observed_places
from percept_cli.judging.rules import Rules
from percept_cli.pairs import Pair
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import HeatMap
from percept_cli.results.pair import PairResult
from percept_cli.system.names import posix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.engine.transfer import Contribution

    Grid = NDArray[np.float32]


class ObservingJudge(GateJudge):
    """Gives no verdicts: it keeps what each pair came to until someone takes it; a ``Judge``."""

    fits_sizes = False  # what is left of another size lies elsewhere: nothing can be learned from it

    def __init__(self, rules: Callable[[str], Rules]) -> None:
        super().__init__(rules)
        self._kept: dict[str, list[Observed]] = {}

    def judged(
        self, result: PairResult, pair: Pair, sight: Sight, found: Sequence[Contribution], spec: DistanceSpec
    ) -> PairResult:
        """The result as it is; what was seen in this view is kept."""
        seen = _observed(result, sight, found, spec)
        if seen is not None and result.scored:
            self._kept.setdefault(key_of(pair.reference, pair.candidate), []).append(seen)
        return result

    def failed(self, result: PairResult, pair: Pair, error: PerceptError, limits: Limits) -> PairResult:  # noqa: ARG002
        """An error, of two sizes too: nothing can be learned from them."""
        return result

    def unmatched(self, result: PairResult, pair: Pair, limits: Limits | None) -> PairResult:  # noqa: ARG002
        """As it is: new or missing."""
        return result

    def take(self, result: PairResult) -> Observed | None:
        """What was kept of a pair, of all its views the largest values; None where nothing was compared."""
        views = self._kept.pop(key_of(result.reference, result.candidate), [])
        return None if not views else _largest_of(views)


def key_of(reference: object, candidate: object) -> str:
    """What a pair is known by between the judge, which sees it, and whoever gets its result."""
    return f"{reference and posix(str(reference))}\0{candidate and posix(str(candidate))}"


def _observed(
    result: PairResult, sight: Sight, found: Sequence[Contribution], spec: DistanceSpec
) -> Observed | None:
    import numpy as np

    from percept_cli.evidence.seen import places_of

    if result.reference_file is None:
        return None
    changes, size = sight.changes, (sight.width, sight.height)
    if changes is None or changes.ignored == sight.width * sight.height:
        grid = np.zeros((math.ceil(sight.height / CELL), math.ceil(sight.width / CELL)), np.float32)
        return _of_grids(result, 0.0, 0.0, 0, grid, grid)
    seen = places_of(spec, found, changes, sight.plan, with_noise=False)
    colours = seen.places.colours
    distances = np.zeros_like(colours) if seen.peak is None else seen.places.distances
    overall = result.distance if seen.mean is None else seen.mean
    rows, columns = (math.ceil(side / CELL) for side in reversed(size))
    # What the network saw beyond the edge of a tiny picture is no place in it.
    shown = [_folded(grid, rows, columns) for grid in (distances, colours)]
    return _of_grids(result, overall, seen.places.ink, changes.pixels, *shown)


def _folded(grid: Grid, rows: int, columns: int) -> Grid:
    """Cells beyond the picture's edge put into its last ones, as ``cell_at`` names them."""
    import numpy as np

    found = np.maximum.reduceat(grid, range(min(rows, grid.shape[0])), axis=0)
    folded: Grid = np.maximum.reduceat(found, range(min(columns, grid.shape[1])), axis=1)
    return folded


def _of_grids(
    result: PairResult, overall: float, ink: float, changed: int, distances: Grid, colours: Grid
) -> Observed:
    assert result.reference_file is not None and result.width is not None and result.height is not None
    size = result.width, result.height
    return Observed(
        result.reference_file.sha256,
        *size,
        overall,
        ink,
        changed,
        {"peak": observed_places(distances, *size), "colour": observed_places(colours, *size)},
        result.fingerprint,
    )


def _largest_of(views: Sequence[Observed]) -> Observed:
    import numpy as np

    first = views[0]
    places = {
        gate: tuple(np.maximum.reduce([view.places[gate][part] for view in views]) for part in (0, 1))
        for gate in first.places
    }
    return replace(
        first,
        overall=max(view.overall for view in views),
        colour_of_ink=max(view.colour_of_ink for view in views),
        changed_pixels=max(view.changed_pixels for view in views),
        places=places,
    )


def observed_in(result: PairResult) -> tuple[Observed | None, bool]:
    """What a result in a report of ``percept check`` says of the noise of its image.

    A report has the largest value of each gate, and of each of its regions. So noise is taken to be as large all
    over a region as in its worst place, as far as the heat map allows; that has nothing of colour.

    Returns:
        What was observed, None of a result that was not compared; and whether the report names all regions.
    """
    import numpy as np

    evidence = result.evidence
    if evidence is None or result.width is None or result.height is None or result.reference_file is None:
        return None, True
    rows, columns = (math.ceil(side / CELL) for side in (result.height, result.width))
    distances, colours = (np.zeros((rows, columns), np.float32) for _ in range(2))
    # A cell's distance is the sum of the largest of each layer in it; the map has the largest of their sums.
    most = max(1, len(result.layers))
    heat = None if evidence.heat is None else most * _heat_in_cells(evidence.heat, rows, columns)
    for region in evidence.regions:
        place = cells_of(region.box)
        distances[place] = np.maximum(distances[place], region.peak)
        colours[place] = np.maximum(colours[place], region.colour)
    named_all = evidence.regions_in_all <= len(evidence.regions)
    if heat is not None:
        if not named_all:  # what is not named is no worse than the last that is
            rest = min(region.peak for region in evidence.regions)
            distances[distances == 0] = rest
        np.minimum(distances, heat, out=distances)
    gates = {gate.name: gate for gate in evidence.gates}
    grids = {"peak": distances, "colour": colours}
    for gate in evidence.gates:
        grid = grids.get(gate.name)
        if grid is not None and gate.at is not None:
            place = cells_of(gate.at)
            grid[place] = np.maximum(grid[place], gate.value)
    colour = gates.get("colour")
    ink = colour.value if colour is not None and colour.at is None else 0.0
    overall = gates["overall"].value if "overall" in gates else result.distance
    return _of_grids(result, overall, ink, evidence.changed_pixels, distances, colours), named_all


def _heat_in_cells(heat: HeatMap, rows: int, columns: int) -> Grid:
    """The largest value of a heat map in each cell, which is rounded up."""
    import numpy as np

    values = np.frombuffer(heat.values, np.uint8).reshape(heat.height, heat.width).astype(np.float32)
    values = np.float32(heat.top * 1.0001) * np.square(values / np.float32(255))
    if heat.stride < CELL:
        step = CELL // heat.stride
        for axis in (0, 1):
            values = np.maximum.reduceat(values, range(0, values.shape[axis], step), axis=axis)
    else:
        values = np.repeat(np.repeat(values, heat.stride // CELL, axis=0), heat.stride // CELL, axis=1)
    missing = [(0, max(0, want - there)) for want, there in zip((rows, columns), values.shape, strict=True)]
    found: Grid = np.pad(values, missing, mode="edge")[:rows, :columns]
    return found
