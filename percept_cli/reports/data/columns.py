"""What a table with one row per pair says of it: the columns that CSV and Parquet have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping

from percept_cli.reports.data.rows import dumps
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run

Cell = str | int | float | None

PAIR: Mapping[str, type] = {
    "name": str,
    "reference": str,
    "candidate": str,
    "width": int,
    "height": int,
    "status": str,
    "reason": str,
    "view": str,
    "distance": float,
    "severity": float,
    "like": str,
    "threshold": float,
    "weight": float,
}
"""Before what a table says of the layers. ``view`` is that view of several that the rest of a row is of."""
TAIL: Mapping[str, type] = {"seconds": float, "fingerprint": str, "extra": str}
"""Behind it."""
SHARD: Mapping[str, type] = {"shard": str, "position": int}
"""Behind that, of a shard."""


def tail_of(run: Run) -> Mapping[str, type]:
    """What a table of a run has behind what it says of the layers."""
    return {**TAIL, **SHARD} if run.shard is not None else TAIL


def cells_of(result: PairResult, run: Run) -> dict[str, Cell]:
    """The cells of ``PAIR``, ``TAIL`` and ``SHARD`` by their columns; None where there is nothing to say."""
    return {
        "name": result.name,
        "reference": result.reference,
        "candidate": result.candidate,
        "width": result.width,
        "height": result.height,
        "status": result.status,
        "reason": "; ".join((result.reason, *result.notes)),
        "view": str(result.view) if result.views else None,
        "distance": result.distance if result.compared else None,
        "severity": result.severity if math.isfinite(result.severity) else None,
        "like": None if result.like is None else result.like.words,
        "threshold": result.threshold,
        "weight": result.weight,
        "seconds": round(result.seconds, 6),
        "fingerprint": result.fingerprint or run.fingerprint,
        "extra": dumps(dict(result.extra)) if result.extra else None,
    } | ({} if run.shard is None else {"shard": str(run.shard), "position": _number(result)})


def _number(result: PairResult) -> int | None:
    return None if result.position is None else result.position.number
