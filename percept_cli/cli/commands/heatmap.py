"""``percept heatmap``: where two pictures differ, as a picture."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import FILE, drawing_recipe_options, talk_options
from percept_cli.drawing import STYLES


@click.command(cls=Deferred)
@click.argument("reference", type=FILE)
@click.argument("candidate", type=FILE)
@click.option(
    "--output",
    "-o",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Where to draw: a .png, .jpg or .webp file, written whole or not at all; - for standard output, as PNG.",
)
@click.option(
    "--style",
    type=click.Choice(STYLES),
    default="overlay",
    show_default=True,
    help="The map over the candidate in grey, alone, beside both pictures, or one map per layer.",
)
@click.option("--layer", metavar="TAP", help="The map of one layer of the recipe instead of the sum of all.")
@click.option(
    "--scale/--no-scale",
    default=True,
    help="Whether the colours and their values are drawn below. Without them, overlay and alone are as large as "
    "the pictures, pixel for pixel.  [default: scale]",
)
@drawing_recipe_options
@talk_options
def heatmap() -> None:
    """Draw where CANDIDATE looks different from REFERENCE, and how strongly.

    Each place has the colour of its distance, weighted and summed over the layers. The colours are those of every
    picture and report: dark blue is next to nothing, light yellow the largest value that the recipe can give. It
    judges nothing: the exit code is 0 when the picture is written.

    \b
    Examples:
      percept heatmap expected.png actual.png -o heat.png
      percept heatmap expected.png actual.png -o heat.png --style triptych
      percept heatmap expected.png actual.png -o heat.png --style alone --layer relu3_3
      percept heatmap a.png b.png -o heat.webp --style layers --preset five-taps
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
