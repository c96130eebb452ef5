"""Where weights are looked for outside the package."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from percept_cli.errors import InvalidSetting


def weights_folder() -> Path:
    """Where ``percept weights install`` writes, which need not exist.

    ``$PERCEPT_HOME/weights``; without that variable ``percept/weights`` in the folder for a user's data:
    ``$XDG_DATA_HOME`` or ``~/.local/share``, ``~/Library/Application Support`` on macOS, ``%LOCALAPPDATA%`` on
    Windows.

    Raises:
        InvalidSetting: if the user has no home folder.
    """
    home = os.environ.get("PERCEPT_HOME")
    return (Path(home).absolute() if home else _user_data() / "percept") / "weights"


def _user_data() -> Path:
    xdg = os.environ.get("XDG_DATA_HOME", "")
    if Path(xdg).is_absolute():  # the XDG specification has relative ones ignored
        return Path(xdg)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else _home() / "AppData" / "Local"
    return _home() / ("Library/Application Support" if sys.platform == "darwin" else ".local/share")


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise InvalidSetting(
            "there is no home folder for the weights", hint="set PERCEPT_HOME to a folder for them."
        ) from None


def hub_file(name: str) -> Path:
    """Where torch's own downloads keep the file of that name: as ``torch.hub.get_dir``, without torch."""
    home = os.environ.get("TORCH_HOME") or str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch")
    return Path(os.path.expanduser(home)) / "hub" / "checkpoints" / name  # noqa: PTH111 - never fails


def package_file(package: str, member: str) -> Path | None:
    """A file of an installed Python package, which is not imported; None if there is no such file."""
    try:
        path = Path(str(distribution(package).locate_file(member)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def offline() -> bool:
    """Whether ``PERCEPT_OFFLINE`` forbids the network."""
    return os.environ.get("PERCEPT_OFFLINE", "") not in {"", "0"}
