"""Many pairs, from where they come to where their reports go: ``percept batch``, and compare with folders."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from percept_cli._version import __version__
from percept_cli.cli.asked import Asked
from percept_cli.cli.console import print_report, say, style_of_stdout
from percept_cli.cli.elsewhere import what_was_fetched, workers_for
from percept_cli.cli.options import note_settings
from percept_cli.cli.progress import Progress, progress
from percept_cli.cli.terms import Terms, check_outputs
from percept_cli.cli.words import (
    hint_for_nothing,
    say_notes,
    what_is_asked,
    what_ran,
    where_reports_are,
    worst_in_lines,
)
from percept_cli.drawing.heatmaps import HeatMapFolder
from percept_cli.engine.plan import avoided
from percept_cli.errors import ExitCode, OutputUnwritable, PerceptError
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.matching import combined
from percept_cli.pairs import Pairs
from percept_cli.pairs.folders import is_folder
from percept_cli.reports import RowReport, Style, render, report_of
from percept_cli.reports.destinations import Destinations
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.spool import Spool
from percept_cli.results.verdict import judge_run
from percept_cli.runs.journal import Journal
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from percept_cli.storage.address import is_remote
from percept_cli.storage.outputs import write_output
from percept_cli.system import signals
from percept_cli.system.names import counted, posix, printable, shown

_ERRORS_TOLD = 3
Found = tuple[PairResult, bool]
"""A result, and whether it is an earlier run's."""


def run_many(
    pairs: Pairs,
    asked: Asked,
    scorer: Scorer,
    to: Destinations,
    terms: Terms,
    *,
    quiet: bool,
    verbose: bool,
) -> int:
    """Score the pairs, write the reports, and return the exit code."""
    check_outputs(pairs, to, terms)
    journal = None if terms.resume is None else Journal(terms.resume, scorer, by=terms.resume_by)
    if verbose:
        say(what_is_asked(asked))
    if not quiet:
        if to.stdout != "table":
            note_settings(asked.settings)
        say_notes(pairs.notes)
        say_notes(() if journal is None else journal.notes)
    many = _Many(pairs, asked, scorer, to, terms, journal, quiet=quiet)
    try:
        run = many.run()
        if verbose:
            say(many.what_ran(run))
        many.report(run)
    except KeyboardInterrupt:  # the second, or one while reports were written
        kept = "" if journal is None else f" Finished results are in {shown(journal.path)}."
        say(f"{signals.in_words()}; some reports were not written.{kept}")
        return signals.exit_code()
    finally:
        many.close()
    return signals.exit_code() if many.interrupted else run.exit_code


