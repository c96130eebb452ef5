"""TAP, the Test Anything Protocol, version 14: one test point per pair, with what failed as YAML.

The YAML is written by hand: it is the small part of it that old readers of TAP take, with JSON's strings.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from percept_cli.reports import Report
from percept_cli.reports.findings import most_in, outcome_of, reason_of, trouble_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.verdict import judge_run
from percept_cli.system.names import printable

_DIRECTIVE = re.compile(r"#(?=\s*(?:todo|skip))", re.IGNORECASE)


class TapReport(Report):
    """A test point per pair. An error is a test that fails, and no bail-out."""

    def render(self) -> Iterator[str]:
        """The plan, the points, and the verdict as a comment."""
        run = self.run
        trouble = trouble_of(run)
        yield f"TAP version 14\n1..{len(run.results) + bool(trouble)}\n"
        for number, result in enumerate(run.results, start=1):
            yield _point(number, result, run)
        if trouble:
            yield f"not ok {len(run.results) + 1} - {_escaped(trouble)}\n"
        yield f"# {': '.join(judge_run(run))}\n"


def _point(number: int, result: PairResult, run: Run) -> str:
    outcome = outcome_of(result, run)
    line = f"{number} - {_escaped(printable(result.name))}"
    if outcome == "skipped":
        return f"ok {line} # SKIP {_escaped(reason_of(result))}\n"
    if outcome == "pass" and not result.notes and result.status == "pass":
        return f"ok {line}\n"
    told = _diagnostics(result) if outcome != "pass" else {"message": reason_of(result), "severity": result.status}
    lines = _yaml(told, "  ")
    return "\n".join((f"{'ok' if outcome in ('pass', 'warn') else 'not ok'} {line}", "  ---", *lines, "  ...", ""))


def _escaped(text: str) -> str:
    # Readers of older versions know no escapes, and to them a failed "a # TODO.png" would be no failure.
    text = _DIRECTIVE.sub(r"\\x23", text)
    return text.replace("\\", "\\\\").replace("#", "\\#")


def _diagnostics(result: PairResult) -> dict[str, Any]:
    told: dict[str, Any] = {
        "message": reason_of(result),
        "severity": result.status,
        "reference": result.reference,
        "candidate": result.candidate,
    }
    if result.compared:
        told |= {"distance": result.distance, "top layer": most_in(result)}
    if result.evidence is not None:
        told["gates"] = [_plain(asdict(gate)) for gate in result.evidence.gates]
        if result.evidence.fit is not None:
            told["fit"] = str(result.evidence.fit)
        told["regions"] = [_plain(asdict(region)) for region in result.evidence.regions]
    return told


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """A gate or a region as YAML shows it: places as the command line takes them, nothing that is absent."""
    for key in ("at", "box"):
        if entry.get(key) is not None:
            entry[key] = ",".join(map(str, entry[key].values()))
    return {key: value for key, value in entry.items() if value not in (None, "") and value is not False}


def _yaml(entries: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:" + ("" if value else " {}")
            yield from _yaml(value, f"{indent}  ")
        elif (
            isinstance(value, Sequence) and not isinstance(value, str) and value and isinstance(value[0], Mapping)
        ):
            yield f"{indent}{key}:"
            for item in value:
                first, *rest = _yaml(item, f"{indent}    ")
                yield f"{indent}  - {first.strip()}"
                yield from rest
        elif value is not None:
            yield f"{indent}{key}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(printable(value), ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[repr(value)]
    text = repr(value)
    # Without a point, older readers of YAML take 1e-10 for a word.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text
