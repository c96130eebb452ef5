"""``percept approve``: what was found to differ becomes the new baseline."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from percept_cli.cli.commands import Command
from percept_cli.cli.console import print_result, say
from percept_cli.cli.options import FILE
from percept_cli.errors import InvalidSetting
from percept_cli.names import printable, shown
from percept_cli.results import ExitCode, Run, Status
from percept_cli.verdict import counted

if TYPE_CHECKING:
    from percept_cli.approval import Selection


@click.command(cls=Command, short_help="Accept what a check found as the new baseline.")
@click.argument("report", type=FILE)
@click.option(
    "--filter",
    "patterns",
    multiple=True,
    metavar="GLOB",
    help="Accept only pictures whose name matches, as in .gitignore: *.png, charts/**; may be given several "
    "times.",
)
@click.option(
    "--only",
    type=click.Choice(["changed", "new"]),
    help="Copy only pictures that differ from their reference, or only those that have none.",
)
@click.option("--prune", is_flag=True, help="Delete references that have no candidate any more.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--force", is_flag=True, help="Approve although the environment variable CI is set.")
@click.option("-q", "--quiet", is_flag=True, help="Print only what was refused, and errors.")
def approve(
    report: Path,
    patterns: tuple[str, ...],
    only: Literal["changed", "new"] | None,
    prune: bool,
    dry_run: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Copy the pictures that a percept check of two folders found to differ, or to be new, over its baseline.

    REPORT is the JSON report of that check. Call percept approve in the same folder as the check. Pictures that
    passed are never touched, and neither are those that could not be compared. Only the files that were compared
    are acted on: if a candidate or its reference has changed since, that picture is refused, the others are not,
    and the exit code is 1. A file is replaced whole or not at all. A filter that matches no picture of the report
    is an error, and then nothing is done.

    \b
    Examples:
      percept check baseline/ current/ -o report.json
      percept approve report.json --dry-run
      percept approve report.json --filter 'charts/**' --only changed
      percept approve report.json --prune
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
    from percept_cli.approval import Selection
    from percept_cli.reports.reading import read_run

    if _in_ci() and not (force or dry_run):
        raise InvalidSetting(
            "percept approve changes the baseline, which a pipeline should not do by itself (CI is set)",
            hint="approve on your own machine and commit the pictures, or use --force.",
        )
    run = read_run(report)
    return _approve(run, Selection(patterns, only, prune), report, dry_run=dry_run, quiet=quiet)


def _approve(run: Run, selection: Selection, report: Path, *, dry_run: bool, quiet: bool) -> int:
    from percept_cli.approval import Approval, Refused, check_patterns, steps_of

    check_patterns(run, selection)
    steps = list(steps_of(run, selection))
    if not steps or run.folders is None:
        if not quiet:
            print_result(f"{_nothing(run, selection, report)}\n")
        return ExitCode.WITHIN
    approval = Approval(run.folders, dry_run=dry_run)
    done: Counter[str] = Counter()
    try:
        with approval.alone():
            for step in steps:
                try:
                    is_new = approval.take(step)
                except Refused as reason:
                    done["refused"] += 1
                    say(f"refused  {printable(step.name)}: {reason}")
                    continue
                done[step.kind if is_new else _ALREADY] += 1
                if not quiet:
                    print_result(f"{_DONE[step.kind] if is_new else _ALREADY}  {printable(step.name)}\n")
    except KeyboardInterrupt:
        say(f"Interrupted. {_summary(done, run.folders[0], dry_run=dry_run)}")
        return ExitCode.INTERRUPTED
    if not quiet:
        print_result(f"{_summary(done, run.folders[0], dry_run=dry_run)}\n")
    if done["refused"]:
        say("Hint: what was refused is as it was; run percept check again before you approve it.")
        return ExitCode.ABOVE
    return ExitCode.WITHIN


_DONE = {"changed": "changed", "new": "new    ", "missing": "removed"}
_ALREADY = "already approved"


def _summary(done: Counter[str], baseline: str, *, dry_run: bool) -> str:
    words = {"changed": "changed", "new": "new", "missing": "removed", _ALREADY: _ALREADY, "refused": "refused"}
    told = [f"{done[kind]} {word}" for kind, word in words.items() if done[kind]]
    before = "Without --dry-run, in" if dry_run else "In"
    return f"{before} {shown(baseline)}: {', '.join(told) or 'nothing changed'}."


_FOUND: dict[Status, str] = {
    "pass": "passed",
    "warn": "differed",
    "fail": "differed",
    "new": "had no reference",
    "missing": "had no candidate",
    "error": "could not be compared",
}


def _nothing(run: Run, selection: Selection, report: Path) -> str:
    """Why there is nothing to approve: by a filter, what became of the pictures that it means."""
    from percept_cli.approval import matching

    results = matching(run, selection.patterns)
    if selection.patterns:
        found = Counter(_FOUND[result.status] for result in results)
        told = [f"{counted(count, 'picture')} {word}" for word, count in found.items()]
        if len(results) == 1:
            told = [f"{printable(results[0].name)} {_FOUND[results[0].status]}"]
        only = f" with --only {selection.only}" if selection.only else ""
        told = [f"{', '.join(told)}: nothing to approve{only}."]
    else:
        kinds = {"changed": "differs", "new": "is new", None: "differs or is new"}[selection.only]
        kinds += " or is missing" if selection.prune else ""
        told = [f"Nothing to approve: {shown(report)} has no picture that {kinds}."]
    missing = sum(result.status == "missing" for result in results)
    if missing and not selection.prune:
        told.append(f"--prune deletes {counted(missing, 'reference')} without a candidate.")
    return "\n".join(told)


def _in_ci() -> bool:
    # As every pipeline sets it, and as people unset it: CI=false.
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
