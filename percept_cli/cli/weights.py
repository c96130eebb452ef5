"""``percept weights``: which weights there are, and whether they are sound."""

from __future__ import annotations

from pathlib import Path

import click

from percept_cli.cli.commands import Group
from percept_cli.cli.console import print_result
from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.weights.registry import WEIGHTS


@click.group(cls=Group, short_help="List or verify the pretrained weights.")
def weights() -> None:
    """List or verify the pretrained weights that percept computes with."""


@weights.command("list", short_help="List the weights.")
def list_weights() -> None:
    """List the weights: name, network, licence, source and file."""
    lines = []
    for record in WEIGHTS.values():
        state = "installed" if record.path.is_file() else "MISSING"
        lines.append(
            f"{record.name}  {record.network}, {record.licence}, {state}\n"
            f"  {record.source}\n  {record.path}\n  sha256 {record.sha256}\n"
        )
    print_result("".join(lines))


@weights.command("verify", short_help="Compare weights with their SHA-256.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="Verify this file instead of the installed one.",
)
def verify_weights(names: tuple[str, ...], file: Path | None) -> None:
    """Compare the weights NAME (all of them if none is named) with their SHA-256; exit with 4 if they differ."""
    from percept_cli.weights.loading import verify

    for name in names:
        if name not in WEIGHTS:
            raise InvalidSetting(f"unknown weights {name!r}", hint=did_you_mean(name, WEIGHTS))
    if file is not None and len(names) != 1:
        raise InvalidSetting("--file needs the one NAME it should be", hint=f"choose from {', '.join(WEIGHTS)}.")
    for name in names or WEIGHTS:
        path = verify(WEIGHTS[name], file)
        print_result(f"{name}: OK, sha256 {WEIGHTS[name].sha256}\n  {path}\n")
