"""CSV: one row per pair and layer, or one row per pair."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from percept_cli.reports import Style
from percept_cli.reports.rows import dumps
from percept_cli.results import PairResult
from percept_cli.spec import DistanceSpec

_PAIR = (
    "name",
    "reference",
    "candidate",
    "width",
    "height",
    "status",
    "reason",
    "distance",
    "threshold",
    "weight",
)
_LAYER = ("layer", "layer_distance", "layer_weight", "contribution", "share")
_TAIL = ("seconds", "fingerprint", "extra")


def head(spec: DistanceSpec, style: Style) -> str:
    """The names of the columns."""
    return _line((*_PAIR, *(spec.taps if style.wide else _LAYER), *_TAIL))


def rows(result: PairResult, spec: DistanceSpec, style: Style) -> str:
    """The rows of one result; numbers unrounded, what is absent empty, UTF-8, lines ended by LF."""
    pair = _pair(result)
    tail = (f"{result.seconds:.6f}", spec.fingerprint, dumps(dict(result.extra)) if result.extra else "")
    if style.wide:
        distances = [repr(layer.distance) for layer in result.layers] or [""] * len(spec.taps)
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
        repr(result.distance) if result.compared else None,
        None if result.threshold is None else repr(result.threshold),
        repr(result.weight),
    )


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)  # None is written as an empty cell
    return out.getvalue()