class _Many:
    """One run."""

    def __init__(
        self,
        pairs: Pairs,
        asked: Asked,
        scorer: Scorer,
        to: Destinations,
        terms: Terms,
        journal: Journal | None,
        *,
        quiet: bool,
    ) -> None:
        self._pairs, self._scorer, self._to, self._terms = pairs, scorer, to, terms
        self._settings = asked.settings
        self._journal, self._quiet = journal, quiet
        self._results = Spool()
        # What is saved of a check has every reference of an image, its results have the one that counts.
        self._saved = Spool() if terms.checks and journal is not None else self._results
        self._run = Run(
            version=__version__,
            spec=scorer.spec,
            device=scorer.device,
            results=self._results,
            kind="check" if terms.checks else "batch",
            allow_empty=terms.allow_empty,
            allow_unmatched=terms.allow_unmatched,
            folders=self._folders(),
            origin=pairs.origin,
            shard=pairs.shard,
        )
        report = None if to.stdout is None else report_of(self._run, to.stdout, Style(wide=to.wide))
        self._rows = report if isinstance(report, RowReport) else None
        # Rows and a bar do not go together on one screen, and nobody watches a stream between programs.
        watched = not (self._rows and (pairs.live or sys.stdout.isatty()))
        self._progress: Progress = progress(pairs.total, wanted=watched and not quiet)
        self._pipeline = Pipeline(
            self._scorer,
            workers=workers_for(pairs, terms.workers),
            batch_size=terms.batch_size,
            known=journal,
            say=(lambda _: None) if quiet else self._progress.say,
        )
        self._notes_told = 0 if journal is None else len(journal.notes)
        self._failure: OutputUnwritable | None = None
        self._failed_fast = False
        self.interrupted = False

    def run(self) -> Run:
        """Score until the last pair, an interrupt, or the first failure if that is asked for."""
        try:
            self._score()
        except OutputUnwritable as error:  # the other reports are still to be written
            self._failure = error
        finally:
            self._progress.close()
        early = self._pipeline.stopped_early or self._failure is not None
        if self._failed_fast:
            early = len(self._results) != self._pairs.total
        shard = self._pairs.shard
        if shard is not None and self._pairs.read is not None and not early:
            shard = replace(shard, whole=self._pairs.read())
        ended_with = ExitCode(signals.exit_code()) if self.interrupted else None
        device = self._scorer.device
        found = replace(self._run, device=device, engine=self._scorer.convolutions, complete=not early)
        return replace(found, shard=shard, ended_with=ended_with)

    def _folders(self) -> tuple[str, str] | None:
        """The folders that were compared; one image and a folder are not two."""
        origin = self._pairs.origin
        return origin if origin is not None and is_folder(Path(origin[0])) else None

    def _score(self) -> None:
        if self._rows is not None:
            print_report([self._rows.head()])
        judge = self._scorer.judge
        with self._interruptible(), closing(self._pipeline.results(self._pairs)) as found:
            saved = found if self._journal is None else self._save(found, self._journal)
            for result, reused in combined(saved, judge.rules_of_name) if isinstance(judge, GateJudge) else saved:
                self._take(result, reused=reused)
                if self._terms.fail_fast and result.status in ("fail", "error"):
                    self._failed_fast = True
                    break

    def _save(self, found: Iterable[Found], journal: Journal) -> Iterator[Found]:
        for result, reused in found:
            journal.add(result, reused=reused)
            if self._saved is not self._results:
                self._saved.add(result)
            yield result, reused

    def _take(self, result: PairResult, *, reused: bool) -> None:
        self._results.add(result)
        if self._rows is not None:
            print_report([self._rows.rows(result)])
        self._progress.advance(result, reused=reused)
        # main() turns the collector off, which a process for one pair has no use for; this one may live for days.
        if not gc.isenabled() and (self._scorer.device != "none" or len(self._results) > 1000):
            gc.freeze()
            gc.enable()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """The first Ctrl-C, SIGTERM or SIGHUP ends the run in good order, the second at once."""

        def interrupt() -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            self._pipeline.stop()
            with suppress(OSError):  # not print: a handler may run in the middle of one
                os.write(
                    2,
                    f"\n{signals.in_words()}: finishing the pairs in progress; repeat to stop at once.\n".encode(),
                )

        with signals.answered_by(interrupt):
            yield

    def close(self) -> None:
        """Give back what the run held."""
        self._results.close()
        self._saved.close()
        if self._journal is not None:
            self._journal.close()

    def what_ran(self, run: Run) -> str:
        """For --verbose: where it ran, how many results were reused, and how busy the device was."""
        told = [what_ran(run, sum(result.seconds for result in run.results))]
        if self._journal is not None:
            told.append(f"{counted(self._journal.reused, 'result')} reused from {shown(self._journal.path)}")
        if self._pipeline.pixels:
            share = self._pipeline.pixels_computed / self._pipeline.pixels
            told.append(f"{avoided(share)}: only what changed was computed")
        if self._pipeline.device_time.share is not None:
            busy = 100 * self._pipeline.device_time.share
            told.append(f"device busy for {busy:.1f} % of the time after its first batch")
        told += what_was_fetched()[0]
        return "\n".join(told)

    def report(self, run: Run) -> None:
        """Write every report that was asked for; one that fails does not keep the others from being written.

        Raises:
            PerceptError: the first that failed.
        """
        look: dict[str, Any] = {"wide": self._to.wide, "pictures": self._terms.pictures}
        look["settings"] = self._settings.from_above
        documents = [posix(path) for path, name in self._to.files if name == "json"]
        if documents:
            look["json_report"] = documents[0]
        tasks: list[Callable[[], None]] = []
        if self._journal is not None and run.complete:
            tasks.append(partial(self._journal.finish, self._saved))
        for path, name in self._to.files:
            if self._journal is None or not _same(path, self._journal.path):
                place = Path() if is_remote(path) else path.parent
                style = Style(top=self._terms.top_in_files, link_from=place, **look)
                tasks.append(partial(write_output, path, render(run, name, style)))
        if self._terms.heatmaps is not None:
            tasks.append(partial(self._draw, self._terms.heatmaps, run))
        if self._to.stdout is not None and self._rows is None:
            style = style_of_stdout(top=self._terms.top, **look)
            coloured = self._to.stdout == "table"
            tasks.append(partial(print_report, render(run, self._to.stdout, style), coloured=coloured))
        failures: list[PerceptError] = [] if self._failure is None else [self._failure]
        for task in tasks:
            try:
                task()
            except PerceptError as error:
                failures.append(error)
        self._conclude(run, written=not failures)
        if failures:
            raise failures[0]

    def _draw(self, folder: HeatMapFolder, run: Run) -> None:
        drawn = folder.draw(run.results, run.spec)
        if not self._quiet:
            say_notes(drawn.notes)
            if drawn.count:
                what = "1 heat map is" if drawn.count == 1 else f"{drawn.count} heat maps are"
                say(f"{what} in {shown(folder.path)}.")
        if drawn.failure is not None:
            raise drawn.failure

    def _conclude(self, run: Run, *, written: bool) -> None:
        """What a person should know at the end."""
        status, reason = judge_run(run)
        told = []
        if not run.summary.pairs and run.exit_code is ExitCode.INPUT:
            documents = [path for path, name in self._to.files if name == "json"] if written else []
            told.append(f"Error: {reason}\nHint: {hint_for_nothing(run, documents)}")
        elif run.summary.errors and (self._quiet or self._rows is not None):
            told.append(f"Error: {reason}")
            told += [f"  {_error_in_words(error)}" for error in self._first_errors()]
        elif not self._quiet and self._to.stdout != "table":
            told.append(f"{'Error' if run.summary.errors else status.upper()}: {reason}")
            told += () if self._rows is not None else worst_in_lines(run, self._terms.top)
        if not self._quiet:
            if self._to.files and written:
                told.append(where_reports_are([path for path, _ in self._to.files]))
            say_notes(() if self._journal is None else self._journal.notes[self._notes_told :])
            say_notes(what_was_fetched()[1])
        if self.interrupted or (self._failed_fast and not run.complete):
            told.append(self._how_to_go_on(run))
        for line in told:
            say(line)

    def _first_errors(self) -> Iterator[PairResult]:
        return islice((result for result in self._results if result.status == "error"), _ERRORS_TOLD)

    def _how_to_go_on(self, run: Run) -> str:
        of = "" if self._pairs.total is None else f" of {self._pairs.total}"
        why = signals.in_words() if self.interrupted else "Stopped at the first failure"
        start = f"{why} after {len(run.results)}{of} pairs."
        if self._journal is not None:
            return (
                f"{start} Finished results are in {shown(self._journal.path)}. To continue, run the same command."
            )
        kept = [path for path, name in self._to.files if name == "jsonl"]
        if kept and not self._terms.checks:
            return f"{start} To continue, add --resume {shown(kept[0])}."
        return f"{start} A run with --resume results.jsonl can be continued."


def _error_in_words(result: PairResult) -> str:
    """The reason, which mostly names a file of the pair, and the pair's name if it does not."""
    reason = printable(result.reason)
    name = printable(result.name)
    return reason if name in reason else f"{name}: {reason}"


def _same(first: Path, second: Path) -> bool:
    return first.exists() and second.exists() and first.samefile(second)
