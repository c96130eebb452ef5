"""CSV: one row per pair and layer, or one row per pair."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from percept_cli.judging.rules import GATES
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports import Style
from percept_cli.reports.data.rows import dumps
from percept_cli.results.run import PairResult

_PAIR = (
    "name",
    "reference",
    "candidate",
    "width",
    "height",
    "status",
    "reason",
    "view",
    "distance",
    "threshold",
    "weight",
)
_LAYER = ("layer", "layer_distance", "layer_weight", "contribution", "share")
_TAIL = ("seconds", "fingerprint", "extra")
_CHECK = (*(name for gate in GATES for name in (f"gate_{gate}", f"level_{gate}")), "regions", "worst_region")


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula, or leaves one behind when it is trimmed."""


def head(spec: DistanceSpec, style: Style) -> str:
    """The names of the columns; those of a check have the gates, their levels and the worst region as well.

    ``view`` is that view of several that the rest of a row is of, empty where there is one.
    """
    return _line((*_PAIR, *(spec.taps if style.wide else _LAYER), *_TAIL, *(_CHECK if style.checks else ())))


def rows(result: PairResult, spec: DistanceSpec, style: Style) -> str:
    """The rows of one result; numbers unrounded, what is absent empty, UTF-8, lines ended by LF."""
    pair = _pair(result)
    fingerprint = result.fingerprint or spec.fingerprint
    tail: tuple[str, ...] = (
        f"{result.seconds:.6f}",
        fingerprint,
        dumps(dict(result.extra)) if result.extra else "",
    )
    tail += _check(result) if style.checks else ()
    if style.wide:
        found = {layer.name: repr(layer.distance) for layer in result.layers}
        distances = [found.get(tap, "") for tap in spec.taps]  # another recipe than the run's has other layers
        return _line((*pair, *distances, *tail))
    lines = [
        _line(
            (*pair, layer.name, *map(repr, (layer.distance, layer.weight, layer.contribution, layer.share)), *tail)
        )
        for layer in result.layers
    ]
    # A pair that was not compared has no layers, but is not left out.
    return "".join(lines) or _line((*pair, *[""] * len(_LAYER), *tail))


def _pair(result: PairResult) -> tuple[object, ...]:
    return (
        _no_formula(result.name),
        _no_formula(result.reference),
        _no_formula(result.candidate),
        result.width,
        result.height,
        result.status,
        _no_formula("; ".join((result.reason, *result.notes))),  # it may begin with the name of a file
        str(result.view) if result.views else "",
        repr(result.distance) if result.compared else None,
        None if result.threshold is None else repr(result.threshold),
        repr(result.weight),
    )


def _no_formula(name: str | None) -> str | None:
    """A file's name as a spreadsheet takes it for text: ``./=1.png`` is the file ``=1.png``."""
    return f"./{name}" if name is not None and name.startswith(_FORMULA) else name


def _check(result: PairResult) -> tuple[str, ...]:
    """What ``_CHECK`` names; the gate ``distance`` counts what of the pair's distance is visible."""
    if result.evidence is None:
        return ("",) * len(_CHECK)
    gates = {gate.name: gate for gate in result.evidence.gates}
    cells: list[str] = []
    for name in GATES:
        gate = gates.get(name)
        cells += ["", ""] if gate is None else [repr(gate.value), "" if gate.fail is None else repr(gate.fail)]
    worst = next((str(region.box) for region in result.evidence.regions), "")
    return (*cells, str(result.evidence.regions_in_all), worst)


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    # None is written as an empty cell. Only what is part of the end of a line is quoted, and a name may hold a CR.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n") + "\n"
