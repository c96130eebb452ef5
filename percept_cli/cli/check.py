"""``percept check``: images compared with their baseline, by gates that see what a person sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli.cli.asked import destinations_of, recipe_of
from percept_cli.cli.console import say
from percept_cli.cli.many import Terms, run_many
from percept_cli.cli.process import settle_in
from percept_cli.drawing.heatmaps import HeatMapFolder
from percept_cli.errors import InvalidSetting
from percept_cli.geometry import parse_box
from percept_cli.judging.assigned import assigned
from percept_cli.judging.checks import GateJudge, check_book
from percept_cli.judging.rulebook import Changes, make_book
from percept_cli.judging.rules import Levels, parse_level
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
    """Judge images by their rules, those of the settings and what was typed; return the exit code."""
    settle_in()
    changes = {name: options.pop(name) for name in _RULES}
    terms = {
        name: options.pop(name) for name in ("top", "fail_fast", "allow_empty", "workers", "pictures", "heatmaps")
    }
    asked = recipe_of(ctx, **options)
    book, folders = make_book(asked.settings, _typed(changes), asked.recipe)
    baseline, current = _sides(ctx, baseline, current, folders)
    terms["heatmaps"] = terms["heatmaps"] and HeatMapFolder(terms["heatmaps"], (baseline, current))
    warnings = check_book(book, asked.recipe)
    scorer = asked.scorer.with_judge(GateJudge(book.rules_of, asked.recipe.preset.ladder))
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    from percept_cli.pairs.folders import pairs_of
    from percept_cli.pairs.listing import Choice

    found = pairs_of(baseline, current, Choice(include, exclude), any_extension=any_extension)
    pairs = assigned(found, book)
    if not quiet:
        for note in (*book.notes, *warnings):
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
            raise InvalidSetting(f"the limit of {gate} is given twice", hint="give one limit per gate.")
        levels[gate] = level
    return levels


def _sides(
    ctx: click.Context, baseline: Path | None, current: Path | None, folders: dict[str, str]
) -> tuple[Path, Path]:
    if baseline is not None and current is None:
        raise click.UsageError(f"Missing argument CURRENT ({shown(baseline)} is BASELINE).", ctx)
    if baseline is not None and current is not None:
        return baseline, current
    if len(folders) < 2:
        raise click.UsageError(
            "Missing arguments BASELINE and CURRENT. Give both, or name them in percept.toml: "
            "[check] baseline, current.",
            ctx,
        )
    return Path(folders["baseline"]), Path(folders["current"])
