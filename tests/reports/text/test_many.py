"""The table of many pairs, whole: golden files."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from percept_cli.reports import Style
from tests.support.reported import MANY, check_golden, render


@pytest.mark.parametrize("width", [80, 160])
def test_table_of_many(width: int) -> None:
    style = Style(width=width)
    many = replace(MANY, origin=("expected", "out"))
    text = render(many, "table", style)
    check_golden(f"table-many-{width}.txt", text)
    assert max(map(len, text.splitlines())) <= width
    coloured = render(many, "table", replace(style, colour=True))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == text.splitlines()
    ascii_only = render(many, "table", replace(style, unicode=False))
    assert ascii_only.isascii()
    assert max(map(len, ascii_only.splitlines())) <= width + 2  # three dots for one


def test_table_of_many_is_cut_only_with_a_word() -> None:
    text = render(MANY, "table", Style(top=2))
    assert "… and 4 more, none of them worse; --top all shows them" in text
    rows = text.split("name\n")[1].splitlines()
    assert rows[0].startswith("ERROR")
    assert [row.split()[0] for row in rows[:6] if row[:1].isupper()] == ["ERROR", "FAIL"]
    assert "no worse" not in render(MANY, "table", Style())
