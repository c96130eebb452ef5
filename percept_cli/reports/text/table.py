"""The table people read in a terminal: one pair layer by layer, or many with one row each and a summary."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from percept_cli.reports import Report, Style
from percept_cli.reports.text.check import print_check
from percept_cli.reports.text.many import print_many
from percept_cli.reports.text.parts import add_recipe, bar, facts_table, plain_table, verdict, word
from percept_cli.results.numbers import beside, rounded
from percept_cli.results.pair import LayerResult, PairResult, worst_first
from percept_cli.results.run import Run
from percept_cli.system.names import harmless, printable

_MOST_VIEWS = 12  # of a pair, in the table


class TableReport(Report):
    """At most ``style.width`` columns, whatever the run is of."""

    def render(self) -> Iterator[str]:
        """All of it: what a column needs is known when every row is."""
        style, out = self.style, io.StringIO()
        console = Console(
            file=out,
            width=style.width,
            force_terminal=style.colour,
            color_system="standard" if style.colour else None,
            no_color=not style.colour,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )
        printers = {"compare": _print_pairs, "batch": print_many, "check": print_check}
        printers[self.run.kind](console, self.run, style)
        text = out.getvalue() if style.unicode else _to_ascii(out.getvalue())
        # rich pads cells to their column's width; those spaces carry nothing into a file.
        lines = harmless(text, coloured=style.colour).removesuffix("\n").split("\n")
        yield "".join(f"{line.rstrip()}\n" for line in lines)


def _print_pairs(console: Console, run: Run, style: Style) -> None:
    """For every pair its files, one row per layer, and the verdict."""
    for result in run.results:
        console.print(_files(result))
        console.print()
        if result.layers:
            console.print(_layers(result, style))
            console.print()
        if result.views:
            console.print(_views(result))
            console.print()
        console.print(_verdict(run, result, style))
        if result.compared and result.distance:
            judge = "For a verdict: percept check. " if result.status == "measured" else ""
            console.print()
            console.print(f"{judge}To see where they differ: percept heatmap.")


def _files(result: PairResult) -> Table:
    facts = facts_table()
    facts.add_row("reference", Text(printable(result.reference or "none")))
    facts.add_row("candidate", Text(printable(result.candidate or "none")))
    if result.width is not None:
        facts.add_row("size", f"{result.width} × {result.height} pixels")
    for note in result.notes:
        facts.add_row("note", Text(printable(note)))
    return facts


def _layers(result: PairResult, style: Style) -> Table:
    table = plain_table("C × H × W", "distance", "weight", "contribution", "share", first="layer")
    rows = [_cells(layer) for layer in result.layers]
    headers = [str(column.header) for column in table.columns]
    used = sum(max(map(len, column)) + 2 for column in zip(headers, *rows, strict=True))
    table.add_column("", no_wrap=True)
    for layer, cells in zip(result.layers, rows, strict=True):
        table.add_row(*cells, bar(layer.share, max(0, min(40, style.width - used))))
    return table


def _views(result: PairResult) -> Table:
    """What each view came to, the worst first."""
    table = plain_table("distance", first="view", folds=True)
    table.add_column("verdict", no_wrap=True)
    order = sorted(result.views, key=worst_first)
    for one in order[:_MOST_VIEWS]:
        table.add_row(Text(printable(str(one.view))), f"{one.distance:.6g}", word(one.status))
    if len(order) > _MOST_VIEWS:
        table.add_row(f"… and {len(order) - _MOST_VIEWS} more, none of them worse", "", "")
    return table


def _cells(layer: LayerResult) -> tuple[str, ...]:
    return (
        layer.name,
        f"{layer.channels} × {layer.height} × {layer.width}",
        f"{layer.distance:.6g}",
        f"{layer.weight:.6g}",
        f"{layer.contribution:.6g}",
        f"{100 * layer.share:.1f} %",
    )


def _verdict(run: Run, result: PairResult, style: Style) -> Table:
    facts = facts_table()
    told, limit = rounded(result.distance) if result.compared else "none", ""
    if result.compared and result.threshold is not None:
        told, limit = beside(result.distance, result.threshold)
    facts.add_row("distance", told)
    if result.like is not None:
        facts.add_row("like", Text(printable(result.like.words)))
    if result.threshold is not None:
        facts.add_row(
            "threshold", Text(f"{limit or rounded(result.threshold)} ({printable(result.threshold_source)})")
        )
    facts.add_row("verdict", verdict(result.status, result.reason))
    add_recipe(facts, run, style)
    return facts


def _to_ascii(text: str) -> str:
    table = str.maketrans(
        {"×": "x", "…": "...", "█": "#", **dict.fromkeys("▏▎▍", ""), **dict.fromkeys("▌▋▊▉", "#")}
    )
    return text.translate(table).encode("ascii", "backslashreplace").decode()
