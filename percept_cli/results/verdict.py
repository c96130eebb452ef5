"""A whole run in one line."""

from __future__ import annotations

from typing import Literal

from percept_cli.errors import ExitCode
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system.names import counted

Verdict = Status | Literal["empty"]
"""Of a run: ``empty`` where nothing was compared, and that is allowed."""


def judge_run(run: Run) -> tuple[Verdict, str]:
    """A whole run in one line, as its exit code says it: the word, and the reason."""
    # One word for one count: a check's table counts images.
    limits, thing = ("limits", "image") if run.kind == "check" else ("threshold", "pair")
    facts = _facts(run, limits, thing)
    if run.shard is not None:
        facts.append(_shard(run, thing))
    if not run.complete:
        facts.append(f"the run ended before its last {thing}")
    return _word(run), "; ".join(facts)


def _word(run: Run) -> Verdict:
    if run.exit_code in (ExitCode.INPUT, ExitCode.UNAVAILABLE) or (not run.complete and not run.exit_code):
        return "error"  # half a run has passed nothing
    if run.exit_code is ExitCode.ABOVE:
        return "fail"
    found = run.summary
    if found.not_compared == found.pairs:
        return "empty"
    if found.warned or found.warns:
        return "warn"
    return "pass" if found.within or found.tolerated else "measured"


def _facts(run: Run, limits: str, thing: str) -> list[str]:
    found, facts = run.summary, list[str]()
    if not found.pairs or found.not_compared == found.pairs:
        facts.append(
            f"nothing was compared in {counted(found.pairs, thing)}" if found.pairs else "nothing was compared"
        )
    ends = {
        "could not be compared": found.errors,
        "failed": found.failed,
        "warned": found.warned,
        "tolerated": found.tolerated,
    }
    troubles = [(count, end) for end, count in ends.items() if count]
    if troubles:
        # "1 of 6 pairs could not be compared, 2 failed"; and nobody says "1 of 1 pair".
        of = counted(found.pairs, thing) if found.pairs == 1 else f"of {counted(found.pairs, thing)}"
        (count, end), *others = troubles
        first = f"{of} {end}" if found.pairs == 1 else f"{count} {of} {end}"
        facts.append(", ".join((first, *(f"{count} {end}" for count, end in others))))
    if found.new or found.missing:
        facts.append(_unmatched(run))
    if found.within and not found.failed and not found.warned:
        facts.append(f"{counted(found.within, thing)} within the {limits}")
    if found.measured:
        facts.append(f"{counted(found.measured, thing)} measured, without a limit")
    if 0 < found.not_compared < found.pairs:
        facts.append(f"{counted(found.not_compared, thing)} not compared")
    return facts


def _shard(run: Run, thing: str) -> str:
    shard = run.shard
    assert shard is not None
    if shard.whole is None:
        return f"shard {shard}"
    if not run.results and shard.whole:
        return f"shard {shard} has none of the {counted(shard.whole, thing)}"
    return f"shard {shard} of {counted(shard.whole, thing)}"


def _unmatched(run: Run) -> str:
    """Pictures without a counterpart; those that are allowed are no trouble, and read like none."""
    found = run.summary
    told = ", ".join(
        f"{count} {what}" for what, count in (("missing", found.missing), ("new", found.new)) if count
    )
    if not run.allowed:
        return told
    allowed = "allowed" if run.allowed == found.missing + found.new else f"{run.allowed} allowed"
    return f"{told} ({allowed}, {found.warns} with a warning)" if found.warns else f"{told} ({allowed})"
