"""Workflow commands of GitHub Actions: annotations at the pictures that did not pass, the worst first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from percept_cli.reports import Report
from percept_cli.reports.findings import (
    Outcome,
    boxes_in_words,
    most_in,
    outcome_of,
    reason_of,
    trouble_of,
    where,
)
from percept_cli.results.pair import PairResult, badness
from percept_cli.results.verdict import judge_run
from percept_cli.system.names import printable

MOST = 10
"""Annotations of one kind that GitHub shows per step; further ones are dropped without a word."""

_KINDS: dict[str, tuple[Outcome, ...]] = {"error": ("fail", "error"), "warning": ("warn",)}


class GitHubReport(Report):
    """Errors, then warnings, as many as GitHub shows of each; last a notice with the verdict and how many more."""

    def render(self) -> Iterator[str]:
        """A command a line."""
        trouble = trouble_of(self.run)
        if trouble:
            yield _command("error", trouble, title="percept")
        left_out = 0
        for kind, outcomes in _KINDS.items():
            room = MOST - (kind == "error" and bool(trouble))
            found = 0
            # Results may be read from disk, so that no more of them are held than are told.
            for result in heapq.nsmallest(room, self._those(outcomes), key=badness):
                yield _annotation(kind, result)
                found += 1
            if found == room:
                left_out += sum(1 for _ in self._those(outcomes)) - found
        status, reason = judge_run(self.run)
        more = f"; {left_out} more did not pass; see the whole report" if left_out else ""
        yield _command("notice", f"{status.upper()}: {reason}{more}", title="percept")

    def _those(self, outcomes: tuple[Outcome, ...]) -> Iterator[PairResult]:
        return (result for result in self.run.results if outcome_of(result, self.run) in outcomes)


def _annotation(kind: str, result: PairResult) -> str:
    told = [reason_of(result)]
    if boxes := boxes_in_words(result):
        told.append(f"regions (x,y,width,height): {boxes}")
    if result.status in ("fail", "warn") and most_in(result):
        told.append(f"top layer: {most_in(result)}")
    title = f"percept {result.status}: {printable(result.name)}"
    return _command(kind, "\n".join(told), file=where(result), title=title)


def _command(kind: str, message: str, **properties: str | None) -> str:
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value is not None)
    return f"::{kind} {given}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
