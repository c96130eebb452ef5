"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from percept_cli.cli import completing
from percept_cli.cli.console import say
from percept_cli.cli.kinds import CountOr, Here, Location
from percept_cli.cli.layout import option
from percept_cli.recipes import DEFAULT
from percept_cli.reports import REPORTS

if TYPE_CHECKING:
    from percept_cli.recipes.settings import Settings

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Decorator = Callable[[Any], Any]


FILE = Location(path_type=Path, readable=False)
DEFAULT_TOP = 20
"""Rows of a table in a terminal."""


def parameter_of(key: str) -> str:
    """What click calls the parameter of an option: --format is "form", since `format` is a builtin."""
    return "form" if key == "format" else key.replace("-", "_")


def _load_settings(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    from percept_cli.recipes.settings import find_settings, read_settings

    settings = read_settings(Path(value)) if value is not None else find_settings()
    ctx.obj = settings
    ctx.default_map = {parameter_of(key): entry for key, entry in settings.values.items()}
    return value


def note_settings(settings: Settings) -> None:
    """Say which file is in force, where nobody would expect one: it lies above the current folder."""
    if settings.from_above:
        say(f"Note: settings from {settings.from_above}, above the current folder")


def _all(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for decorator in reversed(options):
            function = decorator(function)
        return function

    return decorate


def threshold_option(what: str) -> _Decorator:
    """A limit for the distance of the whole image, in the words of a command."""
    return option("--threshold", group="Judge", type=float, metavar="X", help=what)


limits_option: _Decorator = option(
    "--limits",
    group="Read",
    metavar="NAME=X,...",
    help="Refuse files above limits; off removes one (default: pixels=1G,file=4GB,frames=10000,metadata=16MB).",
)
_image_options = (
    option("--crop", group="Read", metavar="X,Y,W,H", help="Compare only this rectangle, in pixels."),
    option("--frame", group="Read", type=int, metavar="N", help="Compare only frame or page N, counted from 1."),
    option(
        "--resize",
        group="Read",
        metavar="HOW",
        help="Resize to: reference, candidate, fit:WxH or scale:X.",
    ),
    option(
        "--pad",
        group="Read",
        metavar="HOW",
        help="Pad the smaller image: edge, white, black or #rrggbb.",
    ),
    option(
        "--alpha",
        group="Read",
        metavar="COLOUR",
        help="Background of transparent pixels: worst (of black and white, default), white, black, #rrggbb or "
        "ignore.",
    ),
    option(
        "--blend",
        group="Read",
        metavar="HOW",
        help="Alpha blending: gamma (sRGB, default) or linear.",
    ),
    option(
        "--tonemap",
        group="Read",
        metavar="NAME",
        help="HDR tone map: aces (default), reinhard, hable or none.",
    ),
    option(
        "--exposure",
        group="Read",
        metavar="EV",
        help="HDR exposure in EV: auto (default), a number, START:STOP:STEP or auto-range (the worst counts).",
    ),
    option(
        "--allow-nan/--no-allow-nan",
        group="Read",
        default=None,
        help="Allow NaN/Inf at the same positions in both HDR images.",
    ),
    option(
        "--ignore-icc/--no-ignore-icc",
        group="Read",
        default=None,
        help="Take pixel values as sRGB; ignore colour profiles.",
    ),
    limits_option,
)
recipe_options = _all(
    option(
        "--preset",
        group="Recipe",
        default=DEFAULT,
        metavar="NAME|FILE",
        shell_complete=completing.presets,
        help="Recipe: built-in (see percept presets) or a TOML file.",
    ),
    option(
        "--layers",
        group="Recipe",
        type=click.UNPROCESSED,  # a settings file may also give a list or a table
        metavar="LAYERS",
        shell_complete=completing.taps,
        help="Layers to use, as LAYER[:DISTANCE][=WEIGHT],...",
    ),
    option(
        "--distance",
        group="Recipe",
        metavar="NAME",
        shell_complete=completing.distances,
        help="unit, mse, l1, euclidean, cosine, frobenius, gram-none, gram-hw, gram-chw, contextual, dists, "
        "lpips, st-lpips.",
    ),
    option(
        "--backbone",
        group="Recipe",
        metavar="NAME",
        shell_complete=completing.weights,
        help="Network weights to use (see percept weights list).",
    ),
    option(
        "--precision",
        group="Recipe",
        metavar="NAME",
        shell_complete=completing.precisions,
        help="fp32 (default), tf32 (CUDA only), bf16 or fp16.",
    ),
    option(
        "--device",
        group="Run",
        default="auto",
        metavar="DEVICE",
        shell_complete=completing.devices,
        help="auto (default), cpu, cuda, cuda:N or mps.",
    ),
    option(
        "--max-memory",
        group="Run",
        metavar="SIZE",
        help="Memory limit, e.g. 2GB (default: half of what is free).",
    ),
    *_image_options,
)

report_options = _all(
    option(
        "--output",
        "-o",
        "outputs",
        group="Output",
        multiple=True,
        type=FILE,
        metavar="FILE",
        help="Write a report to FILE instead of printing it; the extension selects the format. Repeatable.",
    ),
    option(
        "--format",
        "form",
        group="Output",
        type=click.Choice(list(REPORTS)),
        metavar="NAME",
        help="Format to print, also for unknown extensions: table (default), json, jsonl, "
        "csv, parquet, score, html, junit, markdown, github, gitlab, tap.",
    ),
    option("--wide/--no-wide", group="Output", help="CSV: one row per pair instead of one per layer."),
)

pictures_option: _Decorator = option(
    "--pictures",
    group="Output",
    type=click.Choice(["embed", "link", "none"]),
    metavar="HOW",
    default="embed",
    help="Images in HTML: embed (default), link or none.",
)

choice_options = _all(
    option(
        "--include",
        group="Select",
        multiple=True,
        metavar="GLOB",
        help="Only files that match: '*.png', 'ui/**'. Repeatable.",
    ),
    option(
        "--exclude",
        group="Select",
        multiple=True,
        metavar="GLOB",
        help="Skip matching files; overrides --include. Repeatable.",
    ),
    option(
        "--any-extension", group="Select", is_flag=True, help="If a.jpg has no counterpart, pair it with a.png."
    ),
)
"""Of a command that goes through folders."""
shard_option: _Decorator = option(
    "--shard",
    group="Select",
    metavar="I/N",
    help="Compare only shard I of N; then see percept merge.",
)
allow_empty_option: _Decorator = option(
    "--allow-empty", group="Judge", is_flag=True, help="Exit 0 when no images are found."
)
cache_option: _Decorator = option(
    "--cache",
    group="Run",
    type=Here(path_type=Path, file_okay=False),
    metavar="DIR",
    shell_complete=completing.folders,
    help="Keep up to 4 GB of what is fetched from addresses.",
)
remote_option: _Decorator = option(
    "--remote",
    group="Output",
    is_flag=True,
    help="Fetch images from addresses in the report.",
)
workers_option: _Decorator = option(
    "--workers",
    group="Run",
    type=click.IntRange(min=1),
    metavar="N",
    help="Image-reading threads (default: one per CPU, up to 8).",
)
ignore_options = _all(
    option(
        "--ignore",
        group="Judge",
        multiple=True,
        metavar="X,Y,W,H",
        help="Ignore a rectangle, in pixels. Repeatable.",
    ),
    option(
        "--mask",
        group="Judge",
        type=FILE,
        metavar="FILE",
        help="Ignore what is dark in this image of the same size.",
    ),
    option(
        "--max-shift",
        group="Judge",
        type=click.IntRange(0, 64),
        metavar="N",
        help="Tolerate what moved by up to N pixels (at most 64).",
    ),
)
"""What of an image does not count."""
run_options = _all(
    workers_option,
    option("--fail-fast", group="Run", is_flag=True, help="Stop at the first pair that fails or has an error."),
    option("--dry-run", group="Run", is_flag=True, help="Print what would be compared, and compare nothing."),
)
"""Of a command that goes through many pairs."""
resume_options = _all(
    option(
        "--resume",
        group="Run",
        type=FILE,
        metavar="FILE",
        help="Save results in FILE; skip unchanged pairs found in it.",
    ),
    option(
        "--resume-by",
        group="Run",
        type=click.Choice(["stat", "hash"]),
        metavar="HOW",
        default="stat",
        help="Detect changes by stat (size, time; default) or hash.",
    ),
)
"""Of a command whose run can be continued."""


def top_option(what: str) -> _Decorator:
    """How many rows a table has, in the words of a command."""
    return option(
        "--top",
        group="Output",
        type=CountOr("all", least=0),
        default=str(DEFAULT_TOP),
        show_default=True,
        metavar="N|all",
        help=what,
    )


config_option: _Decorator = option(
    "--config",
    group="Run",
    metavar="FILE",
    is_eager=True,
    callback=_load_settings,
    expose_value=False,
    help="Settings file (default: the nearest percept.toml).",
)


def quiet_option(what: str) -> _Decorator:
    """How much is printed, in the words of a command."""
    return option("-q", "--quiet", group="Output", is_flag=True, help=what)


verbose_option: _Decorator = option(
    "-v",
    "--verbose",
    group="Output",
    is_flag=True,
    help="Print what is done, and how long it takes (stderr).",
)
talk_options = _all(config_option, quiet_option("Print only errors, and what --format asks for."), verbose_option)
"""Of a command that writes reports."""
