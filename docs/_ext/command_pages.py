"""The commands as sphinx-click wants them: loaded, with their options in the groups that ``--help`` shows.

``.. click:: command_pages:compare`` names one.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
from sphinx.application import Sphinx

import percept_cli.cli
from percept_cli._project import DOCS
from percept_cli.cli.commands import Command, Later
from percept_cli.cli.layout import GROUPS, PAGES, group_of

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
_ADDRESS = re.compile(rf"{re.escape(DOCS)}/([\w/-]+)\.html")

COMMANDS = {
    name: command.load() if isinstance(command, Later) else command
    for name, command in percept_cli.cli.cli.commands.items()
}


def __getattr__(name: str) -> click.Command:
    """A command by its name."""
    if name in COMMANDS:
        return COMMANDS[name]
    raise AttributeError(name)


def _description(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    lines[:] = _blocks(ctx.command.help or ctx.command.short_help or "")


def _epilog(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    lines[:] = _blocks(ctx.command.epilog or "")


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs as text, and lines that click keeps as they are, such as examples, as code."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, *rows = paragraph.strip("\n").split("\n")
        if first != "\b":
            yield from (*map(_escaped, (first, *rows)), "")
            continue
        if rows[0].endswith(":"):
            yield from (f"**{_escaped(rows.pop(0))}**", "")
        yield from (".. code-block:: sh", "", *(f"   {row.strip()}" for row in rows), "")


def _escaped(text: str) -> str:
    """Plain words in reStructuredText, whatever signs they have; options as code, addresses of pages as links."""
    for sign in "\\*`|":
        text = text.replace(sign, f"\\{sign}")
    text = _OPTION.sub(r"``\g<0>``", text.replace("_ ", "\\_ "))
    return _ADDRESS.sub(r":doc:`/\1`", text)


def _options(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    groups: dict[str, list[click.Option]] = {}
    for parameter in ctx.command.get_params(ctx):
        if isinstance(parameter, click.Option) and not parameter.hidden and "--help" not in parameter.opts:
            groups.setdefault(group_of(parameter, ctx.command), []).append(parameter)
    pages = ctx.command.pages if isinstance(ctx.command, Command) else {}
    lines.clear()
    for group in GROUPS:
        if group in groups:
            page = pages.get(group, PAGES[group]).removeprefix(f"{DOCS}/")
            lines += [f".. rubric:: :doc:`{group} </{page}>`", "   :heading-level: 4", ""]
            lines += _listed(ctx, groups.pop(group))
    for rest in groups.values():
        lines += _listed(ctx, rest)


def _listed(ctx: click.Context, options: list[click.Option]) -> Iterator[str]:
    for option in options:
        # As click has it: ours are shorter in a terminal, but each name is to have its anchor here.
        record = click.Option.get_help_record(option, ctx)
        text = option.get_help_record(ctx)
        if record is None or text is None:
            continue
        yield from (f".. option:: {record[0].replace(' / ', ', ')}", "")
        yield from (f"   {_escaped(row)}" for row in text[1].splitlines())
        yield ""


def _no_arguments(_: Sphinx, __: click.Context, lines: list[str]) -> None:
    lines.clear()  # they are in the usage, and the text says what they are


def setup(app: Sphinx) -> dict[str, Any]:
    """Put ours in the place of what sphinx-click wrote."""
    app.setup_extension("sphinx_click")
    app.connect("sphinx-click-process-description", _description)
    app.connect("sphinx-click-process-options", _options)
    app.connect("sphinx-click-process-epilog", _epilog)
    app.connect("sphinx-click-process-arguments", _no_arguments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
