"""The commands as sphinx-click wants them: loaded, with their options in the groups that ``--help`` shows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import click
from sphinx.application import Sphinx

import percept_cli.cli
from percept_cli.cli.commands import Later


def _loaded(group: click.Group) -> click.Group:
    """The group with its commands imported: until one is called, percept has only its name and a line of help."""
    for name, command in group.commands.items():
        whole = command.load() if isinstance(command, Later) else command
        group.commands[name] = _loaded(whole) if isinstance(whole, click.Group) else whole
    return group


cli = _loaded(percept_cli.cli.cli)
"""What ``.. click:: command_pages:cli`` names."""


def _help_with_code(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    """Paragraphs as text, and lines that click keeps as they are, such as examples, as code."""
    lines[:] = _blocks(ctx.command.help or ctx.command.short_help or "")


def _epilog_with_code(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    lines[:] = _blocks(ctx.command.epilog or "")


def _blocks(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        rows = paragraph.strip("\n").split("\n")
        if rows[0] != "\b":
            yield from (*map(_escaped, rows), "")
            continue
        title, *code = rows[1:]
        if not title.endswith(":") or not code:
            title, code = "", rows[1:]
        yield from (f"**{_escaped(title)}**", "") if title else ()
        yield from (".. code-block:: sh", "", *(f"   {row.strip()}" for row in code), "")


def _escaped(text: str) -> str:
    """Plain words in reStructuredText, whatever stars, bars and dashes they have."""
    for sign in "\\*`|_":
        text = text.replace(sign, f"\\{sign}")
    return text


def _options_in_groups(_: Sphinx, ctx: click.Context, lines: list[str]) -> None:
    lines[:] = [line for name, options in _groups(ctx) for line in _group(ctx, name, options)]


def _groups(ctx: click.Context) -> list[tuple[str, list[click.Option]]]:
    """The groups of ``--help``, in its order; one without a name where a command has none."""
    groups: dict[str, list[click.Option]] = {}
    for option in ctx.command.get_params(ctx):
        if isinstance(option, click.Option) and not option.hidden:
            groups.setdefault(getattr(option, "group", None) or "", []).append(option)
    return list(groups.items())


def _group(ctx: click.Context, name: str, options: list[click.Option]) -> Iterator[str]:
    if name:
        yield from (f".. rubric:: {name}", "   :heading-level: 4", "")
    for option in options:
        record = option.get_help_record(ctx)
        if record is None:
            continue
        # Sphinx knows `.. option:: --name VALUE, -n VALUE`; its anchors come from there.
        yield from (f".. option:: {record[0].replace(' / ', ', ')}", "")
        yield from (f"   {_escaped(row)}" for row in record[1].splitlines())
        yield ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Put ours in the place of what sphinx-click wrote."""
    app.setup_extension("sphinx_click")
    app.connect("sphinx-click-process-description", _help_with_code)
    app.connect("sphinx-click-process-options", _options_in_groups)
    app.connect("sphinx-click-process-epilog", _epilog_with_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
