"""Pages of reference name all that there is."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import percept_cli
from percept_cli import errors
from percept_cli.cli import cli
from percept_cli.errors import ExitCode
from percept_cli.reports import REPORTS, Style, render
from percept_cli.reports.data.columns import PAIR, TAIL
from tests.support.pages import DOCS
from tests.support.runs import CHECKED

SCHEMA: dict[str, Any] = json.loads((files("percept_cli.reports") / "run.schema.json").read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


def table_rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def in_backquotes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_exit_code_is_explained() -> None:
    found = [int(code) for code in re.findall(r"^\| (\d+) \|", text_of("exit-codes"), re.MULTILINE)]
    assert found == sorted(ExitCode)


def test_every_command_is_there() -> None:
    found = re.findall(
        r"^\.\. click:: command_pages:(\w+)\n   :prog: percept (\w+)$", text_of("commands"), re.MULTILINE
    )
    assert all(attribute == name for attribute, name in found)
    assert sorted(name for name, _ in found) == sorted(cli.commands)


def test_every_format_is_there_with_its_endings() -> None:
    rows = {in_backquotes(row[0])[0]: row for row in table_rows(text_of("formats")) if in_backquotes(row[0])}
    assert set(REPORTS) <= set(rows)
    for name, form in REPORTS.items():
        assert tuple(in_backquotes(rows[name][1])) == form.suffixes, name


def test_every_column_of_csv_is_there() -> None:
    text = text_of("formats")
    page = set(in_backquotes(text[text.index("## CSV and Parquet") :]))
    heads = [
        next(csv.reader("".join(map(str, render(CHECKED, "csv", replace(Style(), wide=wide)))).splitlines()))
        for wide in (False, True)
    ]
    columns = {column for head in heads for column in head} - set(CHECKED.spec.taps)
    assert columns - page == set()
    assert {*PAIR, *TAIL} <= columns


def test_every_object_of_json_has_its_table() -> None:
    shown = re.findall(r"^```\{json-fields\} (\S+)$", text_of("formats"), re.MULTILINE)
    objects = {f"/$defs/{name}" for name, part in SCHEMA["$defs"].items() if "properties" in part}
    assert objects - set(shown) == set()
    assert {"/", "/properties/summary", "/properties/spec"} <= set(shown)


def test_every_field_of_json_is_explained() -> None:
    assert list(unexplained(SCHEMA, "")) == []


def unexplained(part: Any, path: str) -> Iterator[str]:
    """Fields without a description, of their own or of what they refer to."""
    if not isinstance(part, dict):
        return
    for name, field in part.get("properties", {}).items():
        referred = SCHEMA["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
        if "description" not in {**referred, **field}:
            yield f"{path}/{name}"
    for name, inner in part.items():
        if isinstance(inner, dict):
            yield from unexplained(inner, f"{path}/{name}")


def test_every_public_name_is_there() -> None:
    text = text_of("python")
    public = [name for name in percept_cli.__all__ if not name.startswith("__")]
    assert [name for name in public if f"percept_cli.{name}\n" not in text] == []
    assert errors.__name__ in text
