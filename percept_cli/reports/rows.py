"""Results ↔ rows: the plain data that JSON and JSON Lines write, and that a resumed run reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from percept_cli.results import FileStamp, PairResult


def to_row(result: PairResult) -> dict[str, Any]:
    """A result as JSON has it. JSON has no NaN: a distance that is not finite is null."""
    return {
        "name": result.name,
        "reference": result.reference,
        "candidate": result.candidate,
        "width": result.width,
        "height": result.height,
        "status": result.status,
        "reason": "; ".join((result.reason, *result.notes)),
        "distance": _finite(result.distance),
        "threshold": result.threshold,
        "weight": result.weight,
        "layers": [
            {
                "name": layer.name,
                "distance": _finite(layer.distance),
                "weight": layer.weight,
                "contribution": _finite(layer.contribution),
                "share": _finite(layer.share),
            }
            for layer in result.layers
        ],
        "seconds": round(result.seconds, 6),
        "files": {"reference": _stamp(result.reference_file), "candidate": _stamp(result.candidate_file)},
        "extra": dict(result.extra),
    }


def to_line(result: PairResult, fingerprint: str) -> str:
    """A result as one line of JSON Lines: its row and the recipe's fingerprint."""
    return dumps(to_row(result) | {"fingerprint": fingerprint}) + "\n"


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON as text that is valid UTF-8 whatever the names of files hold."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are no text; as \\udcXX they are valid JSON and valid UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def stamps_of(row: Mapping[str, Any]) -> tuple[FileStamp, FileStamp]:
    """The two stamps of a row.

    Raises:
        KeyError, TypeError: if it has none.
    """
    reference, candidate = (FileStamp(**row["files"][side]) for side in ("reference", "candidate"))
    return reference, candidate


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _stamp(stamp: FileStamp | None) -> dict[str, Any] | None:
    return None if stamp is None else asdict(stamp)
