"""A pair and what was learned of its image → the values and limits that its gates are judged by.

A gate with places looks at the cell that exceeds the limit of its place by most, which need not be the strongest:
noise that was learned in one place excuses nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.evidence.blocks import cell_at, cells_of
from percept_cli.evidence.noise import NO_NOISE
from percept_cli.evidence.sight import Sight
from percept_cli.geometry import Box
from percept_cli.judging.gates import WARN, Measures, least_limit, levels_learned, own_levels
from percept_cli.judging.learned import PLACED, LearnedImage, Observed, Placed
from percept_cli.judging.noise_file import NoiseFile, read_noise_file
from percept_cli.judging.precedence import takes_learned
from percept_cli.judging.rules import OFF, Levels, Percent, Rules
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import GateName, Level
from percept_cli.results.pair import PairResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.evidence.seen import Seen

    Grid = NDArray[np.float32]


class NoiseFiles:
    """The noise files of a run, each as it was when it was first needed, whatever becomes of it meanwhile."""

    def __init__(self) -> None:
        self._read: dict[Path, NoiseFile] = {}

    def read(self, path: Path) -> NoiseFile:
        """One of them.

        Raises:
            UnreadableNoiseFile: if it cannot be read.
        """
        if path not in self._read:
            self._read[path] = read_noise_file(path)
        return self._read[path]

    def entry_for(
        self, result: PairResult, rules: Rules, sight: Sight, spec: DistanceSpec
    ) -> tuple[LearnedImage | None, tuple[str, ...]]:
        """What was learned of a picture; or None, and a note where that does not count.

        Raises:
            UnreadableNoiseFile: if the file that its rules name cannot be read.
        """
        path = rules.noise_file
        if path is None:
            return None, ()
        size = sight.width, sight.height
        entry = self.read(path).entry_for(result.name, result.reference_file, spec.fingerprint, size)
        return (None, (entry,)) if isinstance(entry, str) else (entry, ())


@dataclass(frozen=True)
class ByPlace:
    """How a pair is judged by what was learned."""

    measures: Measures
    """With the learned levels, and with the cells that decide."""
    shares: Mapping[Placed, Grid]
    """Per cell its value as a share of the limit of its place; only of gates that are judged so."""

    def status_of(self, gate: Placed, box: Box) -> Level | None:
        """What a gate says of a region; None where it is not judged by place."""
        if gate not in self.shares:
            return None
        share = float(self.shares[gate][cells_of(box)].max(initial=0))
        return "fail" if share > 1 else "warn" if share > WARN else "pass"


def by_place(
    entry: LearnedImage,
    found: Measures,
    rules: Rules,
    seen: Seen | None,
    size: tuple[int, int],
) -> ByPlace:
    """Put what was learned of an image over the limits that its gates have without.

    Args:
        entry: what was learned.
        found: what was measured.
        rules: of the picture.
        seen: where it differs; None of equal pictures.
        size: width and height of the pictures.
    """
    grids = {} if seen is None else _grids(seen)
    learned = dict[GateName, Levels]()
    shares: dict[Placed, Grid] = {}
    changes: dict[str, object] = {}
    for name, most in entry.largest.items():
        least = _least(name, rules, found)
        if least is None:
            continue
        if isinstance(least, Percent):
            share = 100 * most / found.pixels if found.pixels else 0.0
            learned[name] = levels_learned(Percent(min(100.0, entry.limit(share, least))), entry.source)
            continue
        learned[name] = levels_learned(entry.limit(most, least), entry.source)
        gate = next((gate for gate in PLACED if gate == name and gate in grids), None)
        if gate is None:
            continue
        shares[gate] = grids[gate] / entry.limits(gate, grids[gate].shape, least)
        cell = _Cell.worst(entry, gate, grids[gate], shares[gate], size)
        limit_of_ink = entry.limit(entry.ink, least)
        ink = 0.0 if seen is None else seen.places.ink
        if gate == "colour" and limit_of_ink and ink / limit_of_ink >= cell.share:
            learned[name] = levels_learned(limit_of_ink, entry.source)
            changes |= {"colour": ink, "colour_at": None}
        elif cell.value:
            learned[name] = levels_learned(cell.value / cell.share, cell.source)
            changes |= {gate: cell.value, f"{gate}_at": cell.at}
    return ByPlace(replace(found, learned=learned, **changes), shares)  # type: ignore[arg-type] # by name


def _grids(seen: Seen) -> dict[Placed, Grid]:
    """Per gate that has places, its value in each cell."""
    colours: dict[Placed, Grid] = {"colour": seen.places.colours}
    return colours if seen.peak is None else colours | {"peak": seen.places.distances}


def excess_of(
    entry: LearnedImage, found: Observed, rules: Rules, *, by_default: bool
) -> tuple[float, GateName | None]:
    """How many times what was learned from others the worst gate of a rendering is, and which gate that is.

    Args:
        entry: what was learned.
        found: the rendering.
        rules: of the picture.
        by_default: whether it was measured by the default preset.
    """
    import numpy as np

    measures = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE, by_default=by_default)
    worst: tuple[float, GateName | None] = 0.0, None
    for name, value in found.largest.items():
        least = _least(name, rules, measures)
        if least is None or isinstance(least, Percent):
            continue
        shares = [value / limit for limit in (entry.limit(entry.largest[name], least),) if limit]
        for gate in PLACED:
            if gate == name:
                blocks = found.places[gate][0]
                limits = entry.limits_of_blocks(gate, blocks.shape, least)
                shares = [float(np.max(blocks / limits, initial=0))] if least else []
        if name == "colour" and least:
            shares.append(found.colour_of_ink / entry.limit(entry.ink, least))
        worst = max(worst, *((share, name) for share in shares), key=lambda one: one[0])
    return worst


def _least(name: GateName, rules: Rules, found: Measures) -> float | None:
    """The least limit of a gate that the noise file has a say in; None for the others."""
    own = own_levels(name, rules.noise, found)
    if not takes_learned(rules.typed.get(name), rules.levels.get(name), own):
        return None
    least = least_limit(name, rules, found)
    return None if least == OFF else least


@dataclass(frozen=True)
class _Cell:
    value: float
    share: float
    at: Box | None
    source: str

    @staticmethod
    def worst(entry: LearnedImage, gate: Placed, grid: Grid, shares: Grid, size: tuple[int, int]) -> _Cell:
        """The cell that exceeds the limit of its place by most, or comes nearest to it."""
        import numpy as np

        row, column = map(int, np.unravel_index(int(shares.argmax()), shares.shape))
        here = "" if entry.is_noisy(gate, row, column) else "; no noise in this place"
        value, share = float(grid[row, column]), float(shares[row, column])
        return _Cell(value, share, cell_at(row, column, *size), f"{entry.source}{here}")
