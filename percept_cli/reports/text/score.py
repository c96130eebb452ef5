"""``distance<TAB>name``, one line per pair: for shells."""

from __future__ import annotations

from percept_cli.reports import RowReport
from percept_cli.results.pair import PairResult
from percept_cli.system.names import printable


class ScoreReport(RowReport):
    """A distance and a name per pair."""

    def rows(self, result: PairResult) -> str:
        """The unrounded distance, or where there is none the status, such as ``new``, ``missing`` or ``error``.

        A name's control characters are escaped, so that a line is always one pair.
        """
        score = repr(result.distance) if result.compared else result.status
        return f"{score}\t{printable(result.name)}\n"
