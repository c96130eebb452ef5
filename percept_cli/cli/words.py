"""What several commands say of what was asked, planned and run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

from percept_cli.cli.asked import Asked
from percept_cli.cli.console import say
from percept_cli.reports.commands import folder_options
from percept_cli.reports.findings import outcome_of
from percept_cli.results.pair import PairResult, badness
from percept_cli.results.run import Run
from percept_cli.scoring.reading import Reading
from percept_cli.system.names import posix, printable, shell_quoted, shown


def what_is_asked(asked: Asked) -> str:
    """For --verbose, before the work."""
    settings = f"settings from {asked.settings.source}" if asked.settings.source else "no settings file"
    return f"preset {asked.recipe.preset.name}; {settings}; fingerprint {asked.spec.fingerprint}"


def say_plans(reading: Reading) -> None:
    """For --verbose, what is computed of each view."""
    for sight in reading.sights:
        say(f"{sight.view}: {sight.plan}" if str(sight.view) else str(sight.plan))


def say_notes(notes: Iterable[str]) -> None:
    """What a person should know, a line each."""
    for note in notes:
        say(f"Note: {printable(note)}")


def where_reports_are(paths: list[Path]) -> str:
    """For a person, after the work."""
    names = ", ".join(map(shown, paths))
    return f"The report is in {names}." if len(paths) == 1 else f"The reports are in {names}."


def hint_for_nothing(run: Run, documents: list[Path]) -> str:
    """What to do where nothing was compared.

    Args:
        run: the run.
        documents: the JSON reports of it that have been written.
    """
    if run.kind != "check" or not run.summary.new or run.summary.missing:
        allowed = "--new pass --missing pass" if run.kind == "check" else "--allow-unmatched"
        return f"check the names and patterns. To exit with 0 all the same: --allow-empty {allowed}"
    start = "all images are new; to make them the baseline,"
    if not documents or run.folders is None:
        return f"{start} add -o percept-report.json and run percept approve percept-report.json."
    words = [shell_quoted(posix(documents[0])), *folder_options(run.folders)]
    return f"{start} run percept approve {' '.join(words)}"


def worst_in_lines(run: Run, top: int | None) -> Iterator[str]:
    """What did not pass, the worst first, a line each: all that the log of a job with -o alone has."""

    def bad() -> Iterator[PairResult]:  # may be read from disk, so that no more are held than are told
        return (one for one in run.results if outcome_of(one, run) not in ("pass", "skipped"))

    count = sum(1 for _ in bad())
    top = count if top is None else top
    for result in heapq.nsmallest(top, bad(), key=badness):
        yield f"  {result.status.upper()} {printable(result.name)}: {printable(result.reason)}"
    if count > top:
        yield f"  … and {count - top} more; list them with --top all"


def what_ran(run: Run, seconds: float) -> str:
    """For --verbose, after the work."""
    if run.device == "none":
        return f"network not loaded, because it was not needed; {seconds:.3f} s"
    import torch

    record = run.spec.record
    threads = f", {torch.get_num_threads()} threads" if run.device == "cpu" else ""
    engine = f", convolutions by {run.engine}" if run.device == "cpu" and run.engine else ""
    return (
        f"{record.network} from {record.path}\n"
        f"torch {torch.__version__} on {run.device}{threads}, {run.spec.precision}{engine}; "
        f"{seconds:.3f} s including imports and loading"
    )
