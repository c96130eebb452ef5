"""``percept merge``: the reports of several jobs as one, with one verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli.cli.report import write_anew
from percept_cli.errors import ExitCode


@click.pass_context
def merge(ctx: click.Context, /, reports: tuple[Path, ...], **options: Any) -> int:
    """Read the runs, write them as one, and return the exit code of the whole."""
    from percept_cli.cluster.merging import merged

    run = write_anew(ctx, reports, lambda: merged(reports), **options)
    code = run.exit_code if run.ended_with is None else run.ended_with
    # Half a run has passed nothing.
    return code if code or run.complete else ExitCode.INPUT
