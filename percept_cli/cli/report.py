"""``percept report``: a run that was written as JSON, in any other format, without comparing anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from percept_cli.cli.asked import destinations_of
from percept_cli.cli.console import print_report, say, style_of_stdout
from percept_cli.cli.options import note_settings
from percept_cli.cli.words import where_reports_are, worst_in_lines
from percept_cli.errors import ExitCode
from percept_cli.reports import Style, render
from percept_cli.results.run import Run
from percept_cli.results.verdict import judge_run
from percept_cli.storage.address import is_remote
from percept_cli.storage.outputs import check_output, write_output
from percept_cli.system.names import counted, posix, printable, shown


@click.pass_context
def report(ctx: click.Context, /, results: Path, **options: Any) -> int:
    """Read the run and write it anew; return the exit code."""
    from percept_cli.reports.data.reading import read_run

    write_anew(ctx, (results,), lambda: read_run(results), json_report=posix(results), **options)
    return ExitCode.WITHIN


def write_anew(
    ctx: click.Context,
    inputs: Sequence[Path],
    read: Callable[[], Run],
    *,
    form: str | None,
    outputs: tuple[Path, ...],
    wide: bool,
    pictures: Literal["embed", "link", "none"],
    top: int | None,
    quiet: bool,
    verbose: bool,
    remote: bool = False,
    json_report: str | None = None,
) -> Run:
    """Read a run out of reports, write it in other formats as the options of the command say, and return it.

    ``inputs`` are the reports, which no output may overwrite; ``read`` reads them, once it is known that all
    outputs can be written. ``json_report`` is that of the run, for the commands that are shown. Without it the run
    is a new one: its JSON report is among the outputs, and what did not pass is said too.
    """
    to = destinations_of(ctx, form=form, outputs=outputs, wide=wide, quiet=quiet)
    for path, _ in to.files:
        check_output(path, inputs)
    run = read()
    fetches = stay_here(inputs, remote=remote)
    if verbose:
        source = shown(inputs[0]) if len(inputs) == 1 else counted(len(inputs), "report")
        say(f"read {counted(len(run.results), 'result')} of percept {run.version} from {source}")
    if not quiet:
        if to.stdout != "table":
            note_settings(ctx.obj)
        _tell_what_is_gone(ctx, run, {to.stdout, *(name for _, name in to.files)}, fetches=fetches)
    is_new = json_report is None
    documents = [posix(path) for path, name in to.files if name == "json"]
    look: dict[str, Any] = {"wide": to.wide, "pictures": pictures, "settings": ctx.obj.from_above}
    look["json_report"] = next(iter(documents), None) if is_new else json_report
    # As percept batch has it: a screen has room for few rows, a file for all, unless it is said how many.
    top_in_files = top if ctx.get_parameter_source("top") is ParameterSource.COMMANDLINE else None
    for path, name in to.files:
        here = Path() if is_remote(path) else path.parent
        folder = Path(os.path.abspath(here))  # noqa: PTH100 - not resolve(): browsers know nothing of links
        write_output(path, render(run, name, Style(link_from=folder, top=top_in_files, **look)))
    if to.files and not quiet:
        status, reason = judge_run(run)
        say(f"{status.upper()}: {printable(reason)}")
        for line in worst_in_lines(run, top) if is_new and to.stdout is None else ():
            say(line)
        say(where_reports_are([path for path, _ in to.files]))
    if to.stdout is not None:
        print_report(render(run, to.stdout, style_of_stdout(top=top, **look)), coloured=to.stdout == "table")
    return run


def stay_here(reports: Sequence[Path], *, remote: bool) -> bool:
    """Fetch nothing that a report names, unless it may be, or every report was named by an address itself.

    Returns:
        Whether anything may be fetched.
    """
    if remote or all(map(is_remote, reports)):
        return True
    from percept_cli.storage.store import current

    current().refuse("it is not on this machine, and was not fetched", "to fetch images, add --remote.")
    return False


def _tell_what_is_gone(ctx: click.Context, run: Run, formats: set[str | None], *, fetches: bool) -> None:
    """A page whose images are missing is most likely made in the wrong folder."""
    if "html" not in formats:
        return
    paths = {path for result in run.results for path in (result.reference, result.candidate) if path is not None}
    away = 0 if fetches else sum(map(is_remote, paths))
    if away:
        say(f"Note: {counted(away, 'image')} not on this machine, and not fetched; to fetch, add --remote")
    gone = sum(not (is_remote(path) or os.path.lexists(path)) for path in paths)
    if gone:
        say(
            f"Note: {gone} of {counted(len(paths), 'image')} not found; run {ctx.command_path} in the folder in "
            "which they were compared"
        )
