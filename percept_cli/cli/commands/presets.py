"""``percept presets``: which recipes there are."""

from __future__ import annotations

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Group


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def presets(ctx: click.Context) -> None:
    """List the built-in recipes, or show one.

    A recipe of your own is a TOML file of the same form: percept presets show default --toml > mine.toml
    """
    if ctx.invoked_subcommand is None:
        list_presets.invoke(ctx)


@presets.command("list", short_help="List the built-in recipes.")
def list_presets() -> None:
    """List the built-in recipes: name and what each one measures."""


@presets.command("show", short_help="Explain a recipe, or print it as TOML.")
@click.argument("name", shell_complete=completing.presets)
@click.option("--toml", is_flag=True, help="Print the recipe's file, to make one of your own from it.")
def show_preset() -> None:
    """Explain the recipe NAME: what it measures, what for, what it needs, where it is published, how to cite it.

    NAME may be a TOML file of your own, which is checked on the way.
    """
