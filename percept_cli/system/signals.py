"""How a process of percept is asked to end from outside: Ctrl-C, SIGTERM, and SIGHUP of a terminal that is closed.

All three are a ``KeyboardInterrupt`` wherever the process is: what cleans up after one cleans up after all.
Nothing but the standard library is imported here: it must hold before the command itself is imported.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANGUP = getattr(signal, "SIGHUP", None)
"""None on Windows, which has no such signal."""
_OF_SYSTEMS = tuple(number for number in (signal.SIGTERM, HANGUP) if number is not None)
_ONE_REQUEST = 1.0
"""Seconds in which several of them are one request: systemd sends SIGHUP right after SIGTERM, shells SIGTERM after
SIGHUP, and the second must not break off the cleaning up after the first. Later ones are requests of their own."""


class _Asked:
    """What has been asked of this process."""

    number: signal.Signals = signal.SIGINT
    at: float = float("-inf")


def listen() -> None:
    """From now on SIGTERM and SIGHUP are answered as Ctrl-C is. What is ignored, as by nohup, stays ignored."""
    for number in _OF_SYSTEMS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


@contextmanager
def answered_by(answer: Callable[[], None]) -> Iterator[None]:
    """While it lasts, Ctrl-C, SIGTERM and SIGHUP call this; those that are ignored stay ignored."""

    def ask(number: int, _: FrameType | None) -> None:
        if _is_new(number):
            answer()

    before = {
        number: found
        for number in (signal.SIGINT, *_OF_SYSTEMS)
        if (found := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)


def exit_code() -> int:
    """What an interrupted process exits with: as shells have it, 128 and the signal's number."""
    return 128 + _Asked.number


def in_words() -> str:
    """What ended it, to begin a sentence with."""
    return "Interrupted" if _Asked.number is signal.SIGINT else f"Ended by {_Asked.number.name}"


def hung_up() -> bool:
    """Whether the terminal is gone, and with it whoever would read what is printed."""
    return _Asked.number is HANGUP


def _interrupt(number: int, _: FrameType | None) -> None:
    if _is_new(number):
        raise KeyboardInterrupt


def _is_new(number: int) -> bool:
    """Whether a signal is a request of its own."""
    if number == signal.SIGINT:  # of a person, who means each of them
        return True
    now = time.monotonic()
    if now - _Asked.at < _ONE_REQUEST:
        return False
    _Asked.number, _Asked.at = signal.Signals(number), now
    return True
