"""``percept approve``: what was found to differ becomes the new baseline."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from click.core import ParameterSource

from percept_cli.cli.console import print_result, say
from percept_cli.cli.options import note_settings
from percept_cli.cli.process import settle_in
from percept_cli.errors import ExitCode, InvalidSetting
from percept_cli.images.policy import with_settings
from percept_cli.pairs.alternates import ALTERNATES, check_variant, system_variant
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system import signals
from percept_cli.system.names import counted, posix, printable, shell_quoted, shown, word_quoted

if TYPE_CHECKING:
    from percept_cli.recipes.settings import Settings
    from percept_cli.runs.approval import Approval
    from percept_cli.runs.selection import Selection
    from percept_cli.runs.steps import BaselineStep


@click.pass_context
def approve(
    ctx: click.Context,
    /,
    report: Path,
    baseline: Path | None,
    current: Path | None,
    patterns: tuple[str, ...],
    only: Literal["changed", "new"] | None,
    prune: bool,
    as_alternate: bool,
    drop_alternate: bool,
    variant: str | None,
    dry_run: bool,
    force: bool,
    limits: str | None,
    quiet: bool,
) -> int:
    """Copy over the baseline what a check found, and return the exit code."""
    from percept_cli.reports.data.reading import read_run
    from percept_cli.runs.beside import Beside
    from percept_cli.runs.elsewhere import approval_of
    from percept_cli.runs.selection import Selection, check_patterns, drops_of, steps_of

    if _in_ci() and not (force or dry_run):
        raise InvalidSetting(
            "percept approve changes the baseline, so it does not run in CI (the environment variable CI is set)",
            hint="approve on your own machine and commit the images, or use --force.",
        )
    _check_alternates(ctx, variant, as_alternate, drop_alternate, {"--prune": prune, "--only": only is not None})
    settle_in()
    run = read_run(report)
    if not quiet:
        note_settings(ctx.obj)
    book = _Book(ctx.obj)
    keep_as = (lambda name: variant or book.variant_of(name)) if as_alternate else None
    selection = Selection(patterns, only, prune, keep_as)
    options = _typed(ctx, selection, limits, dry_run=dry_run, force=force)
    options += ["--as-alternate"] * as_alternate + ["--drop-alternate"] * drop_alternate
    options += [] if variant is None else [_option("--variant", variant)]
    folders = _folders(run, book, report, baseline, current, options)
    policy = with_settings(run.spec.pictures, {} if limits is None else {"limits": limits})
    check_patterns(run, selection)
    approval = approval_of(folders, run.folders, policy=policy, references=book.references_of, dry_run=dry_run)
    if drop_alternate and variant is not None:
        alternates = Beside(approval)
        steps = list(drops_of(run, selection, variant, alternates.has))
        nothing = f"No image{' that matches' if patterns else ''} has an alternate of the variant {variant}"
        nothing += f"; variants: {', '.join(alternates.variants)}." if alternates.variants else "."
    else:
        steps = list(steps_of(run, selection))
        nothing = "" if steps else _nothing(run, selection, report)
    place = f"{folders[0]}/{ALTERNATES}" if as_alternate or drop_alternate else folders[0]
    return _take(steps, approval, place, nothing, dry_run=dry_run, quiet=quiet)


def _check_alternates(
    ctx: click.Context, variant: str | None, keeps: bool, drops: bool, others: dict[str, bool]
) -> None:
    """Refuse options that do not go together, and a name that no variant can have."""
    if variant is not None:
        check_variant(variant)
    if keeps and drops:
        raise click.UsageError("Give --as-alternate or --drop-alternate, not both.", ctx)
    if variant is not None and not (keeps or drops):
        raise click.UsageError("--variant needs --as-alternate or --drop-alternate.", ctx)
    if drops and variant is None:
        raise click.UsageError("--drop-alternate needs --variant: which alternates to delete.", ctx)
    for name, given in others.items():
        if given and (drops or (keeps and name == "--prune")):
            option = "--drop-alternate" if drops else "--as-alternate"
            raise click.UsageError(f"{name} and {option} cannot be combined.", ctx)


class _Book:
    """What the settings say of folders and references."""

    def __init__(self, settings: Settings) -> None:
        from percept_cli.judging.rulebook import make_book

        self._rules, self.folders = make_book(settings)

    def references_of(self, name: str) -> dict[str, bool]:
        """The further references of an image, in the baseline folder, and whether each is its alone."""
        from percept_cli.judging.assigned import places_of

        places = places_of(name, self._rules.rules_of(name).references)
        return {posix(place): "{name}" in pattern or "{stem}" in pattern for pattern, place in places.items()}

    def variant_of(self, name: str) -> str:
        """Of which variant an image is kept, where nobody says: as the settings prefer it, or this system's."""
        return self._rules.rules_of(name).variant or system_variant()


def _typed(
    ctx: click.Context, selection: Selection, limits: str | None, *, dry_run: bool, force: bool
) -> list[str]:
    """The options that were given, for a command that is to be typed again."""
    words = [_option("--filter", pattern) for pattern in selection.patterns]
    words += [] if selection.only is None else [_option("--only", selection.only)]
    words += ["--prune"] * selection.prune + ["--dry-run"] * dry_run + ["--force"] * force
    if limits is not None and ctx.get_parameter_source("limits") is ParameterSource.COMMANDLINE:
        words.append(_option("--limits", limits))
    if ctx.obj.path is not None and not ctx.obj.found:
        words.append(_option("--config", str(ctx.obj.path)))
    return words


