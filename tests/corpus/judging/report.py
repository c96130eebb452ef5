"""Measured values and labels → the Markdown tables of RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from percept_cli.judging.gates import AUTO_PEAK
from percept_cli.judging.rules import NOISES, Noise
from tests.corpus.judging import ours
from tests.corpus.judging.statistics import Confusion, best_threshold, confusion, roc_area
from tests.corpus.judging.tools import COUNTS, TOOLS
from tests.corpus.make.common import Row

START, END = "<!-- tables -->\n", "<!-- end of tables -->\n"

Values = Mapping[str, float | None]
Measure = Callable[[Values], float | None]
Level = Callable[[float], float]
"""Noise floor of a pair → the level of its peak."""


@dataclass
class Measured:
    """What was measured of the pairs."""

    versions: list[str] = field(default_factory=list)
    """Of the public tools."""
    values: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Name of the pair → name of the measure → its value; None for a pair that the tool refuses."""


def replaced(text: str, tables: str) -> str:
    """The text with other tables between its marks."""
    before, rest = text.split(START)
    return before + START + tables + END + rest.split(END)[1]


def tables(rows: Sequence[Row], found: Measured) -> str:
    """All of them, with headings."""
    parts = [
        ("Verdicts of percept", _verdicts(rows, found)),
        ("Verdicts of percept by category, judge half, auto", _categories(rows, found)),
        ("ROC areas", _areas(rows, found, _measures(found))),
        ("Judge half, by the threshold that is best on the tune half", _chosen(rows, found)),
        ("Public tools as they come: any differing pixel fails, judge half", _as_shipped(rows, found)),
        ("Which layers: ROC area of the strongest cell", _cells(rows, found)),
        ("What each gate is worth", _without(rows, found)),
        ("Other levels of the peak", _peaks(rows, found)),
        ("Wrong verdicts of percept, auto", _wrong(rows, found)),
    ]
    return "\n".join(f"### {title}\n\n{table}" for title, table in parts if table)


def gates(values: Values) -> dict[str, float]:
    """What percept's gates need, which is there for every pair."""
    found = {name: values[name] for name in (*ours.GATES, "noise")}
    return {name: value for name, value in found.items() if value is not None}


def _score_by(noise: Noise, only: Sequence[str] = ours.GATES, peak: Level | None = None) -> Measure:
    return lambda values: ours.score(gates(values), noise, only, peak)


_SCORE_AUTO = _score_by("auto")


def _line(least: float, times: float) -> Level:
    return lambda noise: min(AUTO_PEAK[2], least + times * noise)


OTHER_PEAKS: Mapping[str, Level] = {
    **{f"{level} for every pair": _line(level, 0) for level in (0.12, 0.28, 0.4, 0.6, 0.8, 1.2, 1.8)},
    **{f"{least} + 2 × floor": _line(least, 2) for least in (0.05, 0.2, 0.28)},
    **{f"0.12 + {times} × floor": _line(0.12, times) for times in (1.5, 2.5, 3)},
}
"""Levels of the peak that were tried; all of them end where the default ends."""


def _named(name: str) -> Measure:
    return lambda values: values.get(name)


def _measures(found: Measured) -> dict[str, Measure]:
    """Names in the table → measures, those of tools only where they have run."""
    there = next(iter(found.values.values()))
    return (
        {"**percept check, all gates (auto)**": _SCORE_AUTO}
        | {f"percept, gate {name} alone": _named(name) for name in ours.GATES}
        | {f"percept, mean of preset {preset}": _named(name) for preset, name in ours.MEANS.items()}
        | {name: _named(name) for name in TOOLS if name in there}
    )


def _scored(rows: Iterable[Row], found: Measured, measure: Measure) -> tuple[list[float], list[bool]]:
    """Scores and labels of the pairs that the measure does not refuse."""
    both = [(measure(found.values[row.name]), row.label == "differs") for row in rows]
    return [score for score, _ in both if score is not None], [label for score, label in both if score is not None]


def _of(rows: Iterable[Row], half: str) -> list[Row]:
    return [row for row in rows if half in ("all", row.half)]


def _areas(rows: Sequence[Row], found: Measured, measures: Mapping[str, Measure]) -> str:
    lines = []
    for name, measure in measures.items():
        areas = [f"{roc_area(*_scored(_of(rows, half), found, measure)):.4f}" for half in ("tune", "judge", "all")]
        refused = len(rows) - len(_scored(rows, found, measure)[0])
        lines.append((name, *areas, str(refused)))
    return _table(("measure", "tune", "judge", "all", "pairs refused"), lines)


def _cells(rows: Sequence[Row], found: Measured) -> str:
    lines = []
    for taps, names in ours.CELLS.items():
        cells = [
            f"{roc_area(*_scored(_of(rows, half), found, _named(name))):.3f}"
            for name in names
            for half in ("tune", "judge")
        ]
        lines.append((" + ".join(taps), *cells))
    head = ("layers", "plain, tune", "plain, judge", "by visibility, tune", "by visibility, judge")
    return _table(head, lines)


