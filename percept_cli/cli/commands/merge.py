"""``percept merge``: the reports of several jobs as one, with one verdict."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import FILE, pictures_option, remote_option, report_options, talk_options, top_option


@click.command(cls=Deferred)
@click.argument("reports", type=FILE, nargs=-1, required=True, metavar="REPORT...")
@report_options
@pictures_option
@remote_option
@top_option("Maximum rows in the table (worst first).")
@talk_options
def merge() -> None:
    """Join the JSON reports of several jobs into one report with one verdict.

    The result is the report of the run without --shard. All shards must be there, each once, made by one version
    of percept with the same options. Reports without --shard are joined if no name is in two of them. The exit
    code is that of the whole run. For an HTML report, run it where the images are, as with percept report.

    \b
    Examples:
      percept merge shard-*.json -o report.html -o report.json
      percept merge firefox.json chromium.json --format markdown >> summary.md
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
