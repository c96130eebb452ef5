"""``percept check``: pictures held to their baseline, by gates that see what a person sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli.cli.asked import Asked, destinations_of, recipe_of
from percept_cli.cli.console import say
from percept_cli.cli.many import Terms, run_many
from percept_cli.cli.process import settle_in
from percept_cli.drawing.heatmaps import HeatMapFolder
from percept_cli.errors import InvalidSetting
from percept_cli.geometry import parse_box
from percept_cli.judging.assigned import assigned
from percept_cli.judging.checks import GateJudge, check_levels, has_own_levels
from percept_cli.judging.rulebook import Changes, RuleBook, changed, read_tables
from percept_cli.judging.rules import Levels, Rules, parse_level
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.settings import Settings
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import GateName
from percept_cli.system.names import shown


@click.pass_context
def check(
    ctx: click.Context,
    /,
    baseline: Path | None,
    current: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    any_extension: bool,
    form: str | None,
    wide: bool,
    outputs: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> int:
    """Judge pictures by their rules, those of the settings and what was typed; return the exit code."""
    settle_in()
    changes = {name: options.pop(name) for name in _RULES}
    terms = {
        name: options.pop(name) for name in ("top", "fail_fast", "allow_empty", "workers", "pictures", "heatmaps")
    }
    asked = recipe_of(ctx, **options)
    book, folders = _rules(asked.settings, changes, _threshold(asked))
    baseline, current = _sides(ctx, baseline, current, folders)
    terms["heatmaps"] = terms["heatmaps"] and HeatMapFolder(terms["heatmaps"], (baseline, current))
    _check_rules(asked, book)
    scorer = asked.scorer(GateJudge(book.rules_of))
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    from percept_cli.pairs.folders import Choice, pairs_of

    found = pairs_of(baseline, current, Choice(include, exclude), any_extension=any_extension)
    pairs = assigned(found, book)
    if not quiet:
        for note in (*book.notes, *_without_levels(asked, book)):
            say(f"Warning: {note}")
    return run_many(
        pairs,
        asked,
        scorer,
        to,
        Terms(checks=True, **terms),
        quiet=quiet,
        verbose=verbose,
    )


_RULES = ("noise", "fails", "warns", "ignore", "mask", "max_shift", "new", "missing", "size_mismatch")


def _threshold(asked: Asked) -> Levels | None:
    """The preset's or the user's threshold, as the level of the gate ``distance``."""
    recipe = asked.recipe
    return None if recipe.threshold is None else Levels(None, recipe.threshold, recipe.threshold_source)


def _rules(settings: Settings, given: dict[str, Any], threshold: Levels | None) -> tuple[RuleBook, dict[str, str]]:
    """Rules and overrides: those of the settings file, and what was typed above them."""
    rules = Rules()
    if threshold is not None:
        rules = changed(rules, {"levels": {"distance": threshold}})
    changes, overrides, folders = read_tables(settings)
    return RuleBook(changed(changed(rules, changes), _typed(given)), overrides), folders


def _typed(given: dict[str, Any]) -> Changes:
    """The options that were given, as changes of the rules."""
    changes: Changes = {
        name: given[name]
        for name in ("noise", "mask", "max_shift", "new", "missing", "size_mismatch")
        if given[name] is not None
    }
    if given["ignore"]:
        changes["ignore"] = tuple(map(parse_box, given["ignore"]))
    fails, warns = (_levels_by_gate(given[name]) for name in ("fails", "warns"))
    levels = {gate: Levels(warns.get(gate), fails.get(gate), "command line") for gate in {**warns, **fails}}
    if levels:
        changes["levels"] = levels
    return changes


def _levels_by_gate(texts: tuple[str, ...]) -> dict[GateName, float]:
    levels: dict[GateName, float] = {}
    for gate, level in map(parse_level, texts):
        if gate in levels:
            raise InvalidSetting(f"the level of {gate} is given twice", hint="give each gate one level.")
        levels[gate] = level
    return levels


def _sides(
    ctx: click.Context, baseline: Path | None, current: Path | None, folders: dict[str, str]
) -> tuple[Path, Path]:
    if baseline is not None and current is None:
        raise click.UsageError(f"{shown(baseline)} is the baseline; name what to hold to it as well.", ctx)
    if baseline is not None and current is not None:
        return baseline, current
    if len(folders) < 2:
        raise click.UsageError(
            "Give a baseline and what to hold to it, or name both in percept.toml: [check] baseline, current.",
            ctx,
        )
    return Path(folders["baseline"]), Path(folders["current"])


def _all_rules(asked: Asked, book: RuleBook) -> list[tuple[Rules, DistanceSpec]]:
    """The run's rules, and those of every override alone, each with its recipe."""
    found = [book.base, *(changed(book.base, override.changes) for override in book.overrides)]
    return [(rules, asked.spec if rules.preset is None else load_preset(rules.preset).spec) for rules in found]


def _without_levels(asked: Asked, book: RuleBook) -> list[str]:
    """Recipes by which a picture is judged for its colour alone."""
    names = dict.fromkeys(
        rules.preset or f"the recipe {asked.recipe.preset.name}, as it was asked for,"
        for rules, spec in _all_rules(asked, book)
        if not has_own_levels(spec) and not {"distance", "peak"} & rules.levels.keys()
    )
    return [
        f"{name} has no levels for distance and peak, so colour alone decides; --fail distance=X gives it one"
        for name in names
    ]


def _check_rules(asked: Asked, book: RuleBook) -> None:
    """Refuse levels and masks that no picture could be judged by.

    Raises:
        InvalidSetting, UnreadableImage, UnsupportedImage: saying which.
    """
    for rules, spec in _all_rules(asked, book):
        check_levels(rules, spec)
        if rules.mask is not None:  # once, instead of for every picture
            from percept_cli.evidence.masks import check_mask

            check_mask(rules.mask)
