"""GitLab's code quality report: an array of findings, one for each picture that did not pass."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from percept_cli.reports import Report
from percept_cli.reports.data.rows import dumps
from percept_cli.reports.findings import boxes_in_words, outcome_of, reason_of, trouble_of, where
from percept_cli.results.pair import PairResult
from percept_cli.results.status import Status
from percept_cli.system.names import printable

_SEVERITIES: dict[Status, str] = {
    "error": "critical",
    "fail": "major",
    "missing": "major",
    "new": "minor",
    "warn": "info",
}


class GitLabReport(Report):
    """The findings, in the order of the pairs."""

    def render(self) -> Iterator[str]:
        """An array, finding by finding."""
        separator = "[\n"
        for finding in self._findings():
            yield separator + dumps(finding)
            separator = ",\n"
        yield "[]\n" if separator == "[\n" else "\n]\n"

    def _findings(self) -> Iterator[dict[str, Any]]:
        if trouble := trouble_of(self.run):
            yield _finding("run", trouble, "critical", ".", _fingerprint("", "run", 0))
        seen: Counter[tuple[str, str]] = Counter()
        for result in self.run.results:
            outcome = outcome_of(result, self.run)
            if outcome in ("pass", "skipped"):
                continue
            key = result.name, result.status
            yield _finding(
                result.status,
                _description(result),
                _SEVERITIES["warn" if outcome == "warn" else result.status],
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
