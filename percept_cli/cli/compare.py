"""``percept compare``: two pictures, one number, and the layers that see the difference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from percept_cli import __version__
from percept_cli.cli.commands import Command
from percept_cli.cli.console import print_result, say, style_of_stdout
from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.names import printable, shown
from percept_cli.pairs import pair_of_files
from percept_cli.presets import DEFAULT, Preset, customise, load_preset
from percept_cli.reports import FORMATS, Style, format_of_file, render
from percept_cli.reports.output import check_output, write_output
from percept_cli.results import Run
from percept_cli.scoring import Scorer
from percept_cli.settings import KEYS, Settings, find_settings, read_settings


def _load_settings(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    settings = read_settings(Path(value)) if value is not None else find_settings()
    ctx.obj = settings
    # click names the parameter of --format "form", since `format` is a builtin.
    ctx.default_map = {("form" if key == "format" else key): entry for key, entry in settings.values.items()}
    return value


@click.command(cls=Command, short_help="Compare two pictures.")
@click.argument("reference", type=click.Path(path_type=Path, readable=False))
@click.argument("candidate", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--preset",
    default=DEFAULT,
    show_default=True,
    metavar="NAME|FILE.toml",
    help="The recipe: a built-in one (see: percept presets), or a TOML file.",
)
@click.option(
    "--layers",
    type=click.UNPROCESSED,  # a settings file may also give a list or a table
    metavar="LAYERS",
    help="Layers instead of the preset's: tap[:distance][=weight], separated by commas, such as "
    "relu1_2,relu3_3=2.5. Taps are input, conv1_1, relu1_1 … relu5_3 and pool1 … pool4.",
)
@click.option(
    "--distance",
    metavar="NAME",
    help="Distance instead of the preset's: unit, mse, l1, euclidean, cosine, frobenius, gram-none, gram-hw, "
    "gram-chw (gram for short).",
)
@click.option("--threshold", type=float, metavar="X", help="Exit with 1 if the distance is above X.")
@click.option(
    "--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps."
)
@click.option(
    "--precision",
    metavar="PRECISION",
    help="fp32, tf32 (CUDA only), bf16 or fp16.  [default: the preset's, fp32]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="How to report.  [default: table, or by --output's ending]",
)
@click.option("--wide/--no-wide", help="CSV: one row per pair instead of one per layer.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Write the report to FILE instead of standard output: whole, or not at all.",
)
@click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    callback=_load_settings,
    expose_value=False,
    help="Read defaults from FILE.  [default: the nearest percept.toml, or pyproject.toml with [tool.percept]]",
)
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Print errors only; the exit code answers. A --format or --output that is asked for is still given.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Say on standard error what is done, where, and how long it takes."
)
@click.pass_context
def compare(ctx: click.Context, /, **options: Any) -> int:
    """Say how different CANDIDATE looks from REFERENCE, layer by layer.

    The distance is the sum over the layers of weight × d(features of REFERENCE, features of CANDIDATE):
    0 for equal pictures, larger is more different. Both pictures must have the same size.

    \b
    Examples:
      percept compare expected.png actual.png
      percept compare expected.png actual.png --threshold 0.05 -q && echo same
      percept compare photo.png restored.png --format json --output report.json
      percept compare content.jpg styled.jpg --preset johnson-style
      percept compare a.png b.png --layers relu1_2,relu3_3=2.5 --distance l1
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
    settings: Settings = ctx.obj
    try:
        return _compare(ctx, settings, **options)
    except InvalidSetting as error:
        if _keys_in_use(ctx):
            error.hint = f"{error.hint} (in use from {settings.source}: {', '.join(_keys_in_use(ctx))})".strip()
        raise


def _keys_in_use(ctx: click.Context) -> list[str]:
    names = {key: "form" if key == "format" else key for key in KEYS}
    return [key for key, name in names.items() if ctx.get_parameter_source(name) is ParameterSource.DEFAULT_MAP]


def _compare(
    ctx: click.Context,
    settings: Settings,
    *,
    reference: Path,
    candidate: Path,
    preset: str,
    layers: object,
    distance: str | None,
    threshold: float | None,
    device: str,
    precision: str | None,
    form: str | None,
    wide: bool,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> int:
    recipe = load_preset(preset)
    spec = customise(recipe, layers=layers, distance=distance, precision=precision)
    threshold, source = _threshold(ctx, settings, recipe, threshold)
    scorer = Scorer(spec, device=device, threshold=threshold, threshold_source=source)
    form_typed = ctx.get_parameter_source("form") is ParameterSource.COMMANDLINE
    report_format = _report_format(form, output, typed=form_typed)
    if output is not None:
        check_output(output, (reference, candidate))
    if verbose:
        say(f"preset {recipe.name}; settings from {settings.source or 'no file'}; fingerprint {spec.fingerprint}")

    result = scorer.score(pair_of_files(reference, candidate))
    run = Run(version=__version__, spec=spec, device=scorer.device, results=(result,))

    if verbose:
        say(_what_ran(run))
    if not quiet and report_format != "table":
        for note in result.notes:
            say(f"Note: {note}")
    if output is not None:
        write_output(output, render(run, report_format, Style(wide=wide)))
        if not quiet:
            say(f"{result.status.upper()}: {result.reason}; distance {result.distance!r}")
            say(f"The report is in {shown(output)}.")
    elif form_typed or not quiet:
        print_result(render(run, report_format, style_of_stdout(wide=wide)))
    return run.exit_code


def _threshold(
    ctx: click.Context, settings: Settings, recipe: Preset, value: float | None
) -> tuple[float | None, str]:
    """The threshold that holds, and where it came from."""
    if value is None:
        return recipe.threshold, "" if recipe.threshold is None else f"preset {recipe.name}"
    from_file = ctx.get_parameter_source("threshold") is ParameterSource.DEFAULT_MAP
    return value, settings.source if from_file else "command line"


def _report_format(form: str | None, output: Path | None, *, typed: bool) -> str:
    """The format that was typed; else the one that the output's ending says; else the settings' or the table."""
    if output is None or (form is not None and typed):
        return form or "table"
    found = format_of_file(output.name)
    if found is None and form is None and output.suffix:
        endings = ", ".join(suffix for entry in FORMATS.values() for suffix in entry.suffixes)
        raise OutputUnwritable(
            f"{shown(output)}: the ending {printable(output.suffix)} says no format",
            hint=f"use --format, or one of {endings}.",
        )
    return found or form or "table"


def _what_ran(run: Run) -> str:
    seconds = sum(result.seconds for result in run.results)
    if run.device == "none":
        return f"the pixels are equal: the network was not loaded; {seconds:.3f} s"
    import torch

    record = run.spec.record
    threads = f", {torch.get_num_threads()} threads" if run.device == "cpu" else ""
    return (
        f"{record.network} from {record.path}{os.linesep}"
        f"torch {torch.__version__} on {run.device}{threads}, {run.spec.precision}; "
        f"{seconds:.3f} s with imports and loading"
    )
