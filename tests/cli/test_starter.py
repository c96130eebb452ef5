"""The texts that percept init writes: valid as they stand and with every example in force, and of this version."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from percept_cli import __version__
from percept_cli._project import OWNER, REPOSITORY
from percept_cli.cli import starter
from percept_cli.errors import InvalidSetting
from percept_cli.judging.rulebook import make_book
from percept_cli.judging.schema import ADDRESS, FILE
from percept_cli.recipes.settings import read_settings
from percept_cli.reports import format_of_file
from tests.conftest import ROOT

TEXT = starter.settings_text("baseline", "build/current")
TEMPLATES = ROOT / "percept_cli" / "cli" / "templates"


def template(name: str) -> Any:
    return yaml.safe_load((TEMPLATES / f"{name}.yml").read_text(encoding="utf-8"))


def test_only_the_folders_are_in_force() -> None:
    assert tomllib.loads(TEXT) == {"check": {"baseline": "baseline", "current": "build/current"}}
    assert TEXT.startswith(f"#:schema {ADDRESS}\n")
    assert max(map(len, TEXT.splitlines())) <= 88
    assert "`" not in TEXT


def test_every_example_may_be_put_in_force(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=[\w\[])", "", TEXT, flags=re.MULTILINE)
    (tmp_path / "percept.toml").write_text(text, encoding="utf-8")
    make_book(read_settings(tmp_path / "percept.toml"))
    data = tomllib.loads(text)
    Draft7Validator(yaml.safe_load(FILE.read_text(encoding="utf-8"))).validate(data)
    assert set(data) == {"preset", "alpha", "check", "override"}
    assert len(data["check"]) == 11
    assert len(data["override"][0]) == 4


@pytest.mark.parametrize("text", ["a b", 'say "a"\\b', "tab\tline\nbell\x07del\x7f", "ümlaut 𝄞", "C:/images", "'"])
def test_a_string_comes_back_as_it_was(text: str) -> None:
    assert tomllib.loads(f"x = {starter.toml_string(text)}")["x"] == text


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="its name is not UTF-8"):
        starter.toml_string("caf\udce9")


def test_the_workflow_of_github_is_the_action_of_this_version() -> None:
    assert template("github") == yaml.safe_load(starter.workflow("github"))
    steps = template("github")["jobs"]["images"]["steps"]
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert steps[-1]["uses"] == f"{OWNER}/percept@v{__version__}"
    assert set(steps[-1].get("with", ())) <= set(action["inputs"])
    assert not any(entry.get("required") for entry in action["inputs"].values())


def test_the_workflow_of_gitlab_shows_its_reports() -> None:
    job = template("gitlab")["images"]
    assert f"pip install percept-cli=={__version__}" in job["script"]
    (command,) = (line for line in job["script"] if line.startswith("percept "))
    words = shlex.split(command)
    assert words[:2] == ["percept", "check"]
    written = {name: format_of_file(name) for name in words[3::2]}
    assert words[2::2] == ["-o"] * len(written)
    reports = job["artifacts"]["reports"]
    assert {written[reports["junit"]], written[reports["codequality"]]} == {"junit", "gitlab"}
    assert {written[name] for name in job["artifacts"]["paths"]} == {"html", "json"}
    assert all(name.startswith(f"{starter.REPORT}.") for name in {*written} - {reports["codequality"]})


def test_the_configuration_of_pre_commit_names_a_hook_of_this_version() -> None:
    (repository,) = template("pre-commit")["repos"]
    assert (repository["repo"], repository["rev"]) == (REPOSITORY, f"v{__version__}")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in repository["hooks"]} < {hook["id"] for hook in hooks}


def test_patterns_that_are_there_are_not_added() -> None:
    first, second = starter.IGNORED
    assert starter.missing_patterns(b"") == [first, second]
    assert starter.missing_patterns(f"a\r\n {second}\r\n".encode()) == [first]
    assert starter.missing_patterns(f"#{first}\n!{second}\n".encode()) == [first, second]


def test_pages_name_this_version() -> None:
    """Where they show more than the templates, which they include."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = re.compile(rf"{OWNER}/percept@v([\w.]+)|{OWNER}/percept\n\s+rev: v([\w.]+)|percept-cli==([\w.]+)")
    found = [match for page in pages for match in named.findall(page.read_text(encoding="utf-8"))]
    assert {"".join(versions) for versions in found} <= {__version__}
