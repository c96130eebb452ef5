"""``percept report``: a run that was written as JSON, in any other format, without comparing anything."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import FILE, pictures_option, report_options, talk_options, top_option


@click.command(cls=Deferred)
@click.argument("results", type=FILE)
@report_options
@pictures_option
@top_option("Rows of the table, the worst first. Other formats have all.")
@talk_options
def report() -> None:
    """Write RESULTS, a JSON report of percept, again in another format.

    Nothing is compared and nothing is judged: every number and every verdict is the one in RESULTS, and the exit
    code is 0 when all reports are written, whatever they say.

    The pictures of an HTML report are looked for where they were when they were compared, so run it in the same
    folder. A picture that has changed since then, or is gone, is marked as such.

    \b
    Examples:
      percept report results.json -o report.html
      percept report results.json -o report.html --pictures link
      percept report results.json -o results.csv -o junit.xml
      percept report results.json --format markdown >> "$GITHUB_STEP_SUMMARY"
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
