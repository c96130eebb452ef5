"""What the tables have in common."""

from __future__ import annotations

import math

from rich.table import Table
from rich.text import Text

from percept_cli.reports import Style
from percept_cli.results.run import Run, Status
from percept_cli.system.names import printable

COLOURS = {
    "pass": "green",
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


def bar(share: float, width: int) -> str:
    """A share of 0 to 1 as a bar of at most so many columns, in eighths of one."""
    if not math.isfinite(share):
        return ""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def add_recipe(facts: Table, run: Run, style: Style) -> None:
    """What a run was made by: the last rows of every table."""
    facts.add_row("recipe", recipe(run))
    if style.settings:
        facts.add_row("settings", Text(f"from {style.settings}, above the current folder"))
    facts.add_row("fingerprint", run.fingerprint)


def verdict(status: Status, reason: str) -> Text:
    """The word in its colour, and the reason."""
    return Text.assemble(Text(status.upper(), style=f"bold {COLOURS[status]}"), f": {printable(reason)}")


def recipe(run: Run) -> str:
    """The recipe in short, and where it ran."""
    spec = run.spec
    distances = dict.fromkeys(layer.distance for layer in spec.layers)
    if len(distances) == 1:
        measure = next(iter(distances))
    else:
        measure = ", ".join(f"{layer.tap} {layer.distance}" for layer in spec.layers)
    where = f"on {run.device}"
    if run.device == "none":
        where = "network not needed"
        if run.summary.count:
            equal = run.summary.identical == run.summary.count
            if equal:
                where += ": the pixels are equal"
            else:
                where += ": what counts is equal" if run.kind == "check" else ": the results were there already"
    return f"{spec.backbone}, {measure}, {spec.precision}{spec.pictures.words}, {where}"