def _confused(counts: Confusion) -> tuple[str, ...]:
    low, high = counts.interval
    return (
        f"{counts.accuracy:.1%} ({low:.1%} to {high:.1%})",
        *map(str, (counts.found, counts.missed, counts.passed, counts.alarms)),
    )


_CONFUSED = ("accuracy (95 % interval)", "defects found", "defects missed", "same passed", "false alarms")


def _judged(rows: Iterable[Row], found: Measured, measure: Measure, threshold: float) -> tuple[Confusion, int]:
    rows = list(rows)
    scores, differs = _scored(rows, found, measure)
    return confusion(differs, [score > threshold for score in scores]), len(rows) - len(scores)


def _verdicts(rows: Sequence[Row], found: Measured) -> str:
    lines = []
    for noise in NOISES:
        for half in ("tune", "judge"):
            for machines in (("same", "cross"), ("same",), ("cross",)):
                mine = [row for row in _of(rows, half) if row.machine in machines]
                if not mine:
                    continue
                counts, _ = _judged(mine, found, _score_by(noise), 1.0)
                lines.append((noise, half, " and ".join(machines), *_confused(counts)))
    return _table(("noise", "half", "machine of the pairs", *_CONFUSED), lines)


def _categories(rows: Sequence[Row], found: Measured) -> str:
    lines = []
    for category in sorted({row.category for row in rows}):
        mine = [row for row in _of(rows, "judge") if row.category == category]
        if mine:
            counts, _ = _judged(mine, found, _SCORE_AUTO, 1.0)
            right = counts.found + counts.passed
            share = f"{counts.accuracy:.0%}"
            lines.append((category, f"{right} of {counts.pairs}", share, str(counts.missed), str(counts.alarms)))
    return _table(("category", "right", "accuracy", "defects missed", "false alarms"), lines) if lines else ""


def _chosen(rows: Sequence[Row], found: Measured) -> str:
    tune, judge = _of(rows, "tune"), _of(rows, "judge")
    if not tune or not judge:
        return ""
    lines = []
    for name, measure in _measures(found).items():
        fixed = measure is _SCORE_AUTO
        threshold = 1.0 if fixed else best_threshold(*_scored(tune, found, measure))
        counts, refused = _judged(judge, found, measure, threshold)
        before, _ = _judged(tune, found, measure, threshold)
        told = "its own levels" if fixed else f"{threshold:.4g}"
        lines.append((name, told, f"{before.accuracy:.1%}", *_confused(counts), str(refused)))
    return _table(("measure", "threshold", "tune accuracy", *_CONFUSED, "pairs refused"), lines)


def _as_shipped(rows: Sequence[Row], found: Measured) -> str:
    judge = _of(rows, "judge")
    if not judge or COUNTS[0] not in next(iter(found.values.values())):
        return ""
    lines = [(name, *_confused(_judged(judge, found, _named(name), 0.0)[0])) for name in COUNTS]
    return _table(("tool", *_CONFUSED), lines)


def _without(rows: Sequence[Row], found: Measured) -> str:
    kinds = {
        "all": _SCORE_AUTO,
        "without distance": _score_by("auto", ("peak", "colour")),
        "without colour": _score_by("auto", ("overall", "peak")),
        "without peak": _score_by("auto", ("overall", "colour")),
        "peak alone": _score_by("auto", ("peak",)),
    }
    return _compared("gates", rows, found, kinds)


def _peaks(rows: Sequence[Row], found: Measured) -> str:
    least, times, most = AUTO_PEAK
    kinds = {f"**{least} + {times:g} × floor, at most {most}** (the default)": _SCORE_AUTO}
    kinds |= {name: _score_by("auto", peak=level) for name, level in OTHER_PEAKS.items()}
    return _compared("level of the peak", rows, found, kinds)


def _compared(what: str, rows: Sequence[Row], found: Measured, kinds: Mapping[str, Measure]) -> str:
    lines = []
    for name, measure in kinds.items():
        cells = []
        for half in ("tune", "judge"):
            counts, _ = _judged(_of(rows, half), found, measure, 1.0)
            area = roc_area(*_scored(_of(rows, half), found, measure))
            cells += [f"{area:.4f}", f"{counts.accuracy:.1%}", f"{counts.missed} + {counts.alarms}"]
        lines.append((name, *cells))
    told = ("ROC area", "accuracy", "missed + false alarms")
    return _table((what, *(f"{half}: {one}" for half in ("tune", "judge") for one in told)), lines)


def _wrong(rows: Sequence[Row], found: Measured) -> str:
    lines = []
    for row in sorted(rows, key=lambda row: (row.half, row.label, row.name)):
        values = gates(found.values[row.name])
        if ours.failed(values, "auto") != (row.label == "differs"):
            levels = ours.levels(values)
            told = [f"{values[name]:.3g} / {levels[name]:.3g}" for name in ours.GATES]
            lines.append((row.half, f"`{row.name}`", row.label, *told, row.what))
    head = ("half", "pair", "label", *(f"{name} / level" for name in ours.GATES), "what was done")
    return _table(head, lines) if lines else ""


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *lines))
