"""``percept baseline``: what a baseline that lives elsewhere holds."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli.commands import Group
from percept_cli.cli.kinds import Here
from percept_cli.cli.layout import address_of, option
from percept_cli.cli.options import FILE, cache_option, config_option, quiet_option


@click.group(cls=Group, epilog=f"More: {address_of('guides/elsewhere')}")
def baseline() -> None:
    """Record what a baseline that lives in a bucket holds."""


@baseline.command("lock", short_help="Write a lock file of a baseline in a bucket.")
@click.argument("baseline", type=FILE, required=False)
@option(
    "--output",
    "-o",
    group="Output",
    type=Here(path_type=Path, dir_okay=False),
    metavar="FILE",
    default="percept-baseline.lock",
    help="Lock file to write (default: percept-baseline.lock).",
)
@quiet_option("Print only errors.")
@cache_option
@config_option
def lock() -> None:
    """Record name, version and SHA-256 of each image in BASELINE (default: from percept.toml).

    Commit the lock file: percept check --lock then compares with exactly these images, and reports an error for an
    image that is not the one recorded. In a bucket with versioning, older lock files keep working.

    \b
    Examples:
      percept baseline lock s3://bucket/baseline
      percept check s3://bucket/baseline current/ --lock percept-baseline.lock
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
