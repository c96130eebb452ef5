"""A whole run in one line."""

from __future__ import annotations

from percept_cli.errors import ExitCode
from percept_cli.results.run import Run, Status
from percept_cli.system.names import counted


def judge_run(run: Run) -> tuple[Status, str]:
    """A whole run in one line, as its exit code says it: the word, and the reason."""
    found = run.summary
    gated = run.kind == "check"
    limit = "levels" if gated else "threshold"
    facts = []
    if found.errors:
        facts.append(f"{found.errors} of {counted(found.pairs, 'pair')} could not be compared")
    if found.failed:
        above = "failed" if gated else f"above the {limit}"
        facts.append(f"{found.failed} of {counted(found.pairs, 'pair')} {above}")
    if found.warned:
        facts.append(f"{found.warned} of {counted(found.pairs, 'pair')} warned")
    if found.new or found.missing:
        facts.append(f"{found.missing} missing, {found.new} new")
    if not found.pairs or found.not_compared == found.pairs:
        facts.insert(0, "nothing was compared" + (f" of {counted(found.pairs, 'pair')}" if found.pairs else ""))
    elif not found.failed and not found.warned and found.count:
        within = "compared, without a threshold"
        if gated or found.judged:
            all_judged = gated or found.judged == found.count
            within = f"within the {limit}" if all_judged else "compared, not all with a threshold"
        facts.append(f"{counted(found.count, 'pair')} {within}")
    if 0 < found.not_compared < found.pairs:
        facts.append(f"nothing was compared of {counted(found.not_compared, 'pair')}")
    if not run.complete:
        facts.append("the run ended before its last pair")
    words: dict[ExitCode, Status] = {ExitCode.ABOVE: "fail"}
    words |= dict.fromkeys((ExitCode.INPUT, ExitCode.UNAVAILABLE), "error")
    status = words.get(run.exit_code, "pass" if run.complete else "error")  # half a run has passed nothing
    return status, "; ".join(facts)
