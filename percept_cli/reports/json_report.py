"""JSON, as ``run.schema.json`` beside this file describes it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from percept_cli.reports import Style
from percept_cli.results import PairResult, Run

SCHEMA_VERSION = 1


def render(run: Run, style: Style) -> str:  # noqa: ARG001 - every format has the same signature
    """The whole run as one JSON document. JSON has no NaN: a distance that is not finite is null."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": "percept",
        "version": run.version,
        "fingerprint": run.fingerprint,
        "spec": run.spec.as_dict(),
        "device": run.device,
        "precision": run.spec.precision,
        "summary": asdict(run.summary),
        "results": [_pair(result) for result in run.results],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are no text; as \udcXX they are valid JSON and valid UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _pair(result: PairResult) -> dict[str, Any]:
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
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
