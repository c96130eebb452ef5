"""The two ways out: results to standard output, talk to standard error."""

from __future__ import annotations

import os
import shutil
import sys

from percept_cli.errors import OutputUnwritable
from percept_cli.reports import Style, printable

_NARROWEST = 72  # columns the table needs without its bars


def say(message: str) -> None:
    """One message on standard error. Control characters in it (a file name may hold any) are shown escaped."""
    lines = [printable(line) for line in message.split("\n")]
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def style_of_stdout(*, wide: bool) -> Style:
    """How a report on standard output may look."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return Style(
        width=max(_NARROWEST, shutil.get_terminal_size((80, 24)).columns),
        colour=_colour_wanted(),
        unicode=encoding.startswith("utf"),
        wide=wide,
    )


def _colour_wanted() -> bool:
    # https://no-color.org and https://force-color.org: set and not empty.
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_result(text: str) -> None:
    """A result on standard output, as UTF-8. A reader that has closed the pipe has seen what it wanted.

    Raises:
        OutputUnwritable: if it cannot be written for any other reason, such as a full disk.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        raise OutputUnwritable(
            f"standard output cannot be written: {error.strerror}", hint="free some space, or use --output."
        ) from None


def silence_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
