"""A source's pairs one by one, without waiting for a live one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from percept_cli.pairs import Pair, Pairs

_LINES_AHEAD = 64
"""Pairs that a live source may be ahead."""


class Feed:
    """A source's pairs, one by one; a live one is read by a thread of its own, so that nothing waits for it.

    Args:
        source: where they come from.
        wake: called after every pair, error or end that a live source has given.
    """

    def __init__(self, source: Pairs, wake: Callable[[], None]) -> None:
        self._pairs = iter(source.pairs)
        self._wake = wake
        self._live = source.live
        self._lines: deque[Pair | BaseException | None] = deque()
        self._changed = threading.Condition()  # for the line above and the next one
        self._closed = False
        self.ended = False
        if self._live:
            threading.Thread(target=self._read, name="percept-lines", daemon=True).start()

    @property
    def awaited(self) -> bool:
        """Whether a live source will wake, if only to say that it has ended."""
        return self._live and not self.ended

    def _read(self) -> None:
        last: BaseException | None = None
        try:
            for pair in self._pairs:
                if not self._put(pair):
                    return
        except BaseException as error:  # raised again by take, in the thread that asks
            last = error
        self._put(last)

    def _put(self, line: Pair | BaseException | None) -> bool:
        """Give on what was read, when there is room for it; False if nobody takes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._lines) < _LINES_AHEAD)
            if self._closed:
                return False
            self._lines.append(line)
        self._wake()
        return True

    def take(self) -> Pair | None:
        """The next pair; None if there is none, or none yet. What the source raises is raised, as its end."""
        if self.ended:
            return None
        if not self._live:
            return self._next()
        with self._changed:
            if not self._lines:
                return None
            found = self._lines.popleft()
            self._changed.notify()
        self.ended = not isinstance(found, Pair)
        if isinstance(found, BaseException):
            raise found
        return found

    def _next(self) -> Pair | None:
        try:
            pair = next(self._pairs, None)
        except BaseException:
            self.ended = True
            raise
        self.ended = pair is None
        return pair

    def close(self) -> None:
        """Take no more: the thread of a live source ends, as soon as the source gives it anything."""
        with self._changed:
            self._closed = True
            self._changed.notify()
