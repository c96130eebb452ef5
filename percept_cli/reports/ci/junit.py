"""JUnit XML, as Jenkins, GitLab and their like read it: one test case per pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from percept_cli.reports import Style
from percept_cli.reports.ci.findings import (
    accept_command,
    details_of,
    outcome_of,
    reason_of,
    show_command,
    trouble_of,
)
from percept_cli.results.run import PairResult, Run, total
from percept_cli.system.names import printable


def render(run: Run, style: Style) -> Iterator[str]:
    """The whole run as one test suite. Without a time of day, so that equal runs give equal files."""
    outcomes = Counter(outcome_of(result, run) for result in run.results)
    trouble = trouble_of(run)
    counts: dict[str, object] = {
        "tests": outcomes.total() + bool(trouble),
        "failures": outcomes["fail"],
        "errors": outcomes["error"] + bool(trouble),
    }
    time: dict[str, object] = {"time": _seconds(total([round(result.seconds, 6) for result in run.results]))}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites{_attributes({'name': 'percept'} | counts | time)}>\n"
    suite = (
        {"name": " ".join(("percept", *(run.folders or ())))} | counts | {"skipped": outcomes["skipped"]} | time
    )
    yield f"  <testsuite{_attributes(suite)}>\n    <properties>\n"
    for name, value in _properties(run).items():
        yield f"      <property{_attributes({'name': name, 'value': value})}/>\n"
    yield "    </properties>\n"
    if trouble:
        yield _case("percept", "percept", 0.0, f"<error{_attributes({'type': 'run', 'message': trouble})}/>")
    for result in run.results:
        yield _case(result.name, _class_of(result.name), result.seconds, _verdict(result, run, style.json_report))
    yield "  </testsuite>\n</testsuites>\n"


def _properties(run: Run) -> dict[str, str]:
    recipe = ", ".join(f"{layer.tap}:{layer.distance}={layer.weight!r}" for layer in run.spec.layers)
    return {
        "version": run.version,
        "fingerprint": run.fingerprint,
        "recipe": f"{run.spec.backbone}; {recipe}; {run.spec.precision}{run.spec.pictures.words}",
        "device": run.device,
    } | ({} if run.folders is None else {"reference": run.folders[0], "candidate": run.folders[1]})


def _class_of(name: str) -> str:
    # The parts between dots are what readers of the format group by, so a folder's own dots must not be any.
    folders = PurePosixPath(name).parent.parts
    return ".".join(("percept", *(part.replace(".", "_") for part in folders if part.strip("/."))))


def _case(name: str, class_name: str, seconds: float, verdict: str) -> str:
    attributes = _attributes({"name": name, "classname": class_name, "time": _seconds(seconds)})
    if not verdict:
        return f"    <testcase{attributes}/>\n"
    return f"    <testcase{attributes}>\n      {verdict}\n    </testcase>\n"


def _verdict(result: PairResult, run: Run, json_report: str | None) -> str:
    """What stands inside a test case; of one that passes what was done to the pictures, if anything was."""
    outcome, reason = outcome_of(result, run), reason_of(result)
    if outcome == "skipped":
        return f"<skipped>{escape(reason)}</skipped>"
    commands = {"see": show_command(result, run), "accept": accept_command(result, run, json_report)}
    told = [f"to {verb} it: {command}" for verb, command in commands.items() if command is not None]
    lines = "\n".join((f"{result.status.upper()}: {reason}", *details_of(result), *told))
    if outcome == "warn":
        return f"<system-out>{escape(lines)}</system-out>"
    if outcome == "pass":
        return f"<system-out>{escape(f'PASS: {reason}')}</system-out>" if result.notes else ""
    element = "error" if outcome == "error" else "failure"
    attributes = _attributes({"type": result.status, "message": reason})
    return f"<{element}{attributes}>{escape(lines)}</{element}>"


def _attributes(values: Mapping[str, object]) -> str:
    # What is printable is also what XML can hold: no control characters, no halves of surrogate pairs.
    return "".join(f" {name}={quoteattr(printable(str(value)))}" for name, value in values.items())


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"
