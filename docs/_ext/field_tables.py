"""Tables of the fields of a JSON report, from its schema: ``{json-fields} POINTER``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

Schema = dict[str, Any]
SCHEMA: Schema = json.loads((files("percept_cli.reports") / "run.schema.json").read_text(encoding="utf-8"))


def part_of(pointer: str) -> Schema:
    """What a JSON pointer such as ``/$defs/gate`` points to."""
    part: Schema = SCHEMA
    for step in filter(None, pointer.split("/")):
        part = part[step]
    return part


def rows_of(part: Schema, elsewhere: tuple[str, ...] = (), prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each field; those of objects within it follow, as ``outer.inner``."""
    needed = part.get("required", ())
    for name, field in part.get("properties", {}).items():
        kind = type_of(field)
        yield f"{prefix}{name}", kind if name in needed else f"{kind}, optional", meaning_of(field)
        if name in elsewhere:
            continue
        item = field.get("items", {})
        if "properties" in field:
            yield from rows_of(field, elsewhere, f"{prefix}{name}.")
        elif "properties" in item:
            yield from rows_of(item, elsewhere, f"{prefix}{name}[].")


def type_of(field: Schema) -> str:
    """The type in words, with a link where it has a table of its own: ``list of 3 numbers``."""
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        plain = part_of(f"/$defs/{name}")
        return f"[{name}](#{name})" if "properties" in plain else type_of(plain)
    if "oneOf" in field:
        return " or ".join(map(type_of, field["oneOf"]))
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    items = field.get("items", {})
    if "array" in kinds and items:
        least, most = field.get("minItems"), field.get("maxItems")
        count = f"{least} " if least is not None and least == most else ""
        of_what = "object" if "properties" in items else type_of(items)
        listed = f"list of {count}{of_what}" + ("" if of_what.startswith("[") else "s")
        kinds = [listed if kind == "array" else kind for kind in kinds]
    return " or ".join(kinds)


def meaning_of(field: Schema) -> str:
    """The description, of the field or of what it refers to."""
    if "$ref" in field and "description" not in field:
        field = part_of(field["$ref"].lstrip("#"))
    return str(field.get("description", ""))


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|")


class JsonFields(SphinxDirective):
    """``{json-fields} POINTER``, with ``:elsewhere:`` for objects that have a table of their own."""

    required_arguments = 1
    option_spec: ClassVar = {"elsewhere": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_dependency(str(files("percept_cli.reports") / "run.schema.json"))
        elsewhere = tuple(self.options.get("elsewhere", "").split())
        rows = [
            f"| `{name}` | {cell(kind)} | {cell(meaning)} |"
            for name, kind, meaning in rows_of(part_of(self.arguments[0]), elsewhere)
        ]
        if not rows:
            raise self.error(f"{self.arguments[0]} has no fields")
        return self.parse_text_to_nodes("\n".join(("| field | type | meaning |", "|---|---|---|", *rows)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directive known."""
    app.add_directive("json-fields", JsonFields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
