"""``percept check``: pictures held to their baseline, by gates that see what a person sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import (
    FILE,
    any_extension_option,
    choice_options,
    ending_options,
    pictures_option,
    recipe_options,
    report_options,
    talk_options,
    top_option,
    workers_option,
)
from percept_cli.judging.rules import NOISES, POLICIES


def _policy(name: str, what: str) -> Callable[[Any], Any]:
    return click.option(
        name, type=click.Choice(POLICIES), metavar="|".join(POLICIES), help=f"{what}  [default: fail]"
    )


@click.command(cls=Deferred)
@click.argument("baseline", type=FILE, required=False)
@click.argument("current", type=FILE, required=False)
@click.option(
    "--noise",
    type=click.Choice(NOISES),
    help="How much rendering alone may change: as much as each pair itself shows, next to nothing, or as much as "
    "another machine's fonts do.  [default: auto]",
)
@click.option(
    "--fail",
    "fails",
    multiple=True,
    metavar="GATE=X",
    help="Fail above X instead of the gate's own limit, or never (off). Gates: overall, peak, colour (in ΔE), "
    "changed-pixels (a number of pixels, or as 1% of those that are not left out).",
)
@click.option(
    "--warn", "warns", multiple=True, metavar="GATE=X", help="Warn above X as well; a warning exits with 0."
)
@click.option(
    "--ignore", multiple=True, metavar="X,Y,W,H", help="Leave out a rectangle of every picture, in pixels."
)
@click.option(
    "--mask", type=FILE, help="Leave out what is black in this picture, which is as large as the others."
)
@click.option(
    "--max-shift", type=click.IntRange(0, 64), metavar="N", help="Let pictures and regions move by up to N pixels."
)
@_policy("--new", "What a picture without a baseline is.")
@_policy("--missing", "What a baseline without a picture is.")
@_policy("--size-mismatch", "What two sizes, or numbers of frames, are, where --resize and --pad say nothing.")
@choice_options
@any_extension_option
@recipe_options
@report_options
@pictures_option
@top_option("Pictures that the table tells of, the worst first.")
@click.option(
    "--heatmaps",
    type=FILE,
    metavar="FOLDER",
    help="Draw what did not pass into FOLDER, each as reference, candidate and heat map side by side.",
)
@ending_options
@workers_option
@talk_options
def check() -> None:
    """Hold the pictures of the folder CURRENT, or one picture, to those of BASELINE.

    A picture fails if any of its gates does: the mean distance, the strongest place of the distance map, or the
    difference of colour that is left when detail is blurred away. Limits follow the noise that each pair itself
    shows, so that another machine's fonts pass and one wrong digit does not. Folders, rules and overrides for some
    pictures can stand in percept.toml, as [check] and [[override]]; README has them all.

    \b
    Examples:
      percept check expected/ actual/
      percept check expected/ actual/ -o report.html -o results.json -o junit.xml
      percept check expected/ actual/ --ignore 0,0,200,40 --max-shift 2
      percept check before.png after.png --noise same-machine
      percept approve results.json --filter 'charts/**'
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
