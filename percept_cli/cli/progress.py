"""How a long step shows that it moves: a bar in a terminal, plain lines in a log, or nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from percept_cli.cli.console import say
from percept_cli.system.names import counted, harmless, printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import ProgressColumn

    from percept_cli.results.pair import PairResult

SECONDS_BETWEEN_LINES = 10.0
"""A log gets a line no more often."""


class Lines:
    """Shows in a log that a step moves: a line when it begins, if there is one to say, and every few seconds.

    Args:
        clock: seconds; another one is for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def begin(self, line: str, /, **_: Any) -> None:
        """A step begins, or begins anew; ``fields`` are what a bar shows of it, by the names of rich."""
        self._last = self._clock()
        if line:
            say(line)

    def move(self, line: str, /, **_: Any) -> None:
        """How far it is."""
        if line and self._clock() - self._last >= SECONDS_BETWEEN_LINES:
            self.begin(line)

    def say(self, message: str) -> None:
        """A message for the person who watches."""
        say(message)

    def close(self) -> None:
        """Nothing more will come."""


class Bar(Lines):
    """Shows it in a terminal: a bar, redrawn in place, and a line below it for the field ``current``."""

    def __init__(self, *columns: ProgressColumn) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichProgress
        from rich.text import Text

        class TwoLines(RichProgress):
            def get_renderables(self) -> Iterable[RenderableType]:
                yield self.make_tasks_table(self.tasks)
                for task in self.tasks:
                    if "current" in task.fields:
                        yield Text(task.fields["current"], style="dim", no_wrap=True, overflow="ellipsis")

        self._bar = TwoLines(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)
        self._task = self._bar.add_task("", total=None, figures="")
        self._bar.start()

    def begin(self, _: str, /, **fields: Any) -> None:
        """Draw the bar anew."""
        self._bar.reset(self._task, **fields)

    def move(self, _: str, /, **fields: Any) -> None:
        """Draw it further."""
        self._bar.update(self._task, **fields)

    def say(self, message: str) -> None:
        """Above the bar."""
        self._bar.console.print(harmless(message), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def display(columns: Callable[[], Iterable[ProgressColumn]]) -> Lines:
    """What suits standard error: a bar of such columns, or lines."""
    return Bar(*columns()) if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else Lines()


class Progress:
    """Counts results, and shows what it has counted.

    Args:
        total: how many there will be, or None where that is not known.
        display: where it is shown; None for nowhere.
        clock: seconds; another one is for tests.
    """

    def __init__(
        self, total: int | None, display: Lines | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._display = display
        self._clock = clock
        self._start = clock()
        self._done = self._reused = self._failed = self._errors = 0
        if display is not None:
            display.begin("", total=total, figures=self.figures(), current="")

    def advance(self, result: PairResult, *, reused: bool) -> None:
        """One more result is there."""
        self._done += 1
        self._reused += reused
        self._failed += result.status == "fail"
        self._errors += result.status == "error"
        if self._display is not None:
            figures, name = self.figures(), printable(result.name)
            self._display.move(f"{figures}; {name}", completed=self._done, figures=figures, current=name)

    def say(self, message: str) -> None:
        """A message for the person who watches."""
        (say if self._display is None else self._display.say)(message)

    def close(self) -> None:
        """Nothing more will come."""
        if self._display is not None:
            self._display.close()

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
        parts += [f"{self._failed} failed"] if self._failed else []
        parts += [counted(self._errors, "error")] if self._errors else []
        return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def progress(total: int | None, *, wanted: bool) -> Progress:
    """Of a run: shown as it suits standard error, or not at all."""
    return Progress(total, display(_columns) if wanted else None)


def _columns() -> Iterable[ProgressColumn]:
    from rich.progress import BarColumn, TextColumn

    return BarColumn(bar_width=20), TextColumn("{task.fields[figures]}", markup=False)
