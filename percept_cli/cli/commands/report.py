"""``percept report``: a run that was written as JSON, in any other format, without comparing anything."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import FILE, pictures_option, remote_option, report_options, talk_options, top_option


@click.command(cls=Deferred)
@click.argument("results", type=FILE)
@report_options
@pictures_option
@remote_option
@top_option("Maximum rows in the table (worst first).")
@talk_options
def report() -> None:
    """Convert RESULTS, a JSON report of percept, to another format.

    Nothing is compared again: numbers and verdicts are those in RESULTS. The exit code is 0 when all reports are
    written, even if they say that images failed.

    For an HTML report, run it in the folder in which the images were compared: it looks for them by the paths in
    RESULTS, and marks images that are gone or have changed since.

    \b
    Examples:
      percept report percept-report.json -o report.html
      percept report percept-report.json -o small.html --pictures link
      percept report percept-report.json -o results.csv -o junit.xml
      percept report percept-report.json --format markdown >> summary.md
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
