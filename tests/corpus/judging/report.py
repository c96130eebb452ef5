"""Measured values and labels → the Markdown tables of RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from percept_cli.judging.gates import AUTO_PEAK
from percept_cli.judging.rules import NOISES, Noise
from tests.corpus.judging import ours, rivals
from tests.corpus.judging.rivals import (
    CONFUSED,
    Measure,
    Measured,
    Values,
    confused,
    halves,
    judged,
    named,
    of,
    scored,
    table,
)
from tests.corpus.judging.statistics import best_threshold, roc_area
from tests.corpus.judging.tools import TOOLS
from tests.corpus.make.common import HALVES, Row

START, END = "<!-- tables -->\n", "<!-- end of tables -->\n"

Level = Callable[[float], float]
"""Noise floor of a pair → the level of its peak."""
_VERDICT = named(ours.VERDICT)


def replaced(text: str, tables: str) -> str:
    """The text with other tables between its marks."""
    before, rest = text.split(START)
    return before + START + tables + END + rest.split(END)[1]


def tables(rows: Sequence[Row], found: Measured) -> str:
    """All of them, with headings."""
    parts = {"Verdicts of percept": _verdicts(rows, found)}
    for half in halves(rows, found, _VERDICT):
        parts[f"Verdicts of percept by category, {half} half, auto"] = _categories(rows, found, half)
    parts["ROC areas"] = _areas(rows, found, _measures(found))
    for half in HALVES[1:]:
        title = f"{half.capitalize()} half, by the threshold that is best on the tune half"
        parts[title] = _chosen(rows, found, half)
    tune = of(rows, "tune")
    for half in HALVES:
        for how, told in rivals.tables(of(rows, half), found, tune, found).items():
            parts[f"All tools by category, {half} half, {how}"] = told
    parts |= {
        "Which layers: ROC area of the strongest cell": _cells(rows, found),
        "What each gate is worth": _without(rows, found),
        "Other levels of the peak": _peaks(rows, found),
        "Wrong verdicts of percept, auto": wrong(rows, found),
    }
    return "\n".join(f"### {title}\n\n{told}" for title, told in parts.items() if told)


def gates(values: Values) -> dict[str, float] | None:
    """What percept's gates need, where it was measured."""
    found = {name: values.get(name) for name in (*ours.GATES, "noise")}
    there = {name: value for name, value in found.items() if value is not None}
    return there if len(there) == len(found) else None


def _score_by(noise: Noise, only: Sequence[str] = ours.GATES, peak: Level | None = None) -> Measure:
    def score(values: Values) -> float | None:
        given = gates(values)
        return None if given is None else ours.score(given, noise, only, peak)

    return score


def _line(least: float, times: float) -> Level:
    return lambda noise: min(AUTO_PEAK[2], least + times * noise)


OTHER_PEAKS: Mapping[str, Level] = {
    **{f"{level} for every pair": _line(level, 0) for level in (0.12, 0.28, 0.4, 0.6, 0.8, 1.2, 1.8)},
    **{f"{least} + 2 × floor": _line(least, 2) for least in (0.05, 0.2, 0.28)},
    **{f"0.12 + {times} × floor": _line(0.12, times) for times in (1.5, 2.5, 3)},
}
"""Levels of the peak that were tried; all of them end where the default ends."""


def _measures(found: Measured) -> dict[str, Measure]:
    """Names in the table → measures, those of tools only where they have run."""
    there = {name for values in found.values.values() for name in values}
    return (
        {"**percept check, all gates (auto)**": _VERDICT}
        | {f"percept, gate {name} alone": named(name) for name in ours.GATES}
        | {f"percept, mean of preset {preset}": named(name) for preset, name in ours.MEANS.items()}
        | {name: named(name) for name in TOOLS if name in there}
    )


def _area(rows: Sequence[Row], found: Measured, measure: Measure, digits: int) -> str:
    """A ROC area; a dash where nothing was measured."""
    scores, differs = scored(rows, found, measure)
    return f"{roc_area(scores, differs):.{digits}f}" if scores else "–"


def _areas(rows: Sequence[Row], found: Measured, measures: Mapping[str, Measure]) -> str:
    lines = []
    for name, measure in measures.items():
        areas = [_area(of(rows, half), found, measure, 4) for half in (*HALVES, "all")]
        asked = [row for half in halves(rows, found, measure) for row in of(rows, half)]
        lines.append((name, *areas, str(len(asked) - len(scored(asked, found, measure)[0]))))
    return table(("measure", *HALVES, "all", "pairs refused"), lines)


