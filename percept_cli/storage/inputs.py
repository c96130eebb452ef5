"""Files that are read as a whole by something that knows nothing of stores: lists, reports."""

from __future__ import annotations

from pathlib import Path

from percept_cli.errors import PerceptError, UnreadableImage
from percept_cli.storage.address import address_in

_LARGEST = 1 << 30
"""Bytes of a list or a report that lives elsewhere."""


def brought(path: Path, kind: type[PerceptError]) -> Path:
    """The path itself, or, if it is an address, that of a copy which stays until the process ends.

    Args:
        path: a file of this machine, or an address.
        kind: of the error that is raised if it cannot be fetched.
    """
    address = address_in(path)
    if address is None:
        return path
    from percept_cli.storage.store import current

    try:
        return current().hold(address, _LARGEST)
    except UnreadableImage as error:
        raise kind(f"{address}: {error}", hint=error.hint) from None
