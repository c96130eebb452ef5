"""A user's defaults: ``percept.toml``, or ``[tool.percept]`` in ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from percept_cli._project import DOCS
from percept_cli.errors import InvalidSetting
from percept_cli.images.policy import AS_SEEN, PICTURE_SETTINGS, with_settings
from percept_cli.recipes.keys import TABLES as ALL_TABLES
from percept_cli.recipes.keys import TOP_KEYS, Key, Table
from percept_cli.recipes.presets import as_number, read_toml, text_of
from percept_cli.recipes.tables import check_table, header
from percept_cli.system.machine import parse_size
from percept_cli.system.names import posix, shown

_KEYS = {key.name: key for key in TOP_KEYS}
KEYS = tuple(_KEYS)
"""The keys at the top of a settings file; each is the long option of the same name."""
TABLES = tuple(table for table in ALL_TABLES if table)
"""The tables it may have, for ``percept check`` (``rulebook``)."""


@dataclass(frozen=True)
class Settings:
    """What a settings file says."""

    path: Path | None = None
    """The file, or None where there is none."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Option name → value, as TOML has it."""
    tables: Mapping[str, Any] = field(default_factory=dict)
    """The tables, as TOML has them."""
    found: bool = False
    """Whether it was looked for, and not named."""
    from_above: str = ""
    """How messages name it where it was found above the current folder, where nobody would expect one."""

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return Path() if self.path is None else self.path.parent

    @property
    def pictures(self) -> dict[str, Any]:
        """What it says of reading pictures, by the names of ``PictureSettings``."""
        names = {name: name.replace("_", "-") for name in PICTURE_SETTINGS}
        return {name: self.values[key] for name, key in names.items() if key in self.values}

    @property
    def source(self) -> str:
        """How messages name the file: relative to the current folder where it is inside it."""
        if self.path is None:
            return ""
        here = Path.cwd()
        return shown(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)

    def header(self, table: Table) -> str:
        """A table's header as it stands in the file: ``[check]``, or ``[tool.percept.check]``."""
        return header(table, of_project=self.of_project)

    @property
    def of_project(self) -> bool:
        """Whether the file is a pyproject.toml."""
        return self.path is not None and self.path.name == "pyproject.toml"


def find_settings(folder: Path | None = None) -> Settings:
    """The settings that hold in a folder (the current one if None): its own or those of the nearest above it.

    In each folder ``percept.toml`` counts before ``pyproject.toml``, and a ``pyproject.toml`` without
    ``[tool.percept]`` does not count. The search ends at the top of a git repository.

    Raises:
        InvalidSetting: if the file found cannot be read or has an unknown key.
    """
    try:
        folder = (folder or Path.cwd()).resolve()
    except FileNotFoundError:  # the current folder has been deleted
        return Settings()
    for place in (folder, *folder.parents):
        for path in (place / "percept.toml", place / "pyproject.toml"):
            if path.is_file() and (path.name == "percept.toml" or has_table(path)):
                found = replace(read_settings(path), found=True)
                return found if place == Path.cwd() else replace(found, from_above=found.source)
        if (place / ".git").exists():
            break
    return Settings()


def has_table(path: Path) -> bool:
    """Whether a pyproject.toml has settings of percept, or is broken and may have some."""
    # A pyproject.toml that is broken is none of percept's business, unless percept's table may be in it.
    try:
        text = text_of(path)
        return "percept" in tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError:
        return "[tool.percept" in text
    except (OSError, ValueError, RecursionError, AttributeError, TypeError, InvalidSetting):
        return False


def read_settings(path: Path) -> Settings:
    """Read one settings file.

    Raises:
        InvalidSetting: if it cannot be read, has an unknown key, or holds a table where a value belongs; the
            message names the file.
    """
    data: Any = read_toml(path)
    if path.name == "pyproject.toml":
        tool = data.get("tool", {})
        data = tool.get("percept", {}) if isinstance(tool, Mapping) else tool
    try:
        if not isinstance(data, Mapping):
            raise InvalidSetting(
                f"[tool.percept] must be a table, not {data!r}", hint=f"see {DOCS}/reference/settings.html."
            )
        check_table(data, "", of_project=path.name == "pyproject.toml")
        tables = {key: value for key, value in data.items() if key in TABLES}
        data = {key: value for key, value in data.items() if key not in TABLES}
        for key, value in data.items():
            _check_type(_KEYS[key], value)
    except InvalidSetting as error:
        raise InvalidSetting(f"{shown(path)}: {error}", hint=error.hint) from None
    values = dict(data)
    _check_pictures(Settings(path, values))
    preset = values.get("preset")
    if isinstance(preset, str) and preset.endswith(".toml"):  # relative to the file that names it
        values["preset"] = posix(path.parent / preset)
    return Settings(path, values, tables)


def _check_pictures(settings: Settings) -> None:
    try:
        with_settings(AS_SEEN, settings.pictures)
    except InvalidSetting as error:
        raise InvalidSetting(f"{settings.source}: {error}", hint=error.hint) from None


def _check_type(key: Key, value: object) -> None:
    name, is_number = key.name, isinstance(value, int | float) and not isinstance(value, bool)
    match key.form:
        case "layers":  # presets.read_layers knows its forms
            pass
        case "number":
            as_number(value, name)
        case "size":
            parse_size(value if isinstance(value, (int, str)) and not isinstance(value, bool) else repr(value))
        case "whole" if type(value) is not int:
            raise InvalidSetting(
                f"{name} must be a whole number, not {value!r}", hint=f"write {name} = {key.example}"
            )
        case "flag" if not isinstance(value, bool):
            raise InvalidSetting(f"{name} must be true or false, not {value!r}", hint="write it without quotes.")
        case "exposure" if is_number:
            pass
        case "string" | "word" | "name" | "exposure" if not isinstance(value, str):
            raise InvalidSetting(f"{name} must be a string, not {value!r}", hint=f"write {name} = {key.example}")
