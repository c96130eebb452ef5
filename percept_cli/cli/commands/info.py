"""``percept info``: what this installation can read and run."""

from __future__ import annotations

import click

from percept_cli.cli.commands import Deferred
from percept_cli.cli.layout import option


@click.command(cls=Deferred)
@option("--devices", is_flag=True, help="Also list the devices that torch can use (takes a second).")
@option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    metavar="NAME",
    default="text",
    help="text (default) for people, or json for scripts.",
)
def info() -> None:
    """List what this installation can read and run: image formats, libraries, limits and devices.

    Formats whose library is not installed are listed with the command that installs it.
    """
