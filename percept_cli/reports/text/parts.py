"""What the tables have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from percept_cli.recipes.told import in_words
from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.results.verdict import Verdict, judge_run
from percept_cli.system.names import printable

COLOURS: Mapping[Verdict, str] = {
    "pass": "green",
    "measured": "dim",
    "empty": "dim",
    "tolerated": "green",
    "warn": "yellow",
    "fail": "red",
    "new": "yellow",
    "missing": "yellow",
    "error": "magenta",
}
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def facts_table() -> Table:
    """Names and what they say, without a frame."""
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    return facts


def plain_table(*numbers: str, first: str, folds: bool = False) -> Table:
    """A table without a frame: a column of words, which may be folded, and others of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    table.add_column(first, no_wrap=not folds, overflow="fold" if folds else "ellipsis")
    for name in numbers:
        table.add_column(name, no_wrap=True, justify="right")
    return table


def bar(share: float, width: int) -> Text:
    """A share of 0 to 1 as a bar of at most so many columns, in eighths of one."""
    if not math.isfinite(share):
        return Text()
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return Text("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), style="cyan")


def word(status: Verdict, *, bold: bool = True) -> Text:
    """A verdict in its colour."""
    return Text(status.upper(), style=f"bold {COLOURS[status]}" if bold else COLOURS[status])


def verdict(status: Verdict, reason: str) -> Text:
    """The word, and the reason."""
    return Text.assemble(word(status), f": {printable(reason)}")


def print_origin(console: Console, run: Run, *names: str) -> None:
    """What was compared with what, under these names."""
    if run.origin is None:
        return
    facts = facts_table()
    for name, folder in zip(names, run.origin, strict=True):
        facts.add_row(name, Text(printable(folder)))
    console.print(facts)
    console.print()


def add_counts(facts: Table, run: Run, what: str) -> None:
    """How many of the pairs, under this name, came to which end; and the pictures without a counterpart."""
    found = run.summary
    counts = {
        "could not be compared": found.errors,
        "failed": found.failed,
        "warned": found.warned,
        "tolerated": found.tolerated,
        "measured": found.measured,
        "passed": found.within,
        "not compared": found.not_compared,
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    identical = f"; {found.identical} of them identical" if found.identical else ""
    facts.add_row(what, f"{found.pairs}: {told}{identical}" if told else str(found.pairs))
    if found.new or found.missing:
        allowed = f", {run.allowed} of them allowed" if run.allowed else ""
        names = ("image", "baseline") if run.kind == "check" else ("candidate", "reference")
        kinds = zip(("missing", "new"), (found.missing, found.new), names, strict=True)
        unmatched = ", ".join(f"{count} {kind} (no {name})" for kind, count, name in kinds if count)
        facts.add_row("unmatched", f"{unmatched}{allowed}")


def add_verdict(facts: Table, run: Run, style: Style) -> None:
    """What the whole run came to, and what it was made by: the last rows of the tables of many pairs."""
    facts.add_row("verdict", verdict(*judge_run(run)))
    add_recipe(facts, run, style)


def add_recipe(facts: Table, run: Run, style: Style) -> None:
    """What a run was made by: the last rows of every table."""
    facts.add_row("recipe", _recipe(run))
    if style.settings:
        facts.add_row("settings", Text(f"from {style.settings}, above the current folder"))
    facts.add_row("fingerprint", run.fingerprint)


def _recipe(run: Run) -> str:
    """The recipe in short, and where it ran."""
    recipe = in_words(run.spec)
    where = f"on {run.device}"
    if run.device == "none":
        where = "network not needed"
        if run.summary.count and run.summary.identical == run.summary.count:
            where += ": the pixels are equal"
        elif run.summary.count:
            equal = run.kind == "check" and not run.summary.max  # what differs was compared by an earlier run
            where += ": everything that counts is equal" if equal else ": all results were reused"
    return f"{recipe.backbone}, {recipe.distances}, {recipe.precision}, {where}"
