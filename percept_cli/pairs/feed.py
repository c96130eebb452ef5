"""A source's pairs one by one, without waiting for a live one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from percept_cli.pairs import Pair, Pairs

_LINES_AHEAD = 64
"""Pairs that a live source may be ahead."""


class Feed:
    """A source's pairs, one by one; a live one is read by a thread of its own, so that nothing waits for it."""

    def __init__(self, source: Pairs, wake: Callable[[], None]) -> None:
        self._pairs = iter(source.pairs)
        self._wake = wake
        self._lines: queue.Queue[Pair | BaseException | None] | None = None
        self.ended = False
        if source.live:
            self._lines = queue.Queue(_LINES_AHEAD)
            threading.Thread(target=self._read, name="percept-lines", daemon=True).start()

    def _read(self) -> None:
        assert self._lines is not None
        last: BaseException | None = None
        try:
            for pair in self._pairs:
                self._lines.put(pair)
                self._wake()
        except BaseException as error:  # raised again by take, in the thread that asks
            last = error
        self._lines.put(last)
        self._wake()

    def take(self) -> Pair | None:
        """The next pair; None if there is none, or none yet."""
        if self.ended:
            return None
        if self._lines is None:
            pair = next(self._pairs, None)
            self.ended = pair is None
            return pair
        try:
            found = self._lines.get_nowait()
        except queue.Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        self.ended = found is None
        return found
