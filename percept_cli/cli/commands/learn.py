"""``percept learn``: limits of single images, learned from renderings that are known to be right."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.layout import option
from percept_cli.cli.options import (
    FILE,
    choice_options,
    config_option,
    ignore_options,
    quiet_option,
    recipe_options,
    top_option,
    verbose_option,
    workers_option,
)

_PAGE = "guides/learning-noise"


@click.command(cls=Deferred, pages={"Judge": _PAGE, "Output": _PAGE})
@click.argument("baseline", type=FILE)
@click.argument("runs", type=FILE, nargs=-1, metavar="RUN...")
@ignore_options
@choice_options
@recipe_options
@option(
    "--output",
    "-o",
    group="Output",
    type=FILE,
    metavar="FILE",
    help="Noise file to write (default: noise-file of percept.toml, or percept-noise.json beside it).",
)
@option(
    "--overwrite",
    group="Output",
    is_flag=True,
    help="Replace a noise file that is damaged, newer, or of another recipe.",
)
@option(
    "--format",
    "printed",  # not "form": a format of reports in percept.toml is not meant
    group="Output",
    type=click.Choice(["table", "json"]),
    metavar="NAME",
    default="table",
    help="What to print: table (default) or json.",
)
@top_option("Maximum images to name for each finding.")
@workers_option
@config_option
@quiet_option("Print only errors, and what --format asks for.")
@verbose_option
def learn() -> None:
    """Learn the rendering noise of each image from RUNs that are known to be right.

    BASELINE is the folder of baselines. Each RUN is a folder of the same images, rendered once more: on another
    machine, on another day, with another seed; or the JSON report of a check of such a folder. At least two are
    needed. For each image, the noise of each gate and where it is goes into percept-noise.json, which is
    committed with the baselines. percept check uses it if percept.toml names it:
    noise-file = "percept-noise.json".

    Also printed: how many images of each run would have failed by what the other runs taught, which images look
    as if they had really changed in one run, and whose limits one run alone has made wide.

    The exit code is 0 if a file was written, 3 if any image could not be compared or nothing was learned.

    \b
    Examples:
      percept learn baseline/ monday/ tuesday/ windows/
      percept learn baseline/ seeds/*/ -o percept-noise.json
      percept learn baseline/ linux-report.json mac-report.json
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
