"""``percept batch``: folders, lists and streams of pairs."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.kinds import CountOr
from percept_cli.cli.layout import option
from percept_cli.cli.options import (
    FILE,
    allow_empty_option,
    cache_option,
    choice_options,
    recipe_options,
    report_options,
    resume_options,
    run_options,
    shard_option,
    talk_options,
    threshold_option,
    top_option,
)


@click.command(cls=Deferred)
@click.argument("reference", type=FILE, required=False)
@click.argument("candidate", type=FILE, required=False)
@threshold_option("Fail (exit 1) if a distance exceeds X.")
@option(
    "--allow-unmatched",
    group="Judge",
    is_flag=True,
    help="Do not fail when an image has no counterpart.",
)
@allow_empty_option
@option(
    "--pairs",
    "manifest",
    group="Select",
    metavar="FILE|-",
    help="List of pairs (CSV, TSV, JSON Lines, Parquet), or - for stdin. Columns: reference, candidate; "
    "optional: name, threshold, weight; others are copied to the report.",
)
@option("--remote", group="Select", is_flag=True, help="Also fetch addresses named in a local list.")
@choice_options
@shard_option
@recipe_options
@report_options
@top_option("Maximum rows in the table (worst first).")
@run_options
@option(
    "--batch-size",
    group="Run",
    type=CountOr("auto", least=1),
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Pairs of one size to compute at once.",
)
@resume_options
@cache_option
@talk_options
def batch() -> None:
    """Compare each image in REFERENCE with the one at the same path in CANDIDATE.

    Both are folders; REFERENCE may also be one image, compared with each in CANDIDATE. With --pairs, pairs come
    from a list or another program. A pair that cannot be compared is an error; the others are compared.

    \b
    Examples:
      percept batch expected/ actual/ --threshold 0.05
      percept batch expected/ actual/ -o results.csv --resume results.jsonl
      percept batch photo.png variants/ --format score | sort -n
      percept batch --pairs pairs.csv --wide -o results.csv
      my-renderer | percept batch --pairs - --format jsonl | my-dashboard
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
