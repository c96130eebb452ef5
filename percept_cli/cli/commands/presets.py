"""``percept presets``: which recipes there are."""

from __future__ import annotations

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Group
from percept_cli.cli.layout import address_of, option


@click.group(cls=Group, invoke_without_command=True, epilog=f"More: {address_of('concepts/presets')}")
@click.pass_context
def presets(ctx: click.Context) -> None:
    """List the built-in recipes, or show one.

    A recipe is a TOML file. To write your own, start from a built-in one:

    \b
      percept presets show default --toml > mine.toml
      percept compare a.png b.png --preset mine.toml
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
    if ctx.invoked_subcommand is None:
        list_presets.invoke(ctx)


@presets.command("list", short_help="List the built-in recipes.")
def list_presets() -> None:
    """List the built-in recipes and what each one measures."""


@presets.command("show", short_help="Explain a recipe, or print it as TOML.")
@click.argument("name", shell_complete=completing.presets)
@option("--toml", is_flag=True, help="Print the TOML file, as a start for your own.")
def show_preset() -> None:
    """Explain the recipe NAME: what it measures, what it is for and what it needs, with its publication.

    NAME may also be a TOML file of your own, which is then checked.
    """
