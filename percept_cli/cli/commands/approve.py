"""``percept approve``: what was found to differ becomes the new baseline."""

from __future__ import annotations

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Deferred
from percept_cli.cli.layout import option
from percept_cli.cli.options import FILE, config_option, limits_option, quiet_option


@click.command(cls=Deferred, pages={"Select": "guides/approving", "Output": "guides/approving"})
@click.argument("report", type=FILE)
@option(
    "--baseline",
    group="Select",
    type=FILE,
    metavar="DIR",
    shell_complete=completing.folders,
    help="Folder to copy to (default: from percept.toml).",
)
@option(
    "--current",
    group="Select",
    type=FILE,
    metavar="DIR",
    shell_complete=completing.folders,
    help="Folder to copy from (default: from percept.toml).",
)
@option(
    "--filter",
    "patterns",
    group="Select",
    multiple=True,
    metavar="GLOB",
    help="Only images that match: '*.png', 'ui/**'. Repeatable.",
)
@option(
    "--only",
    group="Select",
    type=click.Choice(["changed", "new"]),
    metavar="changed|new",
    help="Only images that differ, or only those that are new.",
)
@option("--prune", group="Select", is_flag=True, help="Also delete baselines that no longer have an image.")
@option(
    "--as-alternate",
    group="Select",
    is_flag=True,
    help="Keep changed images as alternates of their baselines.",
)
@option(
    "--drop-alternate",
    group="Select",
    is_flag=True,
    help="Only delete the alternates of --variant.",
)
@option(
    "--variant",
    group="Select",
    metavar="NAME",
    help="Name of the alternate (default: the operating system).",
)
@limits_option
@quiet_option("Print only errors and refused images.")
@option("--dry-run", group="Run", is_flag=True, help="Print what would be done, and change nothing.")
@option("--force", group="Run", is_flag=True, help="Approve even if the environment variable CI is set.")
@config_option
def approve() -> None:
    """Copy images that failed or warned in a check, and new ones, over the baseline.

    REPORT is the JSON report of a check of two folders. Run percept approve in the folder in which the check was
    run, and name the same two folders with --baseline and --current or in percept.toml.

    Images that passed, or could not be compared, are left alone. An image that has changed since the check, or
    whose baseline has, is refused; the others are copied, and the exit code is 1. If a --filter matches no image
    of REPORT, nothing is copied.

    \b
    Examples:
      percept check base/ now/ -o percept-report.json
      percept approve percept-report.json --baseline base/ --current now/
      percept approve percept-report.json --filter charts/ --dry-run
      percept approve percept-report.json --as-alternate --variant linux
    """  # noqa: D301 - \b is click's mark for lines to keep as they are
