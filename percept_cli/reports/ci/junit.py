"""JUnit XML, as Jenkins, GitLab and their like read it: one test case per pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from percept_cli.recipes.told import in_words
from percept_cli.reports import Report
from percept_cli.reports.commands import Purpose, commands_for
from percept_cli.reports.findings import details_of, outcome_of, reason_of, trouble_of
from percept_cli.results.numbers import total
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.system.names import printable

_VERBS: dict[Purpose, str] = {"show": "see", "accept": "accept"}


class JUnitReport(Report):
    """One test suite. Without a time of day, so that equal runs give equal files."""

    def render(self) -> Iterator[str]:
        """The whole run, case by case."""
        run = self.run
        outcomes = Counter(outcome_of(result, run) for result in run.results)
        trouble = trouble_of(run)
        counts: dict[str, object] = {
            "tests": outcomes.total() + bool(trouble),
            "failures": outcomes["fail"],
            "errors": outcomes["error"] + bool(trouble),
        }
        time: dict[str, object] = {"time": _seconds(total([round(result.seconds, 6) for result in run.results]))}
        part = () if run.shard is None else (f"shard {run.shard}",)
        name = " ".join(("percept", *(run.folders or ()), *part))
        suite = {"name": name} | counts | {"skipped": outcomes["skipped"]} | time
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f"<testsuites{_attributes({'name': 'percept'} | counts | time)}>\n"
        yield f"  <testsuite{_attributes(suite)}>\n    <properties>\n"
        for name, value in _properties(run).items():
            yield f"      <property{_attributes({'name': name, 'value': value})}/>\n"
        yield "    </properties>\n"
        if trouble:
            yield _case("percept", "percept", 0.0, f"<error{_attributes({'type': 'run', 'message': trouble})}/>")
        for result in run.results:
            verdict = _verdict(result, run, self.style.json_report)
            yield _case(result.name, _class_of(result.name), result.seconds, verdict)
        yield "  </testsuite>\n</testsuites>\n"


def _properties(run: Run) -> dict[str, str]:
    recipe = in_words(run.spec)
    return {
        "version": run.version,
        "fingerprint": run.fingerprint,
        "recipe": f"{recipe.backbone}; {', '.join(recipe.terms)}; {recipe.precision}",
        "device": run.device,
        **({} if run.folders is None else {"reference": run.folders[0], "candidate": run.folders[1]}),
        **({} if run.shard is None else {"shard": str(run.shard)}),
    }


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
    commands = commands_for(result, run, json_report)
    told = [f"to {_VERBS[purpose]} it: {command}" for purpose, command in commands.items()]
    lines = "\n".join((f"{result.status.upper()}: {reason}", *details_of(result), *told))
    if outcome == "warn":
        return f"<system-out>{escape(lines)}</system-out>"
    if outcome == "pass":
        if not result.notes and result.status == "pass":
            return ""
        return f"<system-out>{escape(f'{result.status.upper()}: {reason}')}</system-out>"
    element = "error" if outcome == "error" else "failure"
    attributes = _attributes({"type": result.status, "message": reason})
    return f"<{element}{attributes}>{escape(lines)}</{element}>"


def _attributes(values: Mapping[str, object]) -> str:
    # What is printable is also what XML can hold: no control characters, no halves of surrogate pairs.
    return "".join(f" {name}={quoteattr(printable(str(value)))}" for name, value in values.items())


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"
