"""The two ways out: results to standard output, talk to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from percept_cli.errors import OutputUnwritable
from percept_cli.system import signals
from percept_cli.system.names import harmless
from percept_cli.system.whole import encoded

if TYPE_CHECKING:
    from percept_cli.reports import Style

_NARROWEST = 80  # columns that the table needs for numbers such as 1.23456e-10


def open_missing_streams() -> None:
    """Give a process that was started with closed standard streams somewhere to write to."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def say(message: str) -> None:
    """Lines on standard error. That nobody listens any more is no reason to stop, or to end with another code.

    Whatever the message quotes, of a file's content or a name, it cannot command a terminal.
    """
    try:
        print(harmless(message), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        sys.stderr = _nowhere()


def style_of_stdout(*, wide: bool, **more: Any) -> Style:
    """How a report on standard output may look; ``more`` are fields of the style that the caller decides."""
    from percept_cli.reports import Style

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return Style(
        width=max(_NARROWEST, shutil.get_terminal_size((80, 24)).columns),
        colour=_colour_wanted(),
        unicode=encoding.startswith("utf"),
        wide=wide,
        **more,
    )


def _colour_wanted() -> bool:
    # https://no-color.org and https://force-color.org: set and not empty.
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_result(text: str) -> None:
    """A result for people on standard output, as UTF-8, at once. A reader that has gone has seen what it wanted.

    Raises:
        OutputUnwritable: if it cannot be written for any other reason, such as a full disk.
    """
    print_report([harmless(text)])


def print_report(pieces: Iterable[str | bytes], *, coloured: bool = False) -> None:
    """A report, piece by piece, as ``print_result`` does it. Data stay as they are, unless a terminal shows them.

    Args:
        pieces: of the report.
        coloured: whether it may hold sequences that set colours.
    """
    shown_to_a_person = sys.stdout.isatty()
    try:
        for piece in pieces:
            if shown_to_a_person and isinstance(piece, str):
                piece = harmless(piece, coloured=coloured)
            sys.stdout.buffer.write(encoded(piece))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        sys.stdout = _nowhere()
    except OSError as error:
        if signals.hung_up():  # the terminal is gone, and with it whoever read
            sys.stdout = _nowhere()
            return
        raise OutputUnwritable(
            f"cannot write to standard output: {error.strerror}", hint="free some space, or use --output."
        ) from None


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
