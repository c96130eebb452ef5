"""What the options that several commands share come to: a recipe, and where reports go."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from percept_cli.cli.console import say
from percept_cli.cli.options import parameter_of
from percept_cli.errors import InvalidSetting
from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_stream
from percept_cli.images.policy import ImagePolicy
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.pairs.held import PairInMemory
from percept_cli.recipes.recipe import Recipe, make_recipe, renamed_taps
from percept_cli.recipes.settings import KEYS, Settings
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports.destinations import Destinations, destinations
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.machine import parse_size
from percept_cli.system.names import posix

_STDIN, _STDIN_NAME = Path("-"), "standard input"


@dataclass(frozen=True)
class Asked:
    """What the recipe options come to."""

    recipe: Recipe
    settings: Settings
    scorer: Scorer
    """By the recipe, its judge the threshold."""

    @property
    def spec(self) -> DistanceSpec:
        """Of the recipe."""
        return self.recipe.spec


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
    **pictures: Any,
) -> Asked:
    """The preset with what was asked for instead, and where it is to be measured.

    Raises:
        InvalidSetting: for anything that makes no recipe; the hint says which settings of a file are in use.
    """
    settings: Settings = ctx.obj
    try:
        recipe = make_recipe(
            preset,
            backbone=backbone,
            layers=layers,
            distance=distance,
            precision=precision,
            pictures={name: value for name, value in pictures.items() if value is not None},
            threshold=threshold,
            threshold_source=_source_of(ctx, settings, "threshold"),
        )
        memory = None if max_memory is None else parse_size(max_memory)
        judge = ThresholdJudge(recipe.threshold, recipe.threshold_source, ladder=recipe.preset.ladder)
        scorer = Scorer(recipe.spec, judge, device=device, max_memory=memory)
    except InvalidSetting as error:
        in_use = _keys_in_use(ctx)
        if in_use:
            error.hint = f"{error.hint} ({settings.source} sets: {', '.join(in_use)})".strip()
        raise
    if not ctx.params.get("quiet"):
        for note in recipe.preset.notes:
            say(f"Note: {note}")
    if backbone is not None and layers is None and not ctx.params.get("quiet"):
        for tap, other in renamed_taps(recipe.preset.spec, backbone).items():
            say(f"Note: {backbone} has no layer {tap}; {other} is compared instead")
    return Asked(recipe, settings, scorer)


def _keys_in_use(ctx: click.Context) -> list[str]:
    return [key for key in KEYS if ctx.get_parameter_source(parameter_of(key)) is ParameterSource.DEFAULT_MAP]


def _source_of(ctx: click.Context, settings: Settings, parameter: str) -> str:
    """Where a parameter's value came from, in words."""
    from_file = ctx.get_parameter_source(parameter) is ParameterSource.DEFAULT_MAP
    return settings.source if from_file else "command line"


def destinations_of(
    ctx: click.Context, *, form: str | None, outputs: tuple[Path, ...], wide: bool, quiet: bool
) -> Destinations:
    """Where reports go.

    Raises:
        OutputUnwritable, MissingLibrary: as ``reports.destinations``.
        InvalidSetting: for Parquet on a terminal.
    """
    typed = ctx.get_parameter_source("form") is ParameterSource.COMMANDLINE
    to = destinations(outputs, form, typed=typed, wide=wide, quiet=quiet)
    if to.stdout == "parquet" and sys.stdout.isatty():
        raise InvalidSetting("cannot print Parquet to a terminal", hint="use -o results.parquet.")
    return to


def pair_of_arguments(reference: Path, candidate: Path, policy: ImagePolicy) -> Pair:
    """Two files as a pair; ``-`` stands for what comes in on standard input.

    Raises:
        InvalidSetting: if both do, or a person sits at the other end.
        UnreadableImage, UnsupportedImage: if what comes in is no image that can be compared.
    """
    if _STDIN not in (reference, candidate):
        return pair_of_files(reference, candidate)
    if reference == candidate:
        raise InvalidSetting(
            "REFERENCE and CANDIDATE cannot both come from standard input", hint="save one of them as a file."
        )
    if sys.stdin is None:
        raise InvalidSetting(
            "standard input is closed", hint="redirect a file to it: percept compare a.png - < b.png"
        )
    if sys.stdin.isatty():
        raise InvalidSetting(
            "cannot read an image from a terminal", hint="redirect a file to it: percept compare a.png - < b.png"
        )
    decoded = decode(read_stream(sys.stdin.buffer, _STDIN_NAME, policy.limits), _STDIN_NAME, policy)
    if reference == _STDIN:
        return PairInMemory(posix(candidate), Path(_STDIN_NAME), candidate, held=(decoded, None))
    return PairInMemory(_STDIN_NAME, reference, Path(_STDIN_NAME), held=(None, decoded))
