"""GitLab's code quality report: an array of findings, one for each picture that did not pass."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from percept_cli.reports import Style
from percept_cli.reports.ci.findings import boxes_in_words, outcome_of, reason_of, trouble_of, where
from percept_cli.reports.data.rows import dumps
from percept_cli.results.run import PairResult, Run, Status
from percept_cli.system.names import printable

_SEVERITIES: dict[Status, str] = {
    "error": "critical",
    "fail": "major",
    "missing": "major",
    "new": "minor",
    "warn": "info",
}


def render(run: Run, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has the same signature
    """The findings, in the order of the pairs."""
    separator = "[\n"
    for finding in _findings(run):
        yield separator + dumps(finding)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _findings(run: Run) -> Iterator[dict[str, Any]]:
    if trouble := trouble_of(run):
        yield _finding("run", trouble, "critical", ".", _fingerprint("", "run", 0))
    seen: Counter[tuple[str, str]] = Counter()
    for result in run.results:
        if outcome_of(result, run) in ("pass", "skipped"):
            continue
        key = result.name, result.status
        yield _finding(
            result.status,
            _description(result),
            _SEVERITIES[result.status],
            where(result) or printable(result.name),
            _fingerprint(*key, seen[key]),
        )
        seen[key] += 1


def _description(result: PairResult) -> str:
    boxes = boxes_in_words(result)
    return f"{printable(result.name)}: {reason_of(result)}" + (f"; regions {boxes}" if boxes else "")


def _fingerprint(name: str, status: str, repetition: int) -> str:
    # Of the name and the kind only, so that GitLab knows a difference again that another commit moves by a digit.
    # A list may have a name twice; a fingerprint that is there twice is shown once.
    text = "\0".join((name, status, *([str(repetition)] if repetition else ())))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _finding(kind: str, description: str, severity: str, path: str, fingerprint: str) -> dict[str, Any]:
    return {
        "description": description,
        "check_name": f"percept-{kind}",
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
