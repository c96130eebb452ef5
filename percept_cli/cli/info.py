"""``percept info``: what this installation can read and run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from percept_cli.cli.console import print_report, print_result

if TYPE_CHECKING:
    from percept_cli.cli.installation import Convolutions, Device, Installation
    from percept_cli.images.limits import Limits

_WIDTH = 80
_OF_LIMITS = {
    "pixels": "pixels of all frames together",
    "file": "bytes of the file",
    "frames": "frames or pages",
    "metadata": "bytes of profiles, EXIF, XMP and texts, uncompressed",
}


def info(devices: bool, form: str) -> None:
    """Print what there is."""
    from percept_cli.cli.installation import installation

    found = installation(devices=devices)
    if form == "json":
        print_report([json.dumps(found.as_dict(), indent=2, ensure_ascii=False) + "\n"])
    else:
        print_result("".join(f"{line}\n" for line in _in_words(found)))


def _in_words(found: Installation) -> Iterator[str]:
    yield f"percept {found.percept}, Python {found.python}, {found.system}"
    yield from _formats(found)
    yield from ("", "Libraries")
    width = max(map(len, found.libraries))
    for name, version in found.libraries.items():
        yield f"  {name:<{width}}  {version or 'not installed'}"
    yield from _convolutions(found.convolutions)
    yield from _limits(found.limits)
    if found.devices is not None:
        yield from _devices(found.devices)


def _formats(found: Installation) -> Iterator[str]:
    yield from ("", "Formats (detected from a file's content, not from its extension)")
    rows = [
        (entry.name, " ".join(entry.endings), entry.reads if state.here else "not available, see below")
        for entry, state in found.formats
    ]
    names, endings = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, ending, reads in rows:
        head = f"{name:<{names}}  {ending:<{endings}}  "
        yield click.wrap_text(reads, _WIDTH, head, " " * len(head))
    for entry, state in found.formats:
        if not state.here:
            yield from ("", f"{entry.name}: {state.why}. To install it:", f"  {state.hint}")


def _convolutions(found: Convolutions) -> Iterator[str]:
    yield from ("", "Convolutions on the CPU (PERCEPT_CONVOLUTION changes it)")
    if found.used in found.compiled:
        yield f"  {found.used}, compiled"
        return
    slower = "no compiled code is used, which takes longer"
    yield click.wrap_text(f"{found.used}; {slower}{f': {found.why}' if found.why else ''}", _WIDTH, "  ", "  ")


def _limits(limits: Limits) -> Iterator[str]:
    yield from ("", "Limits of a file (--limits changes them)")
    values = {name: "off" if value is None else f"{value:,}" for name, value in asdict(limits).items()}
    names, numbers = max(map(len, values)), max(map(len, values.values()))
    for name, value in values.items():
        yield f"  {name:<{names}}  {value:>{numbers}}  {_OF_LIMITS[name]}"
    yield "  An image that is not read in strips must also fit into free memory."


def _devices(devices: tuple[Device, ...]) -> Iterator[str]:
    yield from ("", "Devices")
    width = max(len(device.name) for device in devices)
    for device in devices:
        yield f"  {device.name:<{width}}  {device.what}{' (used by auto)' if device.chosen else ''}"
