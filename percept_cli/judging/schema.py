"""The keys of a settings file as a JSON schema, by which editors complete and check ``percept.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from percept_cli._project import DOCS
from percept_cli.judging.keys import KEYS
from percept_cli.recipes.keys import Key, Table

FILE = Path(__file__).parent / "percept.schema.json"
"""The schema that comes with percept; ``python -m scripts.make_schema`` writes it."""
ADDRESS = f"{DOCS}/{FILE.name}"
"""Where editors find it."""
PER_CENT = r"\s*[0-9.]+\s*%\s*"

Schema = dict[str, Any]


def settings_schema(names: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of a settings file, of draft 7, which editors of TOML read.

    Args:
        names: what may stand for a key of the form ``name``, by the key: of presets, weights and so on.
    """
    top = _table(KEYS, "", names)
    top["properties"]["check"] = {
        "description": "What percept check compares, and its rules.",
        **_table(KEYS, "check", names),
    }
    top["properties"]["override"] = {
        "description": "Other rules for some images.",
        "type": "array",
        "items": _table(KEYS, "override", names),
    }
    about = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": ADDRESS, "title": "Settings of percept"}
    return about | top


def _table(keys: Sequence[Key], table: Table, names: Mapping[str, Sequence[str]]) -> Schema:
    found = [key for key in keys if table in key.tables]
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _entry(key, table, names) for key in found},
    }
    required = [key.name for key in found if key.required and key.tables == (table,)]
    return schema | ({"required": required} if required else {})


def _entry(key: Key, table: Table, names: Mapping[str, Sequence[str]]) -> Schema:
    what = key.what.replace("`", "")
    if key.default and table == key.tables[0]:  # in an override, what holds otherwise is the default
        what = f"{what} Default: {key.default.replace('`', '')}."
    entry: Schema = {"description": what} | _value(key, names.get(key.name, ()))
    return entry | ({"deprecated": True} if key.instead else {})


def _value(key: Key, names: Sequence[str]) -> Schema:
    match key.form:
        case "flag":
            return {"type": "boolean"}
        case "number":
            return _number(key)
        case "whole":
            return _number(key) | {"type": "integer"}
        case "size":
            return {"anyOf": [_number(key) | {"type": "integer"}, _matching(key.pattern)]}
        case "exposure":
            return {"anyOf": [_number(key), {"enum": list(key.words)}, _matching(key.pattern)]}
        case "layers":
            return _layers()
        case "strings":
            one = _string(key, ())
            return {"anyOf": [one, {"type": "array", "items": one}]}
        case "limit" | "limit or per cent":
            return _limit(percent=key.form != "limit")
        case _:
            return _string(key, names)


def _number(key: Key) -> Schema:
    bounds = {"minimum": key.least, "maximum": key.most}
    return {"type": "number"} | {name: value for name, value in bounds.items() if value is not None}


def _matching(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _string(key: Key, names: Sequence[str]) -> Schema:
    words = [*key.words, *names]
    choices = [{"enum": words}] if words else []
    choices += [_matching(key.pattern)] if key.pattern else []
    if not choices:
        return {"type": "string", "minLength": 1}
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _layers() -> Schema:
    weight: Schema = {"type": "number"}
    named = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"weight": weight, "distance": {"type": "string"}},
    }
    return {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"type": "string"}},
            {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [weight, named]}},
        ]
    }


def _limit(*, percent: bool) -> Schema:
    one: list[Schema] = [{"type": "number", "minimum": 0}, {"const": "off"}]
    one += [_matching(PER_CENT)] if percent else []
    both = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"warn": {"anyOf": one}, "fail": {"anyOf": one}},
    }
    return {"anyOf": [*one, both]}
