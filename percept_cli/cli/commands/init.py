"""``percept init``: settings for a folder of images."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Deferred


@click.command(cls=Deferred)
@click.argument(
    "folder",
    type=click.Path(path_type=Path, readable=False),
    required=False,
    default=Path(),
    shell_complete=completing.folders,
)
@click.option(
    "--baseline",
    metavar="DIR",
    shell_complete=completing.folders,
    help="Folder for the baseline images (default: baseline).",
)
@click.option(
    "--current",
    metavar="DIR",
    shell_complete=completing.folders,
    help="Folder for the images to check (default: current).",
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    metavar="github|gitlab",
    help="Also write a workflow: .github/workflows/percept.yml or .gitlab-ci.yml.",
)
def init() -> None:
    """Write a commented percept.toml to FOLDER (default: the current folder).

    percept check then needs no arguments. The baseline folder is created if it is missing, and reports and heat
    maps are added to .gitignore. Nothing is overwritten. On a terminal, percept asks for the two folders unless
    they are given; otherwise it asks nothing.

    \b
    Examples:
      percept init
      percept init --baseline expected --current build/images
      percept init --ci github
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
