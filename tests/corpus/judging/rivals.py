"""The tables that hold percept against public tools: on each part of the corpus, and on pairs from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.corpus.judging import ours
from tests.corpus.judging.statistics import Confusion, best_threshold, confusion
from tests.corpus.judging.tools import COUNTS, TOOLS
from tests.corpus.make.common import HALVES, Row

Values = Mapping[str, float | None]
Measure = Callable[[Values], float | None]
"""What was measured of a pair → how different it is; None where that was not measured, or is refused."""


@dataclass
class Measured:
    """What was measured of the pairs."""

    versions: list[str] = field(default_factory=list)
    """Of the public tools."""
    values: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Name of the pair → name of the measure → its value; None for a pair that the tool refuses."""

    def take(self, versions: Iterable[str], values: Mapping[str, Mapping[str, float | None]]) -> None:
        """Put what was measured now in place of what was there; the rest stays."""
        numbers = dict(version.rsplit(" ", 1) for version in (*self.versions, *versions))
        self.versions = [f"{name} {number}" for name, number in numbers.items()]
        for name, fresh in values.items():
            self.values.setdefault(name, {}).update(fresh)


class Judge(NamedTuple):
    """A tool with a threshold: pairs that measure above it fail."""

    name: str
    threshold: float
    measure: str


def named(name: str) -> Measure:
    """The measure of that name."""
    return lambda values: values.get(name)


def of(rows: Iterable[Row], half: str) -> list[Row]:
    """The rows of a half, or of all of them."""
    return [row for row in rows if half in ("all", row.half)]


def scored(rows: Iterable[Row], found: Measured, measure: Measure) -> tuple[list[float], list[bool]]:
    """Scores, and whether the labels say `differs`, of the pairs that the measure does not refuse."""
    both = [(measure(found.values.get(row.name, {})), row.label == "differs") for row in rows]
    return [score for score, _ in both if score is not None], [label for score, label in both if score is not None]


def judged(rows: Iterable[Row], found: Measured, measure: Measure, threshold: float) -> tuple[Confusion, int]:
    """Labels against verdicts, and how many pairs the measure refuses."""
    rows = list(rows)
    scores, differs = scored(rows, found, measure)
    return confusion(differs, [score > threshold for score in scores]), len(rows) - len(scores)


def halves(rows: Sequence[Row], found: Measured, measure: Measure) -> list[str]:
    """The halves of which the measure knows anything."""
    return [half for half in HALVES if scored(of(rows, half), found, measure)[0]]


CONFUSED = ("accuracy (95 % interval)", "defects found", "defects missed", "same passed", "false alarms")


def confused(counts: Confusion) -> tuple[str, ...]:
    """The cells below `CONFUSED`."""
    low, high = counts.interval
    return (
        f"{counts.accuracy:.1%} ({low:.1%} to {high:.1%})",
        *map(str, (counts.found, counts.missed, counts.passed, counts.alarms)),
    )


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table; empty without lines."""
    lines = list(lines)
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *lines)) if lines else ""


def as_they_come(found: Measured) -> list[Judge]:
    """Those that have a verdict of their own, with their defaults: of public tools, any pixel fails."""
    there = _measured(found)
    own = [Judge("**percept check**", 1.0, ours.VERDICT)] if ours.VERDICT in there else []
    return own + [Judge(name, 0.0, name) for name in COUNTS if name in there]


def chosen(tune: Sequence[Row], found: Measured) -> list[Judge]:
    """All of them, each with the threshold that is right most often on the tune half."""
    there = _measured(found)
    told = {ours.VERDICT: "percept check, strongest gate against its limit"} | {name: name for name in TOOLS}
    judges = []
    for measure, name in told.items():
        if measure in there:
            scores, differs = scored(tune, found, named(measure))
            if scores:
                judges.append(Judge(name, best_threshold(scores, differs), measure))
    return judges


def _measured(found: Measured) -> set[str]:
    return {name for values in found.values.values() for name, value in values.items() if value is not None}


def by_category(rows: Sequence[Row], found: Measured, judges: Iterable[Judge]) -> str:
    """False alarms and missed defects of each of them, per category, apart; then all, and how many are right."""
    categories = sorted({row.category for row in rows})
    totals = [
        _labels([row for row in rows if category in ("all", row.category)]) for category in (*categories, "all")
    ]
    lines = [("pairs that look the same / that differ", "", *totals, "", "")]
    for judge in judges:
        counts, refused = judged(rows, found, named(judge.measure), judge.threshold)
        if not counts.pairs:
            continue
        cells = []
        for category in categories:
            mine, _ = judged(
                [row for row in rows if row.category == category], found, named(judge.measure), judge.threshold
            )
            cells.append(f"{mine.alarms} / {mine.missed}" if mine.pairs else "–")
        line = (judge.name, f"{judge.threshold:.4g}", *cells, f"**{counts.alarms} / {counts.missed}**")
        lines.append(
            (*line, f"{counts.found + counts.passed} of {counts.pairs}, {counts.accuracy:.1%}", str(refused))
        )
    head = ("false alarms / missed", "fails above", *categories, "all", "right", "refused")
    return table(head, lines) if len(lines) > 1 else ""


def _labels(rows: Iterable[Row]) -> str:
    labels = [row.label for row in rows]
    return f"{labels.count('same')} / {labels.count('differs')}"


def tables(rows: Sequence[Row], found: Measured, tune: Sequence[Row], before: Measured) -> dict[str, str]:
    """Titles and tables of some pairs: with defaults, and with the thresholds of the tune half.

    Args:
        rows: the pairs.
        found: what was measured of them.
        tune: the pairs on which thresholds are chosen.
        before: what was measured of those.
    """
    return {
        "with default settings": by_category(rows, found, as_they_come(found)),
        "with the threshold that is best on the tune half": by_category(rows, found, chosen(tune, before)),
    }
