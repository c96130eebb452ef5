"""A user's defaults: ``percept.toml``, or ``[tool.percept]`` in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting
from percept_cli.presets import check_keys, read_toml

KEYS = ("preset", "layers", "distance", "threshold", "device", "precision", "format", "wide")
"""The keys a settings file may have; each is the long option of the same name."""


@dataclass(frozen=True)
class Settings:
    """What a settings file says."""

    path: Path | None = None
    """The file, or None where there is none."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Option name → value, as TOML has it."""

    @property
    def source(self) -> str:
        """How messages name the file: relative to the current folder where it is inside it."""
        if self.path is None:
            return ""
        here = Path.cwd()
        return (self.path.relative_to(here) if self.path.is_relative_to(here) else self.path).as_posix()


def find_settings(folder: Path) -> Settings:
    """The settings that hold in a folder: its own or those of the nearest folder above it.

    In each folder ``percept.toml`` counts before ``pyproject.toml``, and a ``pyproject.toml`` without
    ``[tool.percept]`` does not count. The search ends at the top of a git repository.

    Raises:
        InvalidSetting: if the file found cannot be read or has an unknown key.
    """
    folder = folder.resolve()
    for place in (folder, *folder.parents):
        if (place / "percept.toml").is_file():
            return read_settings(place / "percept.toml")
        if (place / "pyproject.toml").is_file() and _has_table(place / "pyproject.toml"):
            return read_settings(place / "pyproject.toml")
        if (place / ".git").exists():
            break
    return Settings()


def _has_table(path: Path) -> bool:
    # A pyproject.toml that is broken, or none of percept's business, must not stop a comparison.
    try:
        return "percept" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError):
        return False


def read_settings(path: Path) -> Settings:
    """Read one settings file.

    Raises:
        InvalidSetting: if it cannot be read, has an unknown key, or holds a table where a value belongs; the
            message names the file.
    """
    data: Any = read_toml(path)
    if path.name == "pyproject.toml":
        data = data.get("tool", {}).get("percept", {})
    try:
        if not isinstance(data, Mapping):
            raise InvalidSetting(f"[tool.percept] must be a table, not {data!r}")
        check_keys(data, KEYS)
        for key, value in data.items():
            _check_type(key, value)
    except InvalidSetting as error:
        raise InvalidSetting(f"{path.as_posix()}: {error}", hint=error.hint) from None
    values = dict(data)
    preset = values.get("preset")
    if isinstance(preset, str) and preset.endswith(".toml"):  # relative to the file that names it
        values["preset"] = (path.parent / preset).as_posix()
    return Settings(path, values)


def _check_type(key: str, value: object) -> None:
    if key == "layers":  # presets.read_layers knows its forms
        return
    if key == "wide":
        right, kind = isinstance(value, bool), "true or false"
    elif key == "threshold":
        right, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    else:
        right, kind = isinstance(value, str), "a string"
    if not right:
        raise InvalidSetting(f"{key} must be {kind}, not {value!r}")
