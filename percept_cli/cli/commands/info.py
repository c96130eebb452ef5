"""``percept info``: what this installation can read and run."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred


@click.command(cls=Deferred)
@click.option("--devices", is_flag=True, help="Also list the devices that torch can compute on; takes a second.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How it is written; json is for scripts.",
)
def info() -> None:
    """List what this installation can read and run: formats of pictures, libraries, limits and devices.

    Formats that need a library that is not installed are listed with the command that installs it.
    """
