"""The tables of a settings file: how their headers are spelt, and in which of them a key belongs."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.recipes.keys import TABLES, TOP_KEYS, Table, in_table

_RULES = (
    *("noise", "noise-file", "overall", "peak", "colour", "changed-pixels", "distance"),
    *("ignore", "mask", "max-shift", "references", "variant", "new", "missing", "size-mismatch"),
)
NAMES: Mapping[Table, tuple[str, ...]] = {
    "": in_table(TOP_KEYS, ""),
    "check": ("baseline", "current", *_RULES),
    "override": ("match", *_RULES, *in_table(TOP_KEYS, "override")),
}
"""The keys of each table. ``judging.keys``, which is above this room, describes those of rules."""


def header(table: Table, *, of_project: bool = False) -> str:
    """How TOML spells the header of a table, in pyproject.toml if it stands there.

    Args:
        table: the table; the top of percept.toml has no header, and is told of in words.
        of_project: whether the file is pyproject.toml.
    """
    if not table:
        return "[tool.percept]" if of_project else "the top of the file"
    name = f"tool.percept.{table}" if of_project else table
    return f"[[{name}]]" if table == "override" else f"[{name}]"


def check_table(data: Mapping[str, Any], table: Table, *, of_project: bool = False) -> None:
    """Refuse keys that the table does not have.

    Raises:
        InvalidSetting: naming the first of them, with the table that it belongs in or the nearest known key.
    """
    known = (*NAMES[table], *(() if table else filter(None, TABLES)))
    for key in data:
        if key not in known:
            raise InvalidSetting(f"unknown key {key!r}", hint=_hint(key, table, known, of_project=of_project))


def _hint(key: str, table: Table, known: tuple[str, ...], *, of_project: bool) -> str:
    if not table and not of_project and key in ("tool", "percept"):
        return "tool.percept is for pyproject.toml; in percept.toml write [check], and other keys at the top."
    places = _places(key, of_project=of_project)
    if places:
        return f"{key} belongs {places}."
    everywhere = {*known, *(name for names in NAMES.values() for name in names)}
    close = get_close_matches(key.lower(), sorted(everywhere), n=1, cutoff=0.6)
    if close and close[0] not in known:
        return f"did you mean {close[0]}? It belongs {_places(close[0], of_project=of_project)}."
    return did_you_mean(key, known)


def _places(key: str, *, of_project: bool) -> str:
    """Where a key may stand, in words; empty if nowhere."""
    tables: list[Table] = [table for table, names in NAMES.items() if key in names]
    words = [
        f"in {header(table, of_project=of_project)}"
        if table or of_project
        else "at the top of the file, above all tables,"
        for table in tables
    ]
    return " or ".join(words).replace("] or in [", "] or [").removesuffix(",")
