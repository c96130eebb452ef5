"""``percept approve``: what was found to differ becomes the new baseline."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import FILE, config_option, limits_option


@click.command(cls=Deferred)
@click.argument("report", type=FILE)
@click.option(
    "--baseline", type=FILE, metavar="DIR", help="The folder to be changed.  [default: baseline of [check]]"
)
@click.option(
    "--current", type=FILE, metavar="DIR", help="The folder to copy from.  [default: current of [check]]"
)
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
@limits_option
@config_option
@click.option("-q", "--quiet", is_flag=True, help="Print only what was refused, and errors.")
def approve() -> None:
    """Copy the pictures that a percept check of two folders found to differ, or to be new, over its baseline.

    REPORT is the JSON report of that check. Call percept approve in the same folder as the check. The two folders
    are those of the check; they are named here, or in percept.toml as baseline and current of [check], and never
    taken from the report, which anyone may have written. Pictures that passed are never touched, and neither are
    those that could not be compared. Only the files that were compared are acted on, and only pictures are
    written: if a candidate or its reference has changed since, that picture is refused, the others are not, and
    the exit code is 1. A file is replaced whole or not at all. A filter that matches no picture of the report is
    an error, and then nothing is done.

    \b
    Examples:
      percept check base/ now/ -o report.json
      percept approve report.json --baseline base/ --current now/ --dry-run
      percept approve report.json --filter 'charts/**' --only changed
      percept approve report.json --prune
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
