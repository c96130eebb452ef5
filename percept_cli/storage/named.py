"""What settings name: paths relative to their own file, and addresses."""

from __future__ import annotations

from pathlib import Path

from percept_cli.storage.address import check_typed
from percept_cli.system.addresses import is_address


def folder_named(name: str, base: Path) -> str:
    """A folder, as someone would have typed it.

    Args:
        name: as the settings have it: an address, or a path.
        base: what a path is relative to.

    Raises:
        InvalidSetting: as ``check_typed``.
    """
    check_typed(name)
    return name if is_address(name) else str(from_here(base / name))


def from_here(path: Path) -> Path:
    """Relative to the current folder where it is in it: as someone would have typed it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