def _cells(rows: Sequence[Row], found: Measured) -> str:
    there = halves(rows, found, named(next(iter(ours.CELLS.values()))[0]))
    lines = [
        (" + ".join(taps), *(_area(of(rows, half), found, named(name), 3) for name in names for half in there))
        for taps, names in ours.CELLS.items()
    ]
    head = ("layers", *(f"{how}, {half}" for how in ("plain", "by visibility") for half in there))
    return table(head, lines if there else [])


def _verdicts(rows: Sequence[Row], found: Measured) -> str:
    lines = []
    for noise in NOISES:
        measure = _VERDICT if noise == "auto" else _score_by(noise)
        for half in halves(rows, found, measure):
            for machines in (("same", "cross"), ("same",), ("cross",)):
                mine = [row for row in of(rows, half) if row.machine in machines]
                counts, _ = judged(mine, found, measure, 1.0)
                if counts.pairs:
                    lines.append((noise, half, " and ".join(machines), *confused(counts)))
    return table(("noise", "half", "machine of the pairs", *CONFUSED), lines)


def _categories(rows: Sequence[Row], found: Measured, half: str) -> str:
    lines = []
    for category in sorted({row.category for row in rows}):
        counts, _ = judged([row for row in of(rows, half) if row.category == category], found, _VERDICT, 1.0)
        if counts.pairs:
            right = counts.found + counts.passed
            share = f"{counts.accuracy:.0%}"
            lines.append((category, f"{right} of {counts.pairs}", share, str(counts.missed), str(counts.alarms)))
    return table(("category", "right", "accuracy", "defects missed", "false alarms"), lines)


def _chosen(rows: Sequence[Row], found: Measured, half: str) -> str:
    tune, mine = of(rows, "tune"), of(rows, half)
    lines = []
    for name, measure in _measures(found).items():
        before = scored(tune, found, measure)
        if not before[0] or not scored(mine, found, measure)[0]:
            continue
        fixed = measure is _VERDICT
        threshold = 1.0 if fixed else best_threshold(*before)
        counts, refused = judged(mine, found, measure, threshold)
        accuracy = judged(tune, found, measure, threshold)[0].accuracy
        told = "its own levels" if fixed else f"{threshold:.4g}"
        lines.append((name, told, f"{accuracy:.1%}", *confused(counts), str(refused)))
    return table(("measure", "threshold", "tune accuracy", *CONFUSED, "pairs refused"), lines)


def _without(rows: Sequence[Row], found: Measured) -> str:
    kinds = {
        "all": _score_by("auto"),
        "without distance": _score_by("auto", ("peak", "colour")),
        "without colour": _score_by("auto", ("overall", "peak")),
        "without peak": _score_by("auto", ("overall", "colour")),
        "peak alone": _score_by("auto", ("peak",)),
    }
    return _compared("gates", rows, found, kinds)


def _peaks(rows: Sequence[Row], found: Measured) -> str:
    least, times, most = AUTO_PEAK
    kinds = {f"**{least} + {times:g} × floor, at most {most}** (the default)": _score_by("auto")}
    kinds |= {name: _score_by("auto", peak=level) for name, level in OTHER_PEAKS.items()}
    return _compared("level of the peak", rows, found, kinds)


def _compared(what: str, rows: Sequence[Row], found: Measured, kinds: Mapping[str, Measure]) -> str:
    there = halves(rows, found, _score_by("auto"))
    lines = []
    for name, measure in kinds.items():
        cells = []
        for half in there:
            counts, _ = judged(of(rows, half), found, measure, 1.0)
            cells += [
                _area(of(rows, half), found, measure, 4),
                f"{counts.accuracy:.1%}",
                f"{counts.missed} + {counts.alarms}",
            ]
        lines.append((name, *cells))
    told = ("ROC area", "accuracy", "missed + false alarms")
    head = (what, *(f"{half}: {one}" for half in there for one in told))
    return table(head, lines if there else [])


def wrong(rows: Sequence[Row], found: Measured) -> str:
    """The pairs that check judges otherwise than their labels say, with what it measured and its limits."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.half, row.label, row.name)):
        values = found.values.get(row.name, {})
        share = values.get(ours.VERDICT)
        if share is not None and (share > 1) != (row.label == "differs"):
            told = [_against(values.get(name), values.get(ours.LIMITS.format(name))) for name in ours.GATES]
            lines.append((row.half, f"`{row.name}`", row.label, *told, row.what))
    head = ("half", "pair", "label", *(f"{name} / level" for name in ours.GATES), "what was done")
    return table(head, lines)


def _against(value: float | None, limit: float | None) -> str:
    return " / ".join("–" if number is None else f"{number:.3g}" for number in (value, limit))
