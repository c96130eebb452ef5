"""``percept heatmap``: where two images differ, as an image."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from percept_cli._version import __version__
from percept_cli.cli.asked import pair_of_arguments, recipe_of
from percept_cli.cli.console import say
from percept_cli.cli.elsewhere import keep_in
from percept_cli.cli.options import note_settings
from percept_cli.cli.process import settle_in
from percept_cli.cli.words import say_plans, what_is_asked, what_ran
from percept_cli.drawing import HeatStyle
from percept_cli.drawing.over import draw, titles_of
from percept_cli.drawing.saving import FORMATS, Format
from percept_cli.drawing.sheet import Drawing
from percept_cli.errors import ExitCode, InvalidSetting, OutputUnwritable
from percept_cli.images.kept import same
from percept_cli.recipes.spec import check_places, recipe_of_layer
from percept_cli.results.run import Run
from percept_cli.scoring.mapper import Mapper, Maps
from percept_cli.storage.outputs import check_output, write_output
from percept_cli.system.names import printable, shown

_STDOUT = Path("/dev/stdout")


@click.pass_context
def heatmap(
    ctx: click.Context,
    /,
    reference: Path,
    candidate: Path,
    output: Path,
    style: HeatStyle,
    layer: str | None,
    scale: bool,
    cache: Path | None,
    quiet: bool,
    verbose: bool,
    **recipe_settings: Any,
) -> int:
    """Draw the map and write it; return the exit code."""
    settle_in()
    keep_in(cache)
    asked = recipe_of(ctx, threshold=None, **recipe_settings)
    output, form = _where(output)
    check_output(output, (reference, candidate))
    spec = asked.spec if layer is None else recipe_of_layer(asked.spec, layer)
    check_places(spec)
    mapper = Mapper(asked.scorer.with_spec(spec))
    if not quiet:
        note_settings(asked.settings)
    if verbose:
        say(what_is_asked(asked))

    reading = mapper.scorer.read(pair_of_arguments(reference, candidate, spec.pictures))
    if verbose:
        say_plans(reading)
    maps = mapper.maps(reading)
    if verbose:
        run = Run(__version__, spec, mapper.scorer.device, (maps.result,), engine=mapper.scorer.convolutions)
        say(what_ran(run, maps.result.seconds))
    drawing = draw(
        style,
        maps.reference,
        maps.candidate,
        maps.heat,
        layers=maps.layers,
        titles=titles_of(spec, one_by_one=style == "layers"),
        scale=scale,
        most_side=form.most_side,
    )
    write_output(output, [form.encoded(drawing.image)])
    if not quiet:
        for line in _what_to_know(maps, drawing):
            say(line)
        if output != _STDOUT:
            say(f"The heat map is in {shown(output)}.")
    return ExitCode.WITHIN


def _where(output: Path) -> tuple[Path, Format]:
    """Where the image goes, and how it is saved there."""
    if output in (Path("-"), _STDOUT):
        if sys.stdout.isatty():
            raise InvalidSetting("cannot print an image to a terminal", hint="use -o heat.png.")
        return _STDOUT, FORMATS[".png"]
    found = FORMATS.get(output.suffix.lower())
    if found is None and not output.suffix and output.exists() and not output.is_file():  # a pipe or a device
        found = FORMATS[".png"]
    if found is None:
        named = f'from "{printable(output.suffix)}"' if output.suffix else "without an extension"
        raise OutputUnwritable(
            f"{shown(output)}: cannot infer an image format {named}", hint=f"use one of {', '.join(FORMATS)}."
        )
    return output, found


def _what_to_know(maps: Maps, drawing: Drawing) -> list[str]:
    told = [f"Note: {printable(note)}" for note in maps.result.notes]
    if same(maps.reference.pixels, maps.candidate.pixels):
        told.append("The images are equal: the map is 0 everywhere.")
    elif not maps.differs:
        told.append("The images differ, but no layer of the recipe sees it: the map is 0 everywhere.")
    if drawing.shrink > 1:
        told.append(
            f"Note: the heat map is drawn at 1/{drawing.shrink} of its size, because it would be very large; each "
            "pixel shows the largest value of those that it stands for"
        )
    return told
