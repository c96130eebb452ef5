"""JSON, as ``run.schema.json`` beside this file describes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from percept_cli.reports import Report
from percept_cli.reports.data.rows import dumps, to_row

SCHEMA_VERSION = 2
_SIDES = ("reference", "candidate")
_EMPTY = "[]\n}"


class JsonReport(Report):
    """One document."""

    def render(self) -> Iterator[str]:
        """The whole run, result by result."""
        run = self.run
        document = {
            "schema_version": SCHEMA_VERSION,
            "tool": "percept",
            "version": run.version,
            "fingerprint": run.fingerprint,
            "spec": run.spec.as_dict(),
            "device": run.device,
            "engine": run.engine,
            "precision": run.spec.precision,
            "kind": run.kind,
            "complete": run.complete,
            "allow_empty": run.allow_empty,
            "allow_unmatched": run.allow_unmatched,
            "exit_code": int(run.exit_code if run.ended_with is None else run.ended_with),
            "folders": _by_side(run.folders),
            "origin": _by_side(run.origin),
            "shard": None if run.shard is None else asdict(run.shard),
            "summary": asdict(run.summary),
            "results": [],
        }
        yield dumps(document, indent=2).removesuffix(_EMPTY) + "["
        separator = "\n"
        for result in run.results:
            yield separator + textwrap.indent(dumps(to_row(result), indent=2), "    ")
            separator = ",\n"
        yield "]\n}\n" if separator == "\n" else "\n  ]\n}\n"


def _by_side(paths: tuple[str, str] | None) -> dict[str, str] | None:
    return None if paths is None else dict(zip(_SIDES, paths, strict=True))
