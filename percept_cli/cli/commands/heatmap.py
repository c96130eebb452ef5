"""``percept heatmap``: where two images differ, as an image."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.layout import option
from percept_cli.cli.options import FILE, cache_option, config_option, quiet_option, recipe_options, verbose_option
from percept_cli.drawing import STYLES


@click.command(cls=Deferred, pages={"Output": "concepts/heat-maps"})
@click.argument("reference", type=FILE)
@click.argument("candidate", type=FILE)
@option(
    "--output",
    "-o",
    group="Output",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Heat map to write: .png, .jpg, .webp, or - for stdout.",
)
@option(
    "--style",
    group="Output",
    type=click.Choice(STYLES),
    metavar="NAME",
    default="overlay",
    help="overlay (default: over the grey candidate), alone, triptych (beside both images) or layers (one map "
    "each).",
)
@option("--layer", group="Output", metavar="LAYER", help="Draw one layer instead of the sum of all.")
@option(
    "--scale/--no-scale",
    group="Output",
    default=True,
    help="Draw the colour scale below the map (default). With --no-scale, overlay and alone have the size of the "
    "images.",
)
@recipe_options
@cache_option
@config_option
@quiet_option("Print only errors.")
@verbose_option
def heatmap() -> None:
    """Draw where CANDIDATE looks different from REFERENCE, and how strongly.

    The colour of each place shows its distance, weighted and summed over the layers: from dark blue (next to none)
    to light yellow (the largest value that the recipe can give), on a scale that the recipe fixes. There is no
    verdict: the exit code is 0 when the heat map is written.

    \b
    Examples:
      percept heatmap expected.png actual.png -o heat.png
      percept heatmap expected.png actual.png -o heat.png --style triptych
      percept heatmap a.png b.png -o heat.png --style alone --layer relu3_3
      percept heatmap a.png b.png -o heat.webp --style layers --preset five-taps
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
