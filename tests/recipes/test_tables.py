"""An unknown key of a settings file: the hint says which table it belongs in, or which key is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.judging.rulebook import make_book
from percept_cli.recipes.settings import read_settings
from percept_cli.recipes.tables import check_table, header

ABOVE = "at the top of the file, above all tables"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('noise = "auto"', "unknown key 'noise'", "noise belongs in [check] or [[override]]."),
        ('baseline = "b"', "unknown key 'baseline'", "baseline belongs in [check]."),
        ('[check]\nalpha = "black"', "[check]: unknown key 'alpha'", f"alpha belongs {ABOVE}."),
        ("[check]\npreset = 'x'", "[check]: unknown key 'preset'", f"preset belongs {ABOVE}, or in [[override]]."),
        ("[check]\nmatch = '*'", "[check]: unknown key 'match'", "match belongs in [[override]]."),
        (
            "[[override]]\nmatch = '*'\nbaseline = 'b'",
            "override 1: unknown key 'baseline'",
            "baseline belongs in [check].",
        ),
        ("[tool.percept.check]\nnoise = 'auto'", "unknown key 'tool'", "in percept.toml write [check]"),
        ("[percept.check]\nnoise = 'auto'", "unknown key 'percept'", "in percept.toml write [check]"),
        (
            "ignroe = '0,0,1,1'",
            "unknown key 'ignroe'",
            "did you mean ignore? It belongs in [check] or [[override]].",
        ),
        ("[check]\nmax_shift = 1", "[check]: unknown key 'max_shift'", "did you mean max-shift?"),
        ("[check]\nzzz = 1", "[check]: unknown key 'zzz'", "choose from baseline, current, noise"),
    ],
)
def test_a_key_in_the_wrong_place(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "percept.toml"
    path.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(InvalidSetting) as error:
        make_book(read_settings(path))
    assert str(error.value) == f"{path}: {message}"
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("noise = 'auto'", "", "noise belongs in [tool.percept.check] or [[tool.percept.override]]."),
        ("[tool.percept.check]\nalpha = 'white'", "[tool.percept.check]: ", "alpha belongs in [tool.percept]."),
    ],
)
def test_a_pyproject_spells_its_headers(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.percept]\n{text}\n", encoding="utf-8")
    with pytest.raises(InvalidSetting, match="unknown key") as error:
        make_book(read_settings(path))
    assert str(error.value).startswith(f"{path}: {message}unknown key ")
    assert error.value.hint == hint


def test_keys_of_the_table_are_let_pass() -> None:
    check_table({"alpha": "white", "check": {}, "override": []}, "")
    check_table({"distance": 1, "baseline": "b"}, "check")
    assert [header("check"), header("override", of_project=True)] == ["[check]", "[[tool.percept.override]]"]
