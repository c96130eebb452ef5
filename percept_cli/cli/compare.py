"""``percept compare``: two images, one number, and the layers that see the difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from percept_cli._version import __version__
from percept_cli.cli.asked import destinations_of, pair_of_arguments, recipe_of
from percept_cli.cli.console import print_report, say, style_of_stdout
from percept_cli.cli.elsewhere import keep_in
from percept_cli.cli.options import note_settings
from percept_cli.cli.process import settle_in
from percept_cli.cli.words import say_plans, what_is_asked, what_ran, where_reports_are
from percept_cli.pairs.folders import is_folder
from percept_cli.reports import Style, render
from percept_cli.results.numbers import rounded
from percept_cli.results.run import Run
from percept_cli.storage.outputs import check_output, write_output
from percept_cli.system.names import printable


@click.pass_context
def compare(
    ctx: click.Context,
    /,
    reference: Path,
    candidate: Path,
    form: str | None,
    wide: bool,
    outputs: tuple[Path, ...],
    cache: Path | None,
    quiet: bool,
    verbose: bool,
    **recipe_settings: Any,
) -> int:
    """Compare two images, or two folders, and return the exit code."""
    settle_in()
    keep_in(cache)
    asked = recipe_of(ctx, **recipe_settings)
    scorer = asked.scorer
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    if is_folder(candidate):
        from percept_cli.cli.many import run_many
        from percept_cli.cli.terms import Terms
        from percept_cli.pairs.folders import pairs_of

        return run_many(pairs_of(reference, candidate), asked, scorer, to, Terms(), quiet=quiet, verbose=verbose)
    for path, _ in to.files:
        check_output(path, (reference, candidate))
    if to.stdout != "table" and not quiet:
        note_settings(asked.settings)
    if verbose:
        say(what_is_asked(asked))

    pair = pair_of_arguments(reference, candidate, scorer.spec.pictures)
    result = scorer.score(pair, say_plans if verbose else None)
    run = Run(__version__, scorer.spec, scorer.device, (result,), kind="compare", engine=scorer.convolutions)

    if verbose:
        say(what_ran(run, result.seconds))
    if not quiet and to.stdout != "table":
        for note in result.notes:
            say(f"Note: {printable(note)}")
    look: dict[str, Any] = {"wide": wide, "settings": asked.settings.from_above}
    for path, name in to.files:
        write_output(path, render(run, name, Style(link_from=path.parent, **look)))
    if to.files and not quiet:
        distance = f"; distance {rounded(result.distance)}" if result.threshold is None else ""  # else it is said
        say(f"{result.status.upper()}: {printable(result.reason)}{distance}")
        say(where_reports_are([path for path, _ in to.files]))
    if to.stdout is not None:
        print_report(render(run, to.stdout, style_of_stdout(**look)), coloured=to.stdout == "table")
    return run.exit_code
