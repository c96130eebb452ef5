"""How a download shows that it moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from percept_cli.cli.progress import Lines, display
from percept_cli.networks.download import Meter

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


class DownloadMeter(Meter):
    """Shows what it hears."""

    def __init__(self, shown: Lines | None = None) -> None:
        self._display = display(_columns) if shown is None else shown

    def start(self, what: str, done: int, total: int | None) -> None:
        """What begins, and how much of it is left."""
        self._what, self._done, self._total = what, done, total
        here = f", {megabytes(done)} of it already downloaded" if done else ""
        line = "" if total is None else f"{what} {megabytes(total)}{here}"
        self._display.begin(line, description=what, total=total, completed=done)

    def advance(self, count: int) -> None:
        """So many bytes more."""
        self._done += count
        total = self._total
        line = "" if total is None else f"{self._what}: {megabytes(self._done)} of {megabytes(total)}"
        self._display.move(line, completed=self._done)

    def say(self, message: str) -> None:
        """A message for the person who watches."""
        self._display.say(message)

    def close(self) -> None:
        """Nothing more will come."""
        self._display.close()


def _columns() -> Iterable[ProgressColumn]:
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    yield TextColumn("{task.description}", markup=False)
    yield BarColumn(bar_width=20)
    yield from (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())


def megabytes(size: int) -> str:
    """A size as a person reads it; 1 MB is 10⁶ bytes."""
    return f"{size / 1e6:.1f} MB" if size < 10_000_000 else f"{size / 1e6:.0f} MB"
