""".pre-commit-hooks.yaml, by pre-commit itself on a repository of git."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, Percept, Save

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
MODULE = importlib.util.find_spec("pre_commit")
# The hook's own environment gets this checkout, built, and the libraries of the tests, since no test needs a
# download. pip reads 0 as "no isolation", whatever the name says.
OFFLINE = {
    "PYTHONPATH": os.pathsep.join(place for place in sys.path if place.endswith("site-packages")),
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_NO_DEPS": "1",
    "PIP_NO_INDEX": "1",
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_hooks_run_a_command_that_is_there_on_folders_that_settings_name() -> None:
    assert [hook["id"] for hook in HOOKS] == ["percept-check", "percept-check-installed"]
    for hook in HOOKS:
        assert hook["entry"] == "percept check"
        assert (hook["pass_filenames"], hook["always_run"]) == (False, True)
    assert [hook["language"] for hook in HOOKS] == ["python", "system"]


@pytest.mark.slow
@pytest.mark.skipif(MODULE is None or not shutil.which("git"), reason="needs pre-commit and git")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a repository of git to take the hook from")
@pytest.mark.parametrize("hook", [hook["id"] for hook in HOOKS])
def test_a_commit_that_changes_an_image_is_stopped(
    percept: Percept, save: Save, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, hook: str
) -> None:
    git(tmp_path, "init", "-q")
    assert percept("init").returncode == 0
    (tmp_path / "current").mkdir()
    save("baseline/a.png")
    save("current/a.png", seed=1)

    def commit() -> subprocess.CompletedProcess[str]:
        git(tmp_path, "add", ".")
        home = tmp_path_factory.mktemp("pre-commit")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook],
            cwd=tmp_path,
            env=os.environ | OFFLINE | {"PRE_COMMIT_HOME": str(home)},
            capture_output=True,
            text=True,
        )

    red = commit()
    assert red.returncode == 1, red.stdout + red.stderr
    assert "exit code: 1" in red.stdout
    assert "FAIL  a.png" in red.stdout
    save("current/a.png")
    green = commit()
    assert green.returncode == 0, green.stdout + green.stderr
    assert "percept check" in green.stdout and "Passed" in green.stdout
