"""CSV: one row per pair and layer, or one row per pair."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from percept_cli.reports import Style
from percept_cli.reports.rows import dumps
from percept_cli.results import PairResult
from percept_cli.rules import GATES
from percept_cli.spec import DistanceSpec

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
        result.name,
        result.reference,
        result.candidate,
        result.width,
        result.height,
        result.status,
        "; ".join((result.reason, *result.notes)),
        str(result.view) if result.views else "",
        repr(result.distance) if result.compared else None,
        None if result.threshold is None else repr(result.threshold),
        repr(result.weight),
    )


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
    csv.writer(out, lineterminator="\n").writerow(cells)  # None is written as an empty cell
    return out.getvalue()
