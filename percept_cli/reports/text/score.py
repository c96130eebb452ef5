"""``distance<TAB>name``, one line per pair: for shells."""

from __future__ import annotations

from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports import Style
from percept_cli.results.run import PairResult
from percept_cli.system.names import printable


def head(spec: DistanceSpec, style: Style) -> str:  # noqa: ARG001 - every streamed format has the same signature
    """Nothing: every line is a pair."""
    return ""


def rows(result: PairResult, spec: DistanceSpec, style: Style) -> str:  # noqa: ARG001 - as above
    """The unrounded distance, or where there is none the status, such as ``new``, ``missing`` or ``error``.

    A name's control characters are escaped, so that a line is always one pair.
    """
    score = repr(result.distance) if result.compared else result.status
    return f"{score}\t{printable(result.name)}\n"
