"""JSON, as ``run.schema.json`` beside this file describes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from percept_cli.reports import Style
from percept_cli.reports.rows import dumps, to_row
from percept_cli.results import Run

SCHEMA_VERSION = 1
_SIDES = ("reference", "candidate")
_EMPTY = "[]\n}"


def render(run: Run, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has the same signature
    """The whole run as one JSON document, result by result."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": "percept",
        "version": run.version,
        "fingerprint": run.fingerprint,
        "spec": run.spec.as_dict(),
        "device": run.device,
        "precision": run.spec.precision,
        "complete": run.complete,
        "folders": None if run.folders is None else dict(zip(_SIDES, run.folders, strict=True)),
        "summary": asdict(run.summary),
        "results": [],
    }
    yield dumps(document, indent=2).removesuffix(_EMPTY) + "["
    separator = "\n"
    for result in run.results:
        yield separator + textwrap.indent(dumps(to_row(result), indent=2), "    ")
        separator = ",\n"
    yield "]\n}\n" if separator == "\n" else "\n  ]\n}\n"
