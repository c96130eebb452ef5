"""How help is laid out: options and commands in groups, each group with the page that has its long story."""

from __future__ import annotations

from functools import partial
from textwrap import fill
from typing import Any, Literal, get_args

import click

from percept_cli._project import DOCS

OptionGroup = Literal["Judge", "Select", "Recipe", "Read", "Output", "Run"]
GROUPS: tuple[OptionGroup, ...] = get_args(OptionGroup)
"""Of options, as help lists them."""
UNGROUPED = "Options"
"""The one group of a command with few options."""
PAGES: dict[OptionGroup, str] = {
    "Judge": "numbers/compare-or-check",
    "Select": "guides/shell",
    "Recipe": "concepts/presets",
    "Read": "concepts/reading-images",
    "Output": "reference/formats",
    "Run": "reference/settings",
}
"""Where the documentation has more of a group, unless a command names another page."""
_WIDEST_NAMES = 19  # columns, so that 80 leave 55 for what an option does
_WIDEST_ALONE = 30  # columns, where there are few options


def address_of(page: str) -> str:
    """Of a page of the documentation, by its path below ``docs/`` without its ending."""
    return f"{DOCS}/{page}.html"


class Option(click.Option):
    """An option that knows its group."""

    def __init__(self, *arguments: Any, group: OptionGroup | None = None, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click has it, with ``--[no-]wide`` for ``--wide / --no-wide``."""
        record = super().get_help_record(ctx)
        if record is None or not self.secondary_opts:
            return record
        return f"--[no-]{self.opts[0].removeprefix('--')}", record[1]

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Without ``[x>=1]``: the text says what is allowed, as far as anyone would try something else."""
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


option = partial(click.option, cls=Option)
"""``click.option`` with a ``group``."""


def group_of(parameter: click.Option, command: click.Command) -> str:
    """Under which heading an option stands; click's own --help goes with how the command is run."""
    if isinstance(parameter, Option):
        return parameter.group or UNGROUPED
    grouped = any(isinstance(other, Option) and other.group for other in command.params)
    return "Run" if grouped else UNGROUPED


def write_options(
    command: click.Command, pages: dict[OptionGroup, str], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command, group by group, with what they do in one column."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if isinstance(parameter, click.Option) and record is not None:
            rows.setdefault(group_of(parameter, command), []).append(record)
    widest = _WIDEST_ALONE if rows.keys() == {UNGROUPED} else _WIDEST_NAMES
    width = min(max(len(names) for group in rows.values() for names, _ in group), widest)
    for group in GROUPS:
        if group in rows:
            write_rows(formatter, f"{group}: {address_of(pages.get(group, PAGES[group]))}", rows[group], width)
    if UNGROUPED in rows:
        write_rows(formatter, f"{UNGROUPED}:", rows[UNGROUPED], width)


def write_rows(formatter: click.HelpFormatter, heading: str, rows: list[tuple[str, str]], width: int) -> None:
    """Write a heading and a list below it, whose first column has this width. No name is broken at its hyphens."""
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    for names, text in rows:
        start = f"  {names:<{width}}  "
        if len(names) > width:
            formatter.write(f"  {names}\n")
            start = " " * (width + 4)
        filled = fill(
            text,
            formatter.width,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            break_on_hyphens=False,
            break_long_words=False,
        )
        formatter.write(f"{filled}\n")
