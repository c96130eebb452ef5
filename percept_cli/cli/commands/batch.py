"""``percept batch``: folders, lists and streams of pairs."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import (
    FILE,
    CountOr,
    any_extension_option,
    choice_options,
    ending_options,
    recipe_options,
    report_options,
    talk_options,
    top_option,
    workers_option,
)


@click.command(cls=Deferred)
@click.argument("reference", type=FILE, required=False)
@click.argument("candidate", type=FILE, required=False)
@click.option(
    "--pairs",
    "manifest",
    metavar="FILE|-",
    help="Take the pairs from a CSV, TSV or JSON Lines file, or from standard input as they come. Columns: "
    "reference, candidate, and if you like name, threshold, weight; others are carried through to the report.",
)
@choice_options
@any_extension_option
@recipe_options
@report_options
@top_option("Rows of the table, the worst first. Other formats have all.")
@click.option(
    "--resume",
    type=FILE,
    metavar="FILE.jsonl",
    help="Keep results in FILE as they come, and do not compare again what stands in it unchanged: the same "
    "command goes on where it was ended.",
)
@click.option(
    "--resume-by",
    type=click.Choice(["stat", "hash"]),
    default="stat",
    show_default=True,
    help="What shows that a picture is unchanged: size and time of change, or its content.",
)
@ending_options
@click.option("--allow-unmatched", is_flag=True, help="Pictures without a counterpart are no failure.")
@click.option(
    "--batch-size",
    type=CountOr("auto", least=1),
    default="auto",
    show_default=True,
    metavar="auto|N",
    help="Most pairs of one size to compute at once; moves no number.",
)
@workers_option
@talk_options
def batch() -> None:
    """Compare every picture of the folder REFERENCE with its counterpart in the folder CANDIDATE.

    Counterparts have the same path within their folder. REFERENCE may also be one picture, to be compared with
    every picture of CANDIDATE. With --pairs the pairs come from a list or, as they are written, from another
    program. Sizes may be mixed; a pair of two sizes is an error of that pair unless --resize or --pad says
    what to do with it, as is a file that cannot be read.

    \b
    Examples:
      percept batch expected/ actual/ --threshold 0.05
      percept batch expected/ actual/ -o results.csv -o results.json --resume results.jsonl
      percept batch photo.png variants/ --format score | sort -n
      percept batch --pairs pairs.csv --wide -o results.csv
      my-renderer | percept batch --pairs - --format jsonl | my-dashboard
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
