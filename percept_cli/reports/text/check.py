"""The table of a check: what did not pass, where, by how much, and the commands that show it and accept it."""

from __future__ import annotations

import heapq

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from percept_cli.reports import Style
from percept_cli.reports.commands import ACCEPTED, commands_for
from percept_cli.reports.findings import kind_in_words, outcome_of, shift_in_words
from percept_cli.reports.text.parts import COLOURS, add_counts, add_verdict, facts_table, print_origin, word
from percept_cli.results.found import Gate, Region
from percept_cli.results.numbers import beside
from percept_cli.results.pair import PairResult, badness
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system.names import counted, printable

_FINE: tuple[Status, ...] = ("pass", "measured", "tolerated")
_REGIONS_TOLD = 3
_LAYERS_TOLD = 3
_NAMES_TOLD = 3


def print_check(console: Console, run: Run, style: Style) -> None:
    """What did not pass, the worst first, each with what a person needs to act; then the run in numbers."""
    print_origin(console, run, "baseline", "current")
    told = [result for result in run.results if result.status not in _FINE]
    shown = heapq.nsmallest(len(told) if style.top is None else style.top, told, key=badness)
    for result in shown:
        _print_pair(console, run, result, style)
    if len(shown) < len(told):
        console.print(f"… and {len(told) - len(shown)} more that did not pass; --top all shows them")
        console.print()
    changes = {result.status for result in told if outcome_of(result, run) != "skipped"}.intersection(ACCEPTED)
    if style.json_report is None and run.folders is not None and changes:
        console.print(_how_to_accept(changes))
        console.print()
    console.print(_totals(run, style))


def _how_to_accept(changes: set[Status]) -> str:
    write = "write a report with -o percept-report.json and run percept approve"
    if changes == {"missing"}:
        return f"To delete baselines without an image, {write} --prune."
    prune = "; --prune also deletes baselines without an image." if "missing" in changes else "."
    return f"To accept these changes, {write}{prune}"


def _print_pair(console: Console, run: Run, result: PairResult, style: Style) -> None:
    size = "" if result.width is None else f"  {result.width} × {result.height}"
    console.print(Text.assemble(word(result.status), "  ", Text(printable(result.name), style="bold"), size))
    facts = facts_table()
    if result.evidence is None or result.evidence.fit is not None:
        facts.add_row("reason", Text(printable(result.reason)))
    else:
        for gate in result.evidence.gates:
            if gate.status != "pass":
                facts.add_row(gate.name, _gate(gate))
    if result.evidence is not None:
        if result.like is not None:
            facts.add_row("like", Text(printable(result.like.words)))
        for line, region in enumerate(result.evidence.regions[:_REGIONS_TOLD]):
            facts.add_row("" if line else "where", _region(region))
        more = result.evidence.regions_in_all - _REGIONS_TOLD
        if more > 0:
            facts.add_row("", f"and {counted(more, 'more region')}")
        if result.evidence.shift is not None:
            facts.add_row("moved", f"as a whole by {shift_in_words(result.evidence.shift)}")
        if result.compared and result.distance:
            facts.add_row("layers", _layers(result))
    for note in result.notes:
        facts.add_row("note", Text(printable(note)))
    console.print(Padding(facts, (0, 0, 0, 2)))
    width = max((len(str(cell)) for cell in facts.columns[0].cells), default=0)
    for name, command in commands_for(result, run, style.json_report).items():
        # On one line, however long: it is to be copied.
        console.print(Text.assemble(Text(f"  {name:<{width}}", style="bold"), f"  {command}"), soft_wrap=True)
    console.print()


def _gate(gate: Gate) -> Text:
    assert gate.limit is not None
    value, limit = beside(gate.value, gate.limit)
    unit = f" {gate.unit}" if gate.unit else ""
    at = "" if gate.at is None else f" at {gate.at}"
    return Text.assemble(
        Text(f"{value}{unit}", style=COLOURS[gate.status]),
        f" exceeds {limit}{at}  ({printable(gate.source)})",
    )


def _region(region: Region) -> str:
    told = f"{region.pixels:,} px, {100 * region.share:.0f} % of the distance"
    return f"{region.box}  {kind_in_words(region)}  ({told})"


def _layers(result: PairResult) -> str:
    ordered = sorted(result.layers, key=lambda layer: -layer.share)
    return ", ".join(f"{layer.name} {100 * layer.share:.0f} %" for layer in ordered[:_LAYERS_TOLD] if layer.share)


def _named(names: list[str]) -> Text:
    more = "" if len(names) <= _NAMES_TOLD else f", and {len(names) - _NAMES_TOLD} more"
    return Text(f"{counted(len(names), 'image')}: {', '.join(names[:_NAMES_TOLD])}{more}")


def _told_of_passed(run: Run) -> list[str]:
    """What a person should know of pictures that passed: what was done, and of which nothing was compared."""
    told, more = list[str](), 0
    for result in run.results:
        if result.status not in _FINE:
            continue
        notes = (result.reason,) if result.unseen else result.notes
        if notes and len(told) < _NAMES_TOLD:
            told.append(f"{result.name}: {'; '.join(notes)}")
        elif notes:
            more += 1
    return [*told, f"and {counted(more, 'more image')} with notes"] if more else told


def _totals(run: Run, style: Style) -> Table:
    facts = facts_table()
    add_counts(facts, run, "images")
    moved = [printable(result.name) for result in run.results if result.evidence and result.evidence.has_moved]
    if moved:
        facts.add_row("moved", _named(moved))
    for line, told in enumerate(_told_of_passed(run)):
        facts.add_row("" if line else "note", Text(printable(told)))
    add_verdict(facts, run, style)
    return facts
