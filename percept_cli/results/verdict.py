"""A whole run in one line."""

from __future__ import annotations

from typing import Literal

from percept_cli.errors import ExitCode
from percept_cli.results.run import Run, Summary
from percept_cli.results.status import Status
from percept_cli.system.names import counted

Verdict = Status | Literal["empty"]
"""Of a run: ``empty`` where nothing was compared, and that is allowed."""


def judge_run(run: Run) -> tuple[Verdict, str]:
    """A whole run in one line, as its exit code says it: the word, and the reason."""
    found = run.summary
    facts = _facts(found, "limits" if run.kind == "check" else "threshold")
    if not run.complete:
        facts.append("the run ended before its last pair")
    return _word(run), "; ".join(facts)


def _word(run: Run) -> Verdict:
    if run.exit_code in (ExitCode.INPUT, ExitCode.UNAVAILABLE) or (not run.complete and not run.exit_code):
        return "error"  # half a run has passed nothing
    if run.exit_code is ExitCode.ABOVE:
        return "fail"
    found = run.summary
    if found.not_compared == found.pairs:
        return "empty"
    if found.within or found.tolerated:
        return "pass"
    return "warn" if found.warned else "measured"


def _facts(found: Summary, limits: str) -> list[str]:
    facts = []
    if not found.pairs or found.not_compared == found.pairs:
        facts.append("nothing was compared" + (f" of {counted(found.pairs, 'pair')}" if found.pairs else ""))
    of = counted(found.pairs, "pair")
    if found.errors:
        facts.append(f"{found.errors} of {of} could not be compared")
    if found.failed:
        facts.append(f"{found.failed} of {of} failed")
    if found.warned:
        facts.append(f"{found.warned} of {of} warned")
    if found.tolerated:
        facts.append(f"{found.tolerated} of {of} tolerated")
    if found.new or found.missing:
        facts.append(f"{found.missing} missing, {found.new} new")
    if found.within and not found.failed and not found.warned:
        facts.append(f"{counted(found.within, 'pair')} within the {limits}")
    if found.measured:
        facts.append(f"{counted(found.measured, 'pair')} measured, without a limit")
    if 0 < found.not_compared < found.pairs:
        facts.append(f"nothing was compared of {counted(found.not_compared, 'pair')}")
    return facts