def _folders(
    run: Run, book: _Book, report: Path, baseline: Path | None, current: Path | None, options: list[str]
) -> tuple[str, str]:
    """The folders that a person names, here or in the settings; what the report says of them is only a hint.

    Raises:
        InvalidSetting: if nobody does, or the report is not of two folders.
    """
    if run.folders is None:
        raise InvalidSetting(
            f"{shown(report)}: the report does not compare two folders, so there is no baseline to change",
            hint="make one with: percept check BASELINE CURRENT -o percept-report.json",
        )
    named = [
        book.folders.get(role) if given is None else str(given)
        for role, given in (("baseline", baseline), ("current", current))
    ]
    if named[0] is not None and named[1] is not None:
        return named[0], named[1]
    from percept_cli.reports.commands import folder_options

    words = [shell_quoted(str(report)), *folder_options(run.folders), *options]
    raise InvalidSetting(
        f"--baseline and --current are required: {shown(report)} says that it compared {shown(run.folders[1])} "
        f"with the baseline {shown(run.folders[0])}, but percept approve takes no folders from a report",
        hint=f"if these are the right folders, run:\npercept approve {' '.join(words)}\n"
        "or set baseline and current of [check] in percept.toml.",
    )


def _option(name: str, value: str) -> str:
    # What begins with a dash would be taken for an option of its own.
    return f"{name}{word_quoted(f'={value}')}" if value.startswith("-") else f"{name} {shell_quoted(value)}"


def _take(
    steps: list[BaselineStep], approval: Approval, place: str, nothing: str, *, dry_run: bool, quiet: bool
) -> int:
    """Take the steps one by one, tell of each, and return the exit code; without any, say why."""
    from percept_cli.runs.beside import Beside
    from percept_cli.runs.steps import Refused

    if not steps:
        if not quiet:
            print_result(f"{nothing}\n")
        return ExitCode.WITHIN
    done: Counter[str] = Counter()
    beside = Beside(approval)
    try:
        with approval.alone():
            for step in steps:
                try:
                    is_new = approval.take(step)
                except Refused as reason:
                    done["refused"] += 1
                    say(f"refused  {printable(step.name)}: {reason}")
                    continue
                done[step.kind if is_new else _ALREADY] += 1
                beside.note(step)
                if not quiet:
                    what = (_WOULD if dry_run else _DONE)[step.kind] if is_new else _ALREADY
                    variant = approval.variant_of(step)
                    told = "" if variant is None else f" (alternate {variant})"
                    print_result(f"{what}  {printable(step.name)}{told}\n")
    except KeyboardInterrupt:
        say(f"{signals.in_words()}. {_summary(done, place, dry_run=dry_run)}")
        return signals.exit_code()
    if not quiet:
        print_result(f"{_summary(done, place, dry_run=dry_run)}\n")
        for note in beside.notes:
            say(f"Note: {printable(note)}")
    if done["refused"]:
        say(
            "Hint: refused images were not copied; if a file has changed since the check, run percept check again."
        )
        return ExitCode.ABOVE
    return ExitCode.WITHIN


_DONE = {"changed": "changed", "new": "new    ", "missing": "removed"}
_WOULD = {"changed": "would change", "new": "would add   ", "missing": "would remove"}
_ALREADY = "already approved"


def _summary(done: Counter[str], place: str, *, dry_run: bool) -> str:
    words = {"changed": "changed", "new": "new", "missing": "removed", _ALREADY: _ALREADY, "refused": "refused"}
    told = [f"{done[kind]} {word}" for kind, word in words.items() if done[kind]]
    before = "Dry run, nothing was changed. Without --dry-run, in" if dry_run else "In"
    return f"{before} {shown(place)}: {', '.join(told) or 'nothing changed'}."


_FOUND: dict[Status, str] = {
    "pass": "passed",
    "measured": "had no limit",
    "tolerated": "had been tolerated",
    "warn": "differed",
    "fail": "differed",
    "new": "had no baseline",
    "missing": "was missing",
    "error": "could not be compared",
}


def _nothing(run: Run, selection: Selection, report: Path) -> str:
    """Why there is nothing to approve: by a filter, what became of the images that it means."""
    from percept_cli.runs.selection import matching

    results = matching(run, selection.patterns)
    if selection.patterns:
        found = Counter(_FOUND[result.status] for result in results)
        told = [f"{counted(count, 'image')} {word}" for word, count in found.items()]
        if len(results) == 1:
            told = [f"{printable(results[0].name)} {_FOUND[results[0].status]}"]
        only = f" with --only {selection.only}" if selection.only else ""
        told = [f"{', '.join(told)}: nothing to approve{only}."]
    else:
        kinds = {"changed": "differs", "new": "is new", None: "differs or is new"}[selection.only]
        kinds += " or is missing" if selection.prune else ""
        told = [f"Nothing to approve: {shown(report)} has no image that {kinds}."]
    missing = sum(result.status == "missing" for result in results)
    if missing and not selection.prune:
        told.append(f"--prune deletes {counted(missing, 'baseline')} without an image.")
    return "\n".join(told)


def _in_ci() -> bool:
    # As every pipeline sets it, and as people unset it: CI=false.
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false")
