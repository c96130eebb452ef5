"""The table of a run with many pairs: the worst first, then the run in numbers."""

from __future__ import annotations

import heapq
import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from percept_cli.judging.threshold import judge_run
from percept_cli.reports import Style
from percept_cli.reports.text.parts import COLOURS, add_recipe, bar, facts_table, verdict
from percept_cli.results.run import PairResult, Run, Status, Summary
from percept_cli.system.names import printable

_RANKS: dict[Status, int] = {"error": 0, "fail": 1, "missing": 2, "new": 3, "warn": 4, "pass": 5}


def print_many(console: Console, run: Run, style: Style) -> None:
    """The folders, a row per pair, totals, statistics, means per layer, the verdict."""
    if style.origin is not None:
        facts = facts_table()
        for name, folder in zip(("reference", "candidate"), style.origin, strict=True):
            facts.add_row(name, Text(printable(folder)))
        console.print(facts)
        console.print()
    count = len(run.results)
    shown = heapq.nsmallest(count if style.top is None else style.top, run.results, key=_badness)
    if shown:
        console.print(_rows(shown, style))
    if len(shown) < count:
        rest = f"… and {count - len(shown)} that are no worse" if shown else f"{count} rows are not shown"
        console.print(f"{rest}; --top all shows them")
    if count:
        console.print()
    if run.summary.count:
        console.print(_layers(run, style))
        console.print()
    console.print(_totals(run, style))


def _badness(result: PairResult) -> tuple[int, float, float]:
    """Errors, then failures, then pictures without a counterpart, then the rest; the largest distance first."""
    if math.isnan(result.distance):
        return _RANKS[result.status], -math.inf, 0.0
    # Of equal distances, the one that exceeds its threshold the most.
    return _RANKS[result.status], -result.distance, result.threshold or 0.0


def _rows(results: list[PairResult], style: Style) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    thresholds = any(result.threshold is not None for result in results)
    table.add_column("status", no_wrap=True)
    table.add_column("distance", no_wrap=True, justify="right")
    if thresholds:
        table.add_column("threshold", no_wrap=True, justify="right")
    table.add_column("most in", no_wrap=True)
    table.add_column("name", overflow="fold", min_width=min(30, style.width - 50))
    for result in results:
        cells = [
            Text(result.status.upper(), style=COLOURS[result.status]),
            _number(_distance(result)),
        ]
        if thresholds:
            cells.append(_number(result.threshold))
        table.add_row(*cells, _most_in(result), _name(result))
    return table


def _distance(result: PairResult) -> float | None:
    return result.distance if result.compared else None


def _number(value: float | None) -> Text:
    return Text("–" if value is None else f"{value:.6g}")


def _most_in(result: PairResult) -> str:
    """The layer with the largest share."""
    if not result.scored or not result.distance:
        return ""
    layer = max(result.layers, key=lambda layer: layer.share)
    return f"{layer.name} {100 * layer.share:.0f} %"


def _name(result: PairResult) -> Text:
    told = [printable(result.name)]
    if not result.compared and result.status in ("error", "pass", "warn", "fail"):
        told.append(printable(result.reason))
    return Text("\n".join((*told, *map(printable, result.notes))))


def _layers(run: Run, style: Style) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    table.add_column("layer", no_wrap=True)
    for name in ("mean distance", "weight", "share"):
        table.add_column(name, no_wrap=True, justify="right")
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
            Text(bar(share, min(40, style.width - 48)), style="cyan"),
        )
    return table


def _totals(run: Run, style: Style) -> Table:
    found = run.summary
    facts = facts_table()
    facts.add_row(
        "pairs",
        f"{found.pairs}: {found.identical} identical, "
        f"{found.passed - found.identical - found.not_compared} more passed, "
        f"{f'{found.not_compared} not compared, ' if found.not_compared else ''}"
        f"{f'{found.warned} warned, ' if found.warned else ''}"
        f"{found.failed} failed, {found.errors} errors",
    )
    if found.new or found.missing:
        facts.add_row("unmatched", f"{found.missing} missing (no candidate), {found.new} new (no reference)")
    if found.count:
        facts.add_row("distance", _statistics(found))
    if found.weighted_mean is not None and found.weighted_mean != found.mean:
        facts.add_row("weighted mean", f"{found.weighted_mean:.6g}")
    facts.add_row("verdict", verdict(*judge_run(run)))
    add_recipe(facts, run, style)
    return facts


def _statistics(found: Summary) -> str:
    values = {
        "mean": found.mean,
        "median": found.median,
        "p90": found.p90,
        "p95": found.p95,
        "p99": found.p99,
        "max": found.max,
    }
    return ", ".join(f"{name} {value:.6g}" for name, value in values.items() if value is not None)
