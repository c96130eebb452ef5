"""scripts/set_owner.py: one setting, and every file that holds an address is one that the script changes."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from percept_cli._project import OWNER
from scripts.set_owner import SETTING, files_of, owner_of, replaced, set_owner
from tests.conftest import ROOT

NEW = "Some-Body"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text files of the repository, as another repository."""
    folder = tmp_path_factory.mktemp("copy")
    for path in files_of(ROOT):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def holders(root: Path, owner: str) -> set[str]:
    """Files that hold an owner's name in an address, or on its own where it is a placeholder in capitals."""
    lower, before, after = re.escape(owner.lower()), r"(?<![\w-])", r"(?![\w-])"
    addresses = rf"{before}{re.escape(owner)}(?=/percept{after})|{before}{lower}(?=\.github\.io|/percept@)"
    alone = rf"|{before}{re.escape(owner)}{after}" if owner.isupper() else ""
    quoted = rf"|[\"']{re.escape(owner)}[\"']"
    in_text, in_code = re.compile(addresses + alone), re.compile(addresses + quoted)
    return {
        path.relative_to(root).as_posix()
        for path in files_of(root)
        if (in_code if path.suffix == ".py" else in_text).search(
            path.read_text(encoding="utf-8", errors="replace")
        )
    }


def test_nothing_is_left_of_the_owner_before(copy: Path) -> None:
    held = holders(copy, OWNER)
    assert held >= {
        SETTING.as_posix(),
        "CITATION.cff",
        "SECURITY.md",
        "pyproject.toml",
        "percept_cli/cli/templates/github.yml",
        "percept_cli/cli/templates/pre-commit.yml",
        "percept_cli/judging/percept.schema.json",
    }
    changed = {path.relative_to(copy).as_posix() for path in set_owner(copy, NEW)}
    assert holders(copy, OWNER) == set(), "scripts/set_owner.py does not know the form in which these hold it"
    assert changed == held

    project = runpy.run_path(str(copy / SETTING))
    assert owner_of(copy) == NEW
    assert project["REPOSITORY"].endswith(f"/{owner_of(copy)}/percept")
    assert f"uses: {NEW}/percept@v" in (copy / "percept_cli/cli/templates/github.yml").read_text()
    assert f"https://{NEW.lower()}.github.io/percept" in (copy / "CITATION.cff").read_text()
    # Once more, from a name that is no placeholder, and back.
    assert {path.relative_to(copy).as_posix() for path in set_owner(copy, OWNER)} == changed
    for name in changed:
        assert (copy / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_only_addresses_are_replaced() -> None:
    text = "ann/percept-tools, joann/percept, ann-b/percept, ann.github.io, joann.github.io, ann"
    assert replaced(text, "ann", "Ben") == text.replace(", ann.github.io", ", ben.github.io")
    assert replaced("https://github.com/ann/percept.git", "ann", "Ben") == "https://github.com/Ben/percept.git"


@pytest.mark.parametrize("name", ["", "a b", "-a", "a--b", "a/b", "a" * 40, 'x"\nimport os'])
def test_a_name_that_cannot_be_one_changes_nothing(copy: Path, name: str) -> None:
    before = owner_of(copy)
    with pytest.raises(SystemExit, match="cannot be a name on GitHub"):
        set_owner(copy, name)
    assert owner_of(copy) == before


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    """As in what a release's archive unpacks to."""
    with pytest.raises(SystemExit, match="is not a git checkout of percept: it has no"):
        set_owner(tmp_path, NEW)
    (tmp_path / SETTING).parent.mkdir(parents=True)
    (tmp_path / SETTING).write_text('OWNER = "old"\n')
    with pytest.raises(SystemExit, match="is not a git checkout of percept, which"):
        set_owner(tmp_path, NEW)
    assert (tmp_path / SETTING).read_text() == 'OWNER = "old"\n'
