"""Values of ``[check]`` and ``[[override]]`` → limits, strings, references; hints are TOML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath

from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.judging.keys import KEYS
from percept_cli.judging.rules import OFF, Levels, check_gate, check_level, parse_percent
from percept_cli.recipes.presets import as_number, check_keys

LEVEL_KEYS = ("warn", "fail")
REFERENCE_WORDS = ("name", "stem", "suffix")
"""What stands in braces in a reference, for the picture's own."""
_KEYS = {key.name: key for key in KEYS}


def typed_as(key: str) -> str:
    """The hint for a key with a wrong value: a line that can be typed into the file."""
    return f"write {key} = {_KEYS[key].example}"


def read_levels(value: object, key: str, source: str) -> Levels:
    """The limits of a gate: a number, ``"off"``, ``"1%"``, or a table of ``warn`` and ``fail``.

    Raises:
        InvalidSetting: for anything else.
    """
    try:
        if isinstance(value, Mapping):
            check_keys(value, LEVEL_KEYS)
            given = (value.get(name) for name in LEVEL_KEYS)
            warn, fail = (
                None if limit is None else read_level(limit, key, f"{key}.{name}")
                for name, limit in zip(LEVEL_KEYS, given, strict=True)
            )
        else:
            warn, fail = None, read_level(value, key, key)
    except InvalidSetting as error:
        hint = error.hint if str(error).startswith("unknown key") else _hint_for_levels(key)
        raise InvalidSetting(str(error), hint=hint) from None
    try:
        return Levels(warn, fail, source)
    except InvalidSetting as error:
        raise InvalidSetting(f"{key}: {error}", hint=error.hint) from None


def _hint_for_levels(key: str) -> str:
    number, percent = ("50", f', {key} = "1%"') if "per cent" in _KEYS[key].form else ("0.5", "")
    return f'write {key} = {number}{percent}, {key} = "off" or {key} = {{ warn = {number}, fail = {number} }}'


def read_level(value: object, gate: str, what: str) -> float:
    """One limit of a gate.

    Args:
        value: what was given.
        gate: the gate, perhaps by its old name.
        what: how messages name the value; by more than the gate where a table of both kinds is not possible.

    Raises:
        InvalidSetting: for anything but a number, ``"off"``, or a percentage where pixels are counted.
    """
    if isinstance(value, str) and value.strip().endswith("%"):
        return parse_percent(value.strip(), check_gate(gate))
    if value == "off":
        return OFF
    if isinstance(value, bool) or not isinstance(value, int | float):
        forms = ["a number"]
        forms += ['"1%"'] if "per cent" in _KEYS[gate].form else []
        forms += ['"off"']
        forms += ["a table { warn = …, fail = … }"] if what == gate else []
        raise InvalidSetting(
            f"{what} must be {', '.join(forms[:-1])} or {forms[-1]}, not {value!r}",
            hint="write numbers without quotes, such as 0.5",
        )
    return check_level(as_number(value, what), what)


def read_string(value: object, key: str) -> str:
    """A string with something in it.

    Raises:
        InvalidSetting: for anything else.
    """
    if not isinstance(value, str) or not value:
        raise InvalidSetting(f"{key} must be a string, not {value!r}", hint=typed_as(key))
    return value


def read_strings(value: object, key: str) -> tuple[str, ...]:
    """A string, or a list of them.

    Raises:
        InvalidSetting: for anything else.
    """
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) and entry for entry in entries):
        raise InvalidSetting(f"{key} must be a string or a list of strings, not {value!r}", hint=typed_as(key))
    return tuple(entries)


def read_reference(pattern: str) -> str:
    """A path in the baseline folder, with ``{name}`` and the like in it.

    Raises:
        InvalidSetting: for an unknown word in braces, or a path that leads out of the folder.
    """
    for word in re.findall(r"\{(\w*)\}", pattern):
        if word not in REFERENCE_WORDS:
            hint = did_you_mean(word, REFERENCE_WORDS)
            raise InvalidSetting(
                f"the reference {pattern!r} contains the unknown placeholder {{{word}}}", hint=hint
            )
    # Of either system: a settings file is shared between them.
    if ".." in re.split(r"[/\\]", pattern) or pattern.startswith(("/", "\\")) or PureWindowsPath(pattern).drive:
        raise InvalidSetting(
            f"the reference {pattern!r} leads out of the baseline folder",
            hint="give a path relative to the baseline folder, such as linux/{name}",
        )
    return pattern
