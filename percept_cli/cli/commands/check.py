"""``percept check``: images compared with their baseline, by gates that see what a person sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Deferred
from percept_cli.cli.kinds import Here
from percept_cli.cli.layout import option
from percept_cli.cli.options import (
    FILE,
    allow_empty_option,
    cache_option,
    choice_options,
    ignore_options,
    pictures_option,
    recipe_options,
    report_options,
    resume_options,
    run_options,
    shard_option,
    talk_options,
    threshold_option,
    top_option,
)
from percept_cli.judging.rules import NOISES, POLICIES


def _policy(name: str, what: str) -> Callable[[Any], Any]:
    return option(
        name,
        group="Judge",
        type=click.Choice(POLICIES),
        metavar="HOW",
        help=f"{what}: {', '.join(POLICIES[:-1])} or {POLICIES[-1]} (default).",
    )


@click.command(cls=Deferred, pages={"Judge": "numbers/gates-and-noise"})
@click.argument("baseline", type=FILE, required=False)
@click.argument("current", type=FILE, required=False)
@option(
    "--noise",
    group="Judge",
    type=click.Choice(NOISES),
    metavar="HOW",
    help="auto (default), same-machine (strict) or cross-machine.",
)
@option(
    "--noise-file",
    group="Judge",
    metavar="FILE",
    help="Limits that percept learn has learned; off: none.",
)
@option(
    "--fail",
    "fails",
    group="Judge",
    multiple=True,
    metavar="GATE=X",
    help="Fail above X (or off). Gates: overall, peak, colour (ΔE), changed-pixels (a number, or 1%). Repeatable.",
)
@option(
    "--warn",
    "warns",
    group="Judge",
    multiple=True,
    metavar="GATE=X",
    help="Warn above X; a warning exits with 0. Repeatable.",
)
@threshold_option("Short for --fail overall=X. Given both, --fail counts.")
@ignore_options
@option(
    "--lock",
    group="Select",
    type=Here(path_type=Path, readable=False),
    metavar="FILE",
    help="Compare with what percept baseline lock recorded.",
)
@_policy("--new", "Image without baseline")
@_policy("--missing", "Baseline without image")
@_policy("--size-mismatch", "Sizes or frames differ")
@option("--variant", group="Judge", metavar="NAME", help="Prefer this alternate (percept approve --as-alternate).")
@allow_empty_option
@choice_options
@shard_option
@recipe_options
@report_options
@option(
    "--heatmaps",
    group="Output",
    type=FILE,
    metavar="FOLDER",
    shell_complete=completing.folders,
    help="Draw a heat map of each image that did not pass.",
)
@pictures_option
@top_option("Maximum images to print.")
@run_options
@resume_options
@cache_option
@talk_options
def check() -> None:
    """Compare each image in CURRENT with its baseline and fail on visible changes.

    BASELINE and CURRENT are two folders or two images. An image fails if one of its gates exceeds its limit:
    overall (the mean of what is visible), peak (the strongest place) or colour (the difference that is left when
    detail is blurred away). Limits adapt to the noise of each pair: another machine's fonts pass, one wrong digit
    does not. percept.toml can hold folders and limits ([check]), and exceptions for some images ([[override]]).

    The exit code is 0 if all images pass or warn, 1 if any fails, 3 on errors.

    \b
    Examples:
      percept check expected/ actual/
      percept check base/ now/ -o percept-report.html -o percept-report.json
      percept check before.png after.png --noise same-machine
      percept approve percept-report.json --filter charts/
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
