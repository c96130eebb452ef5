"""The table of settings holds for the readers of all three tables, and for the schema."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, get_args

import pytest

from percept_cli.errors import InvalidSetting, OldName
from percept_cli.judging.keys import KEYS
from percept_cli.judging.rulebook import make_book
from percept_cli.judging.rules import GATES, OLD_GATES
from percept_cli.recipes.keys import TABLES, Form, Key, Table
from percept_cli.recipes.settings import KEYS as TOP
from percept_cli.recipes.settings import read_settings
from percept_cli.recipes.tables import NAMES


def file_with(tmp_path: Path, key: Key, table: Table, value: str) -> Path:
    """A settings file that has one key."""
    line = f"{key.name} = {value}\n"
    if table == "override" and key.name != "match":
        line = f'match = "*"\n{line}'
    head = {"": "", "check": "[check]\n", "override": "[[override]]\n"}[table]
    path = tmp_path / "percept.toml"
    path.write_text(f"{head}{line}", encoding="utf-8")
    return path


def read(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldName)
        return make_book(read_settings(path))


PLACES = [
    (key, table)
    for key in KEYS
    for table in TABLES
    if table in key.tables or key.name not in {other.name for other in KEYS if table in other.tables}
]


@pytest.mark.parametrize(("key", "table"), PLACES, ids=lambda part: getattr(part, "name", part) or "top")
def test_a_key_may_stand_where_the_table_says(tmp_path: Path, key: Key, table: Table) -> None:
    path = file_with(tmp_path, key, table, key.example)
    if table in key.tables:
        read(path)
    else:
        with pytest.raises(InvalidSetting, match=f"unknown key '{key.name}'") as error:
            read(path)
        assert error.value.hint.startswith(f"{key.name} belongs ")


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key.default[:1] in ('"', "f", "0")], ids=lambda key: key.name
)
def test_a_default_may_be_written_down(tmp_path: Path, key: Key) -> None:
    read(file_with(tmp_path, key, key.tables[0], key.default))


# What layers are is read when a recipe is made.
@pytest.mark.parametrize("key", [key for key in KEYS if key.form != "layers"], ids=lambda key: key.name)
def test_a_date_is_no_value_of_any_key(tmp_path: Path, key: Key) -> None:
    with pytest.raises(InvalidSetting) as error:
        read(file_with(tmp_path, key, key.tables[0], "2020-01-01"))
    assert "percept.toml: " in str(error.value)
    assert error.value.hint


def test_every_gate_and_every_form_is_there() -> None:
    assert [key.name for key in KEYS if key.form.startswith("limit")] == [*GATES, *OLD_GATES]
    assert {key.form for key in KEYS} == set(get_args(Form))
    assert {key.name: key.instead for key in KEYS if key.instead} == OLD_GATES


@pytest.mark.parametrize(("names", "table"), [(TOP, ""), *((NAMES[table], table) for table in TABLES)])
def test_no_two_keys_of_a_table_have_one_name(names: tuple[str, ...], table: Table) -> None:
    assert len(set(names)) == len(names)
    assert set(names) == {key.name for key in KEYS if table in key.tables}
