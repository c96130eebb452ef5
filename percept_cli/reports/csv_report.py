"""CSV: one row per pair and layer, or one row per pair."""

from __future__ import annotations

import csv
import io

from percept_cli.reports import Style
from percept_cli.results import PairResult, Run

_PAIR = ("name", "reference", "candidate", "width", "height", "status", "reason", "distance", "threshold")
_LAYER = ("layer", "layer_distance", "weight", "contribution", "share")
_RUN = ("seconds", "fingerprint")


def render(run: Run, style: Style) -> str:
    """A header, then rows; numbers unrounded, an absent threshold empty, UTF-8, lines ended by LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if style.wide:
        writer.writerow((*_PAIR, *run.spec.taps, *_RUN))
        for result in run.results:
            distances = (repr(layer.distance) for layer in result.layers)
            writer.writerow((*_pair(result), *distances, *_tail(run, result)))
    else:
        writer.writerow((*_PAIR, *_LAYER, *_RUN))
        for result in run.results:
            for layer in result.layers:
                numbers = (layer.distance, layer.weight, layer.contribution, layer.share)
                writer.writerow((*_pair(result), layer.name, *map(repr, numbers), *_tail(run, result)))
    return out.getvalue()


def _pair(result: PairResult) -> tuple[object, ...]:
    return (
        result.name,
        result.reference,
        result.candidate,
        result.width,
        result.height,
        result.status,
        "; ".join((result.reason, *result.notes)),
        repr(result.distance),
        "" if result.threshold is None else repr(result.threshold),
    )


def _tail(run: Run, result: PairResult) -> tuple[object, ...]:
    return (f"{result.seconds:.6f}", run.fingerprint)
