"""How a long run shows that it moves: a bar in a terminal, plain lines in a log, or nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from percept_cli.cli.console import say
from percept_cli.results.run import PairResult
from percept_cli.system.names import harmless, printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress

SECONDS_BETWEEN_LINES = 10.0
"""A log gets a line no more often."""


class Progress:
    """Counts results. This one shows nothing; the others show what it has counted.

    Args:
        total: how many there will be, or None where that is not known.
        clock: seconds; another one is for tests.
    """

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._start = clock()
        self._done = self._reused = self._failed = self._errors = 0
        self._name = ""

    def advance(self, result: PairResult, *, reused: bool) -> None:
        """One more result is there."""
        self._done += 1
        self._reused += reused
        self._failed += result.status == "fail"
        self._errors += result.status == "error"
        self._name = printable(result.name)

    def say(self, message: str) -> None:
        """A message for the person who watches."""
        say(message)

    def close(self) -> None:
        """Nothing more will come."""

    def figures(self) -> str:
        """Done and total, pairs per second, time left, failures so far."""
        parts = [f"{self._done}/{self._total} pairs" if self._total is not None else f"{self._done} pairs"]
        seconds = self._clock() - self._start
        computed = self._done - self._reused  # results of an earlier run cost no time, and say nothing of the rest
        if computed and seconds > 0:
            rate = computed / seconds
            parts.append(f"{rate:.0f}/s" if rate >= 100 else f"{rate:.3g}/s")
            if self._total is not None:
                parts.append(f"{_duration((self._total - self._done) * seconds / computed)} left")
        parts += [
            f"{count} {word}" for count, word in ((self._failed, "failed"), (self._errors, "errors")) if count
        ]
        return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


class Lines(Progress):
    """A line every few seconds, and none for a run that is over before the first."""

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(total, clock)
        self._last = self._start

    def advance(self, result: PairResult, *, reused: bool) -> None:
        """One more result is there."""
        super().advance(result, reused=reused)
        if self._clock() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = self._clock()
            say(f"{self.figures()}; {self._name}")


class Bar(Progress):
    """A bar and a line below it, redrawn in place."""

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(total, clock)
        self._bar = _bar()
        self._task = self._bar.add_task("", total=total, figures=self.figures(), current="")
        self._bar.start()

    def advance(self, result: PairResult, *, reused: bool) -> None:
        """One more result is there."""
        super().advance(result, reused=reused)
        self._bar.update(self._task, completed=self._done, figures=self.figures(), current=self._name)

    def say(self, message: str) -> None:
        """Above the bar."""
        self._bar.console.print(harmless(message), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    class TwoLines(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            yield self.make_tasks_table(self.tasks)
            for task in self.tasks:
                yield Text(task.fields["current"], style="dim", no_wrap=True, overflow="ellipsis")

    columns: list[Any] = [BarColumn(bar_width=20), TextColumn("{task.fields[figures]}", markup=False)]
    return TwoLines(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)


def progress(total: int | None, *, wanted: bool) -> Progress:
    """The kind of progress that suits standard error."""
    if not wanted:
        return Progress(total)
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Bar(total)
    return Lines(total)
