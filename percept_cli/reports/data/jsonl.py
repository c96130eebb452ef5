"""JSON Lines: one row of the JSON report per line, with the recipe's fingerprint, in the order of the input."""

from __future__ import annotations

from percept_cli.reports import RowReport
from percept_cli.reports.data.rows import to_line
from percept_cli.results.pair import PairResult


class JsonLinesReport(RowReport):
    """A result per line."""

    def rows(self, result: PairResult) -> str:
        """One result as one line."""
        return to_line(result, self.run.fingerprint)
