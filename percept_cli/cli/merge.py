"""``percept merge``: the reports of several jobs as one, with one verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from percept_cli.cli.asked import destinations_of
from percept_cli.cli.console import say
from percept_cli.cli.report import stay_here, write_anew
from percept_cli.errors import ExitCode
from percept_cli.storage.outputs import check_output
from percept_cli.system.names import counted, posix


@click.pass_context
def merge(
    ctx: click.Context,
    /,
    reports: tuple[Path, ...],
    form: str | None,
    wide: bool,
    outputs: tuple[Path, ...],
    pictures: Literal["embed", "link", "none"],
    top: int | None,
    remote: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Read the runs, write them as one, and return the exit code of the whole."""
    from percept_cli.cluster.merging import merged

    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    for path, _ in to.files:
        check_output(path, reports)
    run = merged(reports)
    stay_here(reports, remote=remote)
    if verbose:
        say(f"read {counted(len(run.results), 'result')} from {counted(len(reports), 'report')}")
    documents = [posix(path) for path, name in to.files if name == "json"]
    json_report = documents[0] if documents else None
    write_anew(ctx, run, to, top=top, quiet=quiet, worst=True, pictures=pictures, json_report=json_report)
    code = run.exit_code if run.ended_with is None else run.ended_with
    # Half a run has passed nothing.
    return code if code or run.complete else ExitCode.INPUT
