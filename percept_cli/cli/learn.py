"""``percept learn``: limits of single images, learned from renderings that are known to be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli.cli.asked import recipe_of
from percept_cli.cli.console import print_report, say, style_of_stdout
from percept_cli.cli.lesson import as_json, as_table
from percept_cli.cli.options import note_settings
from percept_cli.cli.process import settle_in
from percept_cli.cli.progress import Lines
from percept_cli.cli.words import what_is_asked
from percept_cli.errors import ExitCode
from percept_cli.geometry import parse_box
from percept_cli.judging.checks import check_book
from percept_cli.judging.noise_file import NAME
from percept_cli.judging.rulebook import Changes, make_book
from percept_cli.recipes.settings import Settings
from percept_cli.system.names import counted, printable, shown


@click.pass_context
def learn(
    ctx: click.Context,
    /,
    baseline: Path,
    runs: tuple[Path, ...],
    ignore: tuple[str, ...],
    mask: Path | None,
    max_shift: int | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    any_extension: bool,
    output: Path | None,
    overwrite: bool,
    printed: str,
    top: int | None,
    workers: int | None,
    quiet: bool,
    verbose: bool,
    **options: Any,
) -> int:
    """Learn from the runs, write the noise file, and return the exit code."""
    settle_in()
    from percept_cli.pairs.listing import Choice
    from percept_cli.runs.learning import check_runs, learn_runs
    from percept_cli.runs.noise_file import earlier_entries, write_noise_file

    check_runs(baseline, runs)
    asked = recipe_of(ctx, threshold=None, **options)
    typed: Changes = {"noise_file": None}  # which is about to be written
    typed |= {"ignore": tuple(map(parse_box, ignore))} if ignore else {}
    typed |= {"mask": mask} if mask is not None else {}
    typed |= {"max_shift": max_shift} if max_shift is not None else {}
    book, _ = make_book(asked.settings, typed, asked.recipe)
    check_book(book, asked.recipe)
    path = output or _default_output(asked.settings)
    fingerprint, limits = asked.spec.fingerprint, asked.spec.pictures.limits
    earlier = earlier_entries(path, fingerprint, overwrite=overwrite)
    if verbose:
        say(what_is_asked(asked))
    if not quiet:
        note_settings(asked.settings)
    lines = Lines()
    lesson = learn_runs(
        baseline,
        runs,
        asked.scorer,
        book,
        choice=Choice(include, exclude),
        any_extension=any_extension,
        workers=workers,
        moved=lambda done, total: None if quiet else lines.move(f"{done}/{counted(total, 'image')}"),
    )
    if not quiet:
        for note in lesson.notes:
            say(f"Note: {printable(note)}")
    written = None
    if lesson.images:
        written = write_noise_file(path, fingerprint, lesson.images, earlier, baseline, limits)
    told = lesson, written, baseline, path, fingerprint
    if printed == "json":
        print_report([as_json(*told)])
    elif not quiet:
        print_report([as_table(*told, style_of_stdout(wide=False, top=top))], coloured=True)
    return _conclude(*told[:2], baseline, path, asked.settings, quiet=quiet)


def _default_output(settings: Settings) -> Path:
    """The file that the settings name; or the usual one beside them; or that in the current folder."""
    named = make_book(settings)[0].base.noise_file
    if named is not None:
        return named
    beside = settings.folder / NAME
    here = Path.cwd()
    return beside.relative_to(here) if beside.is_relative_to(here) else beside


def _conclude(lesson: Any, written: Any, baseline: Path, path: Path, settings: Settings, *, quiet: bool) -> int:
    """What a person should do next, and the exit code."""
    unusable = sum(len(run.unusable) for run in lesson.runs)
    if written is None:
        found = any(map(_has_images, lesson.runs))
        why = "no image is in two runs that can be used" if found else "no images were found"
        say(
            f"Error: nothing was learned, and nothing was written: {why}\n"
            f"Hint: images of a run need the names that they have in {shown(baseline)}; check paths and patterns."
        )
        return ExitCode.INPUT
    if unusable:
        say(
            f"Error: {counted(unusable, 'image')} could not be compared; the others were learned\n"
            "Hint: render them again, or leave them out with --exclude."
        )
    named = make_book(settings)[0].base.noise_file
    if not quiet and (named is None or named.absolute() != path.absolute()):
        say(f'To use it, write noise-file = "{shown(path)}" in the table [check] of percept.toml.')
    return ExitCode.INPUT if unusable else ExitCode.WITHIN


def _has_images(run: Any) -> bool:
    return bool(run.images or run.missing or run.extra or run.unusable or run.elsewhere)
