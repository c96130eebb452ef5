"""Options that several commands share, and what they come to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from percept_cli.cli.console import say
from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.machine import parse_size
from percept_cli.names import printable, shown
from percept_cli.presets import DEFAULT, RENDER, Preset, customise, load_preset, renamed_taps
from percept_cli.reports import FORMATS, check_format, format_of_file
from percept_cli.scoring import Scorer
from percept_cli.settings import KEYS, Settings, find_settings, read_settings

_Function = TypeVar("_Function", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, readable=False)


def _parameter(key: str) -> str:
    """What click calls the parameter of an option: --format is "form", since `format` is a builtin."""
    return "form" if key == "format" else key.replace("-", "_")


def _load_settings(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    settings = read_settings(Path(value)) if value is not None else find_settings()
    ctx.obj = settings
    ctx.default_map = {_parameter(key): entry for key, entry in settings.values.items()}
    return value


def _all(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _preset_option(default: str) -> Callable[[_Function], _Function]:
    return click.option(
        "--preset",
        default=default,
        show_default=True,
        metavar="NAME|FILE.toml",
        help="The recipe: a built-in one (see: percept presets), or a TOML file.",
    )


_THRESHOLD: Callable[[Any], Any] = click.option(
    "--threshold", type=float, metavar="X", help="Exit with 1 if a distance is above X."
)
_recipe_options = (
    click.option(
        "--backbone",
        metavar="NAME",
        help="Weights instead of the preset's (see: percept weights list). Of the preset's layers those that its "
        "network does not have become the last ones of their block.",
    ),
    click.option(
        "--layers",
        type=click.UNPROCESSED,  # a settings file may also give a list or a table
        metavar="LAYERS",
        help="Layers instead of the preset's: tap[:distance][=weight], separated by commas, such as "
        "relu1_2,relu3_3=2.5. Taps are input, conv1_1, relu1_1 … relu5_3 and pool1 … pool4.",
    ),
    click.option(
        "--distance",
        metavar="NAME",
        help="Distance instead of the preset's: unit, mse, l1, euclidean, cosine, frobenius, gram-none, gram-hw, "
        "gram-chw (gram for short), contextual; dists, lpips and st-lpips on their own backbones.",
    ),
    _THRESHOLD,
    click.option(
        "--device", default="auto", show_default=True, metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps."
    ),
    click.option(
        "--precision",
        metavar="PRECISION",
        help="fp32, tf32 (CUDA only), bf16 or fp16.  [default: the preset's, fp32]",
    ),
    click.option(
        "--max-memory",
        metavar="SIZE",
        help="Most memory to take, such as 2GB: of the machine on the CPU, of the GPU on one. Larger pictures go "
        "through the network in parts; it moves no number.  [default: half of what is free, for features]",
    ),
)
recipe_options = _all(_preset_option(DEFAULT), *_recipe_options)
check_recipe_options = _all(_preset_option(RENDER), *_recipe_options)
drawing_recipe_options = _all(
    _preset_option(RENDER), *(option for option in _recipe_options if option is not _THRESHOLD)
)
"""Of a command that judges nothing."""

report_options = _all(
    click.option(
        "--format",
        "form",
        type=click.Choice(list(FORMATS)),
        help="How to report on standard output, or in an --output whose ending says no format.  [default: table]",
    ),
    click.option("--wide/--no-wide", help="CSV: one row per pair instead of one per layer."),
    click.option(
        "--output",
        "-o",
        "outputs",
        multiple=True,
        type=FILE,
        metavar="FILE",
        help="Write a report to FILE, whole or not at all, in the format of its ending; may be given several "
        "times. Standard output then gets one only if --format asks for it.",
    ),
)

talk_options = _all(
    click.option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_load_settings,
        expose_value=False,
        help="Read defaults from FILE.  [default: the nearest percept.toml, or pyproject.toml with "
        "[tool.percept]]",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        help="Print errors only; the exit code answers. A --format or --output that is asked for is still given.",
    ),
    click.option(
        "-v", "--verbose", is_flag=True, help="Say on standard error what is done, where, and how long it takes."
    ),
)


@dataclass(frozen=True)
class Recipe:
    """What the recipe options come to."""

    preset: Preset
    scorer: Scorer
    settings: Settings


def recipe_of(
    ctx: click.Context,
    *,
    preset: str,
    backbone: str | None,
    layers: object,
    distance: str | None,
    threshold: float | None,
    device: str,
    precision: str | None,
    max_memory: str | int | None,
) -> Recipe:
    """The preset with what was asked for instead, and a scorer for it.

    Raises:
        InvalidSetting: for anything that makes no recipe; the hint says which settings of a file are in use.
    """
    settings: Settings = ctx.obj
    try:
        found = load_preset(preset)
        spec = customise(found, backbone=backbone, layers=layers, distance=distance, precision=precision)
        limit, source = _threshold(ctx, settings, found, threshold)
        memory = None if max_memory is None else parse_size(max_memory)
        scorer = Scorer(spec, device=device, threshold=limit, threshold_source=source, max_memory=memory)
    except InvalidSetting as error:
        in_use = _keys_in_use(ctx)
        if in_use:
            error.hint = f"{error.hint} (in use from {settings.source}: {', '.join(in_use)})".strip()
        raise
    if backbone is not None and layers is None and not ctx.params.get("quiet"):
        for tap, other in renamed_taps(found.spec, backbone).items():
            say(f"Note: {backbone} has no {tap}; its {other} is compared instead")
    return Recipe(found, scorer, settings)


def _keys_in_use(ctx: click.Context) -> list[str]:
    return [key for key in KEYS if ctx.get_parameter_source(_parameter(key)) is ParameterSource.DEFAULT_MAP]


def _threshold(
    ctx: click.Context, settings: Settings, preset: Preset, value: float | None
) -> tuple[float | None, str]:
    """The threshold that holds, and where it came from."""
    if value is None:
        return preset.threshold, "" if preset.threshold is None else f"preset {preset.name}"
    from_file = ctx.get_parameter_source("threshold") is ParameterSource.DEFAULT_MAP
    return value, settings.source if from_file else "command line"


@dataclass(frozen=True)
class Destinations:
    """Which reports go where."""

    stdout: str | None
    """The format on standard output, or None."""
    files: tuple[tuple[Path, str], ...]
    """Files and their formats."""
    wide: bool


def destinations_of(
    ctx: click.Context, *, form: str | None, outputs: tuple[Path, ...], wide: bool, quiet: bool
) -> Destinations:
    """Where reports go: a file's ending says its format, and --format that of any other file or standard output.

    Raises:
        OutputUnwritable: for an ending that says no format where none is given, or a file that is named twice.
        InvalidSetting: for Parquet on a terminal.
        MissingLibrary: for a format that needs one.
    """
    files = []
    for path in outputs:
        if outputs.count(path) > 1:
            raise OutputUnwritable(f"{shown(path)}: named twice as --output", hint="name each file once.")
        found = format_of_file(path.name) or form
        if found is None and path.suffix:
            endings = ", ".join(suffix for entry in FORMATS.values() for suffix in entry.suffixes)
            raise OutputUnwritable(
                f"{shown(path)}: the ending {printable(path.suffix)} says no format",
                hint=f"use --format, or one of {endings}.",
            )
        files.append((path, found or "table"))
    typed = ctx.get_parameter_source("form") is ParameterSource.COMMANDLINE
    given_to_file = any(format_of_file(path.name) is None for path in outputs)
    stdout = None
    if (typed and not given_to_file) or (not outputs and not quiet):
        stdout = form or "table"
    if stdout == "parquet" and sys.stdout.isatty():
        raise InvalidSetting("Parquet is no text for a terminal", hint="use -o results.parquet.")
    for name in {stdout, *(name for _, name in files)} - {None}:
        check_format(str(name))
    return Destinations(stdout, tuple(files), wide)
