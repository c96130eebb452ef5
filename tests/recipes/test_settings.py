"""Settings files: found from the nearest folder, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.recipes.settings import find_settings, read_settings


def test_settings_of_the_nearest_folder_hold(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_settings(deep).values == {}
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n")
    assert find_settings(deep).values == {"threshold": 1}
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_settings(deep).values == {"threshold": 1}
    (tmp_path / "a" / "percept.toml").write_text("threshold = 2\n")
    assert find_settings(deep).values == {"threshold": 2}
    (deep / ".git").mkdir()
    assert find_settings(deep).values == {}


def test_a_preset_file_is_found_beside_the_settings_that_name_it(tmp_path: Path) -> None:
    path = tmp_path / "percept.toml"
    path.write_text('preset = "mine.toml"\n')
    assert read_settings(path).values == {"preset": (tmp_path / "mine.toml").as_posix()}


def test_a_broken_pyproject_is_none_of_percepts_business(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for text in ("= broken", "tool = 3", "[tool]\n", "tool = 5"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert find_settings(tmp_path).values == {}


def test_a_broken_pyproject_that_may_hold_settings_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n[broken")
    with pytest.raises(InvalidSetting, match="cannot be read as TOML"):
        find_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n", encoding="utf-8-sig")
    assert find_settings(tmp_path).values == {"threshold": 1}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("treshold = 1", "unknown key 'treshold'", "did you mean threshold?"),
        ("threshold = '1'", "threshold must be a number, not '1'", ""),
        ("threshold = true", "threshold must be a number, not True", ""),
        ("wide = 1", "wide must be true or false, not 1", ""),
        ("preset = 1", "preset must be a string, not 1", ""),
        ("[compare]\nthreshold = 1", "unknown key 'compare'", ""),
    ],
)
def test_settings_that_are_refused_name_the_file(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "percept.toml"
    path.write_text(text)
    with pytest.raises(InvalidSetting) as error:
        read_settings(path)
    assert str(error.value) == f"{path.as_posix()}: {message}"
    assert hint in error.value.hint
