"""CSV: one row per pair and layer, or one row per pair."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import get_args

from percept_cli.reports import RowReport
from percept_cli.reports.data.columns import PAIR, Cell, cells_of, tail_of
from percept_cli.results.found import GateName
from percept_cli.results.pair import PairResult

_LAYER = ("layer", "layer_distance", "layer_weight", "contribution", "share")
_GATES = [f"{what}_{gate}" for gate in get_args(GateName) for what in ("gate", "limit")]
_CHECK = (*_GATES, "regions", "worst_region", "worst_kind")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, or leaves one behind when it is trimmed."""


class CsvReport(RowReport):
    """Cells: numbers unrounded, what is absent empty, UTF-8, lines ended by LF."""

    def head(self) -> str:
        """The names of the columns; those of a check have the gates, their limits and the worst region as well."""
        layers = self.run.spec.taps if self.style.wide else _LAYER
        return _line((*PAIR, *layers, *tail_of(self.run), *(_CHECK if self.run.kind == "check" else ())))

    def rows(self, result: PairResult) -> str:
        """One row, or one per layer."""
        cells = {name: _cell(value) for name, value in cells_of(result, self.run).items()}
        cells["seconds"] = f"{result.seconds:.6f}"
        pair, tail = ([cells[name] for name in names] for names in (PAIR, tail_of(self.run)))
        tail += _check(result) if self.run.kind == "check" else ()
        if self.style.wide:
            found = {layer.name: repr(layer.distance) for layer in result.layers}
            # Another recipe than the run's has other layers.
            return _line((*pair, *(found.get(tap, "") for tap in self.run.spec.taps), *tail))
        layers: list[tuple[str, ...]] = [
            (layer.name, *map(repr, (layer.distance, layer.weight, layer.contribution, layer.share)))
            for layer in result.layers
        ]
        # A pair that was not compared has no layers, but is not left out.
        layers = layers or [("",) * len(_LAYER)]
        return "".join(_line((*pair, *layer, *tail)) for layer in layers)


def _cell(value: Cell) -> Cell:
    """A cell as a spreadsheet takes it: numbers whole, and no text for a formula: ``./=1.png`` is ``=1.png``."""
    if isinstance(value, str):
        return f"./{value}" if value.startswith(_FORMULA) else value
    return repr(value) if isinstance(value, float) else value


def _check(result: PairResult) -> tuple[str, ...]:
    """What ``_CHECK`` names; the limit is the one that fails."""
    if result.evidence is None:
        return ("",) * len(_CHECK)
    # Those of the rest of two sizes are no gates of the pair.
    gates = {} if result.evidence.fit else {gate.name: gate for gate in result.evidence.gates}
    cells: list[str] = []
    for name in get_args(GateName):
        gate = gates.get(name)
        cells += ["", ""] if gate is None else [repr(gate.value), "" if gate.fail is None else repr(gate.fail)]
    worst = next(((str(region.box), region.kind) for region in result.evidence.regions), ("", ""))
    return (*cells, str(result.evidence.regions_in_all), *worst)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    # None is written as an empty cell. Only what is part of the end of a line is quoted, and a name may hold a CR.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"
