"""``percept compare``: two images, one number, and the layers that see the difference."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.options import (
    FILE,
    cache_option,
    recipe_options,
    report_options,
    talk_options,
    threshold_option,
)


@click.command(cls=Deferred)
@click.argument("reference", type=FILE)
@click.argument("candidate", type=FILE)
@threshold_option("Fail (exit 1) if the distance exceeds X.")
@recipe_options
@report_options
@cache_option
@talk_options
def compare() -> None:
    """Measure how different CANDIDATE looks from REFERENCE, layer by layer.

    The distance is 0 for equal images; larger is more different. It adds up how different the images are
    at each layer of a neural network, times its weight. Different sizes are an error unless --resize or --pad is
    given. A dash (-) reads one image from stdin. Two folders are compared as by percept batch. For a verdict
    without a limit of your own, use percept check.

    \b
    Examples:
      percept compare expected.png actual.png
      percept compare expected.png actual.png --threshold 0.05 -q && echo same
      percept compare photo.png restored.png --output percept-report.json
      percept compare content.jpg styled.jpg --preset johnson-style
      percept compare a.png b.png --layers relu1_2,relu3_3=2.5 --distance l1
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
