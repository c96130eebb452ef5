"""``distance<TAB>name``, one line per pair: for shells."""

from __future__ import annotations

from percept_cli.names import printable
from percept_cli.reports import Style
from percept_cli.results import Run


def render(run: Run, style: Style) -> str:  # noqa: ARG001 - every format has the same signature
    """Unrounded distances; a name's control characters are escaped, so that a line is always one pair."""
    return "".join(f"{result.distance!r}\t{printable(result.name)}\n" for result in run.results)
