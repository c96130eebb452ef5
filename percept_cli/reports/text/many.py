"""The table of a run with many pairs: the worst first, then the run in numbers."""

from __future__ import annotations

import heapq
import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from percept_cli.reports import Style
from percept_cli.reports.findings import most_in
from percept_cli.reports.text.parts import (
    add_counts,
    add_verdict,
    bar,
    facts_table,
    plain_table,
    print_origin,
    word,
)
from percept_cli.results.numbers import beside, rounded
from percept_cli.results.pair import PairResult, badness
from percept_cli.results.run import Run
from percept_cli.results.status import COMPARED
from percept_cli.results.summary import Summary
from percept_cli.system.names import printable

_ROOM_FOR_LIKE = 140
"""Columns from which a row says what its distance is like."""


def print_many(console: Console, run: Run, style: Style) -> None:
    """The folders, a row per pair, totals, statistics, means per layer, the verdict."""
    print_origin(console, run, "reference", "candidate")
    count = len(run.results)
    shown = heapq.nsmallest(count if style.top is None else style.top, run.results, key=badness)
    if shown:
        console.print(_rows(shown, style))
    if len(shown) < count:
        rest = f"… and {count - len(shown)} more, none of them worse" if shown else f"{count} rows are not shown"
        console.print(f"{rest}; --top all shows them")
    if count:
        console.print()
    if run.summary.count:
        console.print(_layers(run, style))
        console.print()
    console.print(_totals(run, style))


def _rows(results: list[PairResult], style: Style) -> Table:
    thresholds = any(result.threshold is not None for result in results)
    table = plain_table("distance", *(["threshold"] if thresholds else []), first="status")
    table.add_column("top layer", no_wrap=True)
    likes = style.width >= _ROOM_FOR_LIKE and any(result.like is not None for result in results)
    if likes:
        table.add_column("like", overflow="fold", min_width=40)
    table.add_column("name", overflow="fold", min_width=min(30, style.width - 50))
    for result in results:
        numbers = _numbers(result) if thresholds else _numbers(result)[:1]
        first = word(result.status, bold=False)
        like = [Text("" if result.like is None else printable(result.like.words))] if likes else []
        table.add_row(first, *numbers, most_in(result), *like, _name(result))
    return table


def _numbers(result: PairResult) -> tuple[str, str]:
    """The distance and the threshold."""
    distance = result.distance if result.compared else None
    if distance is not None and result.threshold is not None:
        return beside(distance, result.threshold)
    told = ("–" if value is None else rounded(value) for value in (distance, result.threshold))
    return next(told), next(told)


def _name(result: PairResult) -> Text:
    told = [printable(result.name)]
    if not result.compared and result.status in COMPARED:
        told.append(printable(result.reason))
    return Text("\n".join((*told, *map(printable, result.notes))))


def _layers(run: Run, style: Style) -> Table:
    table = plain_table("mean distance", "weight", "share", first="layer")
    table.add_column("", no_wrap=True)
    means = {layer.tap: run.summary.layers.get(layer.tap, 0.0) for layer in run.spec.layers}
    whole = run.summary.mean or math.inf
    for layer in run.spec.layers:
        share = layer.weight * means[layer.tap] / whole
        table.add_row(
            layer.tap,
            f"{means[layer.tap]:.6g}",
            f"{layer.weight:.6g}",
            f"{100 * share:.1f} %",
            bar(share, min(40, style.width - 48)),
        )
    return table


def _totals(run: Run, style: Style) -> Table:
    found = run.summary
    facts = facts_table()
    add_counts(facts, run, "pairs")
    if found.count:
        facts.add_row("distance", _statistics(found))
    if found.weighted_mean is not None and found.weighted_mean != found.mean:
        facts.add_row("weighted mean", f"{found.weighted_mean:.6g}")
    add_verdict(facts, run, style)
    return facts


def _statistics(found: Summary) -> str:
    names = ("mean", "median", "p90", "p95", "p99", "max")
    values = {name: getattr(found, name) for name in names}
    return ", ".join(f"{name} {value:.6g}" for name, value in values.items() if value is not None)
