"""JSON Lines: one row of the JSON report per line, with the recipe's fingerprint, in the order of the input."""

from __future__ import annotations

from percept_cli.recipes.spec import DistanceSpec
from percept_cli.reports import Style
from percept_cli.reports.data.rows import to_line
from percept_cli.results.run import PairResult


def head(spec: DistanceSpec, style: Style) -> str:  # noqa: ARG001 - every streamed format has the same signature
    """Nothing: every line is a result."""
    return ""


def rows(result: PairResult, spec: DistanceSpec, style: Style) -> str:  # noqa: ARG001 - as above
    """One result as one line."""
    return to_line(result, spec.fingerprint)
