"""How a download shows that it moves: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from percept_cli.cli.console import say
from percept_cli.cli.progress import SECONDS_BETWEEN_LINES
from percept_cli.networks.download import Meter
from percept_cli.system.names import harmless

if TYPE_CHECKING:
    from rich.progress import Progress


class Lines(Meter):
    """A line when a download begins, and every few seconds."""

    def start(self, what: str, done: int, total: int | None) -> None:
        """What begins, and how much of it is left."""
        self._what, self._done, self._total = what, done, total
        self._last = time.monotonic()
        if total is not None:
            say(f"{what} {megabytes(total)}" + (f", {megabytes(done)} of which are here" if done else ""))

    def advance(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        if self._total is not None and time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            say(f"{self._what}: {megabytes(self._done)} of {megabytes(self._total)}")

    def say(self, message: str) -> None:
        """A line of its own."""
        say(message)


class Bar(Meter):
    """A bar, redrawn in place."""

    def __init__(self) -> None:
        self._bar = _bar()
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def start(self, what: str, done: int, total: int | None) -> None:
        """Draw the bar anew."""
        self._bar.reset(self._task, description=what, total=total, completed=done)

    def advance(self, count: int) -> None:
        """So many bytes more."""
        self._bar.advance(self._task, count)

    def say(self, message: str) -> None:
        """Above the bar."""
        self._bar.console.print(harmless(message), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=5,
    )


def megabytes(size: int) -> str:
    """A size as a person reads it; 1 MB is 10⁶ bytes."""
    return f"{size / 1e6:.1f} MB" if size < 10_000_000 else f"{size / 1e6:.0f} MB"


def download_meter() -> Meter:
    """The kind of meter that suits standard error."""
    return Bar() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else Lines()
