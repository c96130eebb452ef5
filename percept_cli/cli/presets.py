"""``percept presets``: which recipes there are."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Group
from percept_cli.cli.console import print_result
from percept_cli.presets import load_preset, preset_file, preset_names


@click.group(cls=Group, invoke_without_command=True, short_help="List the built-in recipes, or show one.")
@click.pass_context
def presets(ctx: click.Context) -> None:
    """List the built-in recipes, or show one.

    A recipe of your own is a TOML file of the same form: percept presets show default > mine.toml
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_presets)


@presets.command("list", short_help="List the built-in recipes.")
def list_presets() -> None:
    """List the built-in recipes: name and what each one measures."""
    names = preset_names()
    width = max(map(len, names))
    lines = []
    for name in names:
        indent = " " * (width + 2)
        text = click.wrap_text(load_preset(name).description, 78, f"{name:<{width}}  ", indent)
        lines.append(f"{text}\n")
    print_result("".join(lines))


@presets.command("show", short_help="Print a recipe as TOML.")
@click.argument("name")
def show_preset(name: str) -> None:
    """Print the recipe NAME as TOML, with its source; a TOML file of your own is checked on the way."""
    load_preset(name)
    print_result(preset_file(name).read_text(encoding="utf-8-sig"))
