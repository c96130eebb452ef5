"""``percept check``: images compared with their baseline, by gates that see what a person sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli.cli.asked import destinations_of, recipe_of
from percept_cli.cli.console import say
from percept_cli.cli.dry_run import foresee
from percept_cli.cli.elsewhere import hold_to, keep_in
from percept_cli.cli.many import run_many
from percept_cli.cli.process import settle_in
from percept_cli.cli.terms import Terms
from percept_cli.drawing.heatmaps import HeatMapFolder
from percept_cli.errors import InvalidSetting, UnreadableFolder
from percept_cli.geometry import parse_box
from percept_cli.judging.assigned import assigned
from percept_cli.judging.checks import GateJudge, check_book
from percept_cli.judging.rulebook import TYPED, Changes, make_book, noise_file_of, without_noise_file
from percept_cli.judging.rules import Levels, parse_level
from percept_cli.pairs.alternates import check_variant
from percept_cli.recipes.presets import BACKSLASH
from percept_cli.recipes.settings import Settings
from percept_cli.results.found import GateName
from percept_cli.results.shard import parse_shard
from percept_cli.storage.address import is_remote
from percept_cli.system.names import shell_quoted, shown


@click.pass_context
def check(
    ctx: click.Context,
    /,
    baseline: Path | None,
    current: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    any_extension: bool,
    shard: str | None,
    dry_run: bool,
    form: str | None,
    wide: bool,
    outputs: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> int:
    """Judge images by their rules, those of the settings and what was typed; return the exit code."""
    part = None if shard is None else parse_shard(shard)
    settle_in()
    keep_in(options.pop("cache"))
    lock = options.pop("lock")
    changes = {name: options.pop(name) for name in _RULES}
    terms = {name: options.pop(name) for name in _TERMS}
    asked = recipe_of(ctx, **options)
    book, folders = make_book(asked.settings, _typed(changes), asked.recipe)
    baseline, current = _sides(ctx, baseline, current, asked.settings, folders)
    terms["heatmaps"] = terms["heatmaps"] and HeatMapFolder(terms["heatmaps"], (baseline, current))
    warnings = check_book(book, asked.recipe)
    scorer = asked.scorer.with_judge(GateJudge(book.rules_of, asked.recipe.preset.ladder))
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    from percept_cli.pairs.folders import pairs_of
    from percept_cli.pairs.listing import Choice
    from percept_cli.pairs.sharding import sharded

    if lock is not None:
        hold_to(lock, baseline)
    found = pairs_of(baseline, current, Choice(include, exclude), any_extension=any_extension)
    pairs = sharded(assigned(found, book), part)  # behind it, so that the book knows all names
    if not quiet:
        for note in (*book.notes, *warnings):
            say(f"Warning: {note}")
    return (foresee if dry_run else run_many)(
        pairs,
        asked,
        scorer,
        to,
        Terms(checks=True, **terms),
        quiet=quiet,
        verbose=verbose,
    )


_TERMS = ("top", "fail_fast", "allow_empty", "workers", "pictures", "heatmaps", "resume", "resume_by")
_POLICIES = ("new", "missing", "size_mismatch")
_LIMITS = ("noise", "noise_file", "fails", "warns")
_RULES = (*_LIMITS, "ignore", "mask", "max_shift", *_POLICIES, "variant")


def _typed(given: dict[str, Any]) -> Changes:
    """The options that were given, as changes of the rules."""
    changes: Changes = {
        name: given[name] for name in ("noise", "mask", "max_shift", *_POLICIES) if given[name] is not None
    }
    if given["variant"] is not None:
        changes["variant"] = check_variant(given["variant"])
    if given["ignore"]:
        changes["ignore"] = tuple(map(parse_box, given["ignore"]))
    fails, warns = (_levels_by_gate(given[name]) for name in ("fails", "warns"))
    levels = {gate: Levels(warns.get(gate), fails.get(gate), TYPED) for gate in {**warns, **fails}}
    if levels:
        changes["typed"] = levels
    if given["noise_file"] is not None:
        changes["noise_file"] = noise_file_of(given["noise_file"])
    return without_noise_file(changes)


def _levels_by_gate(texts: tuple[str, ...]) -> dict[GateName, float]:
    levels: dict[GateName, float] = {}
    for gate, level in map(parse_level, texts):
        if gate in levels:
            raise InvalidSetting(f"the limit of {gate} is given twice", hint="give one limit per gate.")
        levels[gate] = level
    return levels


def _sides(
    ctx: click.Context, baseline: Path | None, current: Path | None, settings: Settings, folders: dict[str, str]
) -> tuple[Path, Path]:
    """What is compared: as it was typed, or the folders that the settings name."""
    if baseline is not None and current is None:
        raise click.UsageError(f"Missing argument CURRENT ({shown(baseline)} is BASELINE).", ctx)
    if baseline is not None and current is not None:
        return baseline, current
    if not folders:
        raise click.UsageError(
            "Missing arguments BASELINE and CURRENT. Give both, or name them in percept.toml: "
            "[check] baseline, current.",
            ctx,
        )
    for role, other in (("baseline", "current"), ("current", "baseline")):
        if role not in folders:
            raise click.UsageError(
                f"Missing arguments BASELINE and CURRENT: {settings.source} names {other}, but no {role}. "
                f"Add {role} to its table {settings.header('check')}, or give both arguments.",
                ctx,
            )
    baseline, current = Path(folders["baseline"]), Path(folders["current"])
    _check_named(settings, baseline, current)
    return baseline, current


def _is_missing(path: Path) -> bool:
    if is_remote(path):
        return False
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # which is told by what reads it
        return False
    return False


def _check_named(settings: Settings, baseline: Path, current: Path) -> None:
    """Refuse folders of the settings that do not exist, and say how to make them."""
    no_baseline, no_current = map(_is_missing, (baseline, current))
    where = f"{settings.header('check')} in {settings.source}"
    for path, is_missing in ((baseline, no_baseline), (current, no_current)):
        if is_missing and not str(path).isprintable():
            raise UnreadableFolder(f"{shown(path)}: no such folder, but {where} names it", hint=BACKSLASH)
    parents = "" if baseline.parent.is_dir() else "-p "
    make = f"mkdir {parents}{shell_quoted(str(baseline))}"
    first = (
        f"{make}, then percept check -o percept-report.json and percept approve percept-report.json; "
        "the first check exits with 3, because all images are new."
    )
    if no_baseline and no_current:
        raise UnreadableFolder(
            f"neither {shown(baseline)} nor {shown(current)} exists, but {where} names them as baseline "
            "and current",
            hint=f"save your images to {shown(current)}. If there is no baseline yet: {first}",
        )
    if no_baseline:
        raise UnreadableFolder(
            f"{shown(baseline)}: no such folder, but {where} names it as baseline",
            hint=f"if there is no baseline yet: {first}",
        )
    if no_current:
        raise UnreadableFolder(
            f"{shown(current)}: no such folder, but {where} names it as current",
            hint="save your images there, or correct the path.",
        )
