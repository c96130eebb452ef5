"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from percept_cli.cli import completing
from percept_cli.cli.console import say
from percept_cli.recipes import DEFAULT
from percept_cli.reports import REPORTS

if TYPE_CHECKING:
    from percept_cli.recipes.settings import Settings

_Function = TypeVar("_Function", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, readable=False)
DEFAULT_TOP = 20
"""Rows of a table in a terminal."""


class CountOr(click.ParamType[int | None]):
    """A number, or one word for leaving it open (None)."""

    def __init__(self, word: str, *, least: int) -> None:
        self.name = f"{word}|N"
        self._word, self._least = word, least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Raise what click expects for anything else."""
        if value == self._word:
            return None
        if not str(value).isdecimal() or int(value) < self._least:
            self.fail(f"{value!r} is neither {self._word} nor a number of at least {self._least}", param, ctx)
        return int(value)


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
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_THRESHOLD: Callable[[Any], Any] = click.option(
    "--threshold", type=float, metavar="X", help="Exit with 1 if a distance is above X."
)
limits_option: Callable[[Any], Any] = click.option(
    "--limits",
    metavar="LIMITS",
    help="Refuse files beyond these: pixels=1G, file=4GB, frames=10000, metadata=16MB, or another number or off "
    "for each, separated by commas. Moves no number.",
)
_picture_options = (
    click.option(
        "--alpha",
        metavar="GROUND",
        help="What transparency is laid over: white, black, #rrggbb, worst (black and white, and the larger "
        "distance counts), or ignore it.  [default: worst]",
    ),
    click.option(
        "--blend",
        metavar="HOW",
        help="Mix there in sRGB values as browsers do (gamma), or in linear light (linear).  [default: gamma]",
    ),
    click.option(
        "--frame",
        type=int,
        metavar="N",
        help="Compare the Nth frame or page of each file, from 1, not all.",
    ),
    click.option("--crop", metavar="X,Y,W,H", help="Compare only this rectangle, in pixels from the top left."),
    click.option(
        "--resize",
        metavar="HOW",
        help="Bring other sizes to the reference's or the candidate's, or all pictures to fit:WxH or scale:X; by "
        "Lanczos, antialiased.  [default: error]",
    ),
    click.option(
        "--pad",
        metavar="HOW",
        help="Extend the smaller picture on the right and below by its edge, or by white, black or #rrggbb.  "
        "[default: none]",
    ),
    click.option(
        "--tonemap",
        metavar="NAME",
        help="How light of HDR files becomes colours: aces, reinhard, hable or none.  [default: aces]",
    ),
    click.option(
        "--exposure",
        metavar="EV",
        help="By how much HDR light is made brighter: a number of EV, auto to suit the reference, or "
        "START:STOP:STEP or auto-range for several, of which the largest distance counts.  [default: auto]",
    ),
    click.option(
        "--allow-nan/--no-allow-nan",
        default=None,
        help="Let pixels of light pass that are no finite numbers, where both pictures have them in the same "
        "places.",
    ),
    click.option(
        "--ignore-icc/--no-ignore-icc",
        default=None,
        help="Take values as sRGB, whatever colour profiles and PNG's colour chunks say.",
    ),
    limits_option,
)
_recipe_options = (
    click.option(
        "--preset",
        default=DEFAULT,
        show_default=True,
        metavar="NAME|FILE.toml",
        shell_complete=completing.presets,
        help="The recipe: a built-in one (see: percept presets), or a TOML file.",
    ),
    click.option(
        "--backbone",
        metavar="NAME",
        shell_complete=completing.weights,
        help="Weights instead of the preset's (see: percept weights list). Of the preset's layers those that its "
        "network does not have become the last ones of their block.",
    ),
    click.option(
        "--layers",
        type=click.UNPROCESSED,  # a settings file may also give a list or a table
        metavar="LAYERS",
        shell_complete=completing.taps,
        help="Layers instead of the preset's: tap[:distance][=weight], separated by commas, such as "
        "relu1_2,relu3_3=2.5. Taps are input, conv1_1, relu1_1 … relu5_3 and pool1 … pool4; VGG-19 has conv3_4, "
        "relu3_4 and so on as well.",
    ),
    click.option(
        "--distance",
        metavar="NAME",
        shell_complete=completing.distances,
        help="Distance instead of the preset's: unit, mse, l1, euclidean, cosine, frobenius, gram-none, gram-hw, "
        "gram-chw (gram for short), contextual; dists, lpips and st-lpips on their own backbones.",
    ),
    _THRESHOLD,
    click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="DEVICE",
        shell_complete=completing.devices,
        help="auto, cpu, cuda, cuda:N or mps.",
    ),
    click.option(
        "--precision",
        metavar="PRECISION",
        shell_complete=completing.precisions,
        help="fp32, tf32 (CUDA only), bf16 or fp16.  [default: the preset's, fp32]",
    ),
    click.option(
        "--max-memory",
        metavar="SIZE",
        help="Most memory to take, such as 2GB: of the machine on the CPU, of the GPU on one. Larger pictures go "
        "through the network in parts; it moves no number.  [default: half of what is free, for features]",
    ),
    *_picture_options,
)
recipe_options = _all(*_recipe_options)
drawing_recipe_options = _all(*(option for option in _recipe_options if option is not _THRESHOLD))
"""Of a command that judges nothing."""

report_options = _all(
    click.option(
        "--format",
        "form",
        type=click.Choice(list(REPORTS)),
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

pictures_option: Callable[[Any], Any] = click.option(
    "--pictures",
    type=click.Choice(["embed", "link", "none"]),
    default="embed",
    show_default=True,
    help="HTML: pictures in the file itself (of pairs that passed only while it stays small), by their addresses, "
    "or not at all.",
)

choice_options = _all(
    click.option(
        "--include",
        multiple=True,
        metavar="GLOB",
        help="Take only files that match, as in .gitignore: *.png, ui/**.",
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match; above --include."),
)
"""Of a command that goes through folders."""
any_extension_option: Callable[[Any], Any] = click.option(
    "--any-extension", is_flag=True, help="Let a.png be the counterpart of a.jpg where there is no a.png."
)
ending_options = _all(
    click.option("--fail-fast", is_flag=True, help="Stop at the first pair that fails or cannot be compared."),
    click.option("--allow-empty", is_flag=True, help="Comparing nothing is no error."),
)
workers_option: Callable[[Any], Any] = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Threads that read pictures.  [default: one per processor, at most 8]",
)


def top_option(what: str) -> Callable[[Any], Any]:
    """How many rows a table has, in the words of a command."""
    return click.option(
        "--top",
        type=CountOr("all", least=0),
        default=str(DEFAULT_TOP),
        show_default=True,
        metavar="N|all",
        help=what,
    )


config_option: Callable[[Any], Any] = click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    callback=_load_settings,
    expose_value=False,
    help="Read defaults from FILE.  [default: the nearest percept.toml, or pyproject.toml with [tool.percept]]",
)
talk_options = _all(
    config_option,
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
