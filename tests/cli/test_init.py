"""percept init: files that work at once, written all or not at all, and nothing of anybody's overwritten."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from percept_cli._project import DOCS
from percept_cli.cli.starter import WORKFLOWS
from percept_cli.recipes.settings import read_settings
from tests.conftest import Percept, Save, clean_environment
from tests.support.processes import drop_right_to_ignore_permissions

IGNORED = b"# Reports and heat maps of percept\n/percept-report.*\n/percept-heatmaps/\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of its own, which no settings above it reach."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name != ".git")


def contents(folder: Path) -> dict[str, bytes | None]:
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else None for name in names(folder)}


def check_table(folder: Path) -> dict[str, Any]:
    return dict(read_settings(folder / "percept.toml").tables["check"])


@pytest.mark.slow
def test_red_then_approved_then_green(percept: Percept, project: Path, save: Save) -> None:
    """With the commands that it prints, as they stand there."""
    done = percept("init", cwd=project, fresh=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert names(project) == [".gitignore", "baseline", "percept.toml"]
    check, approve = re.findall(r"percept ((?:check|approve) .+)$", done.stdout, re.MULTILINE)
    (project / "current").mkdir()
    save("project/baseline/a.png")
    save("project/current/a.png", seed=1)
    save("project/current/b.png", seed=2)

    assert percept(*shlex.split(check), cwd=project).returncode == 1
    reports = sorted(path.name for path in project.glob("percept-report.*"))
    assert reports == ["percept-report.html", "percept-report.json"]
    assert percept(*shlex.split(approve), cwd=project, env={"CI": ""}).returncode == 0
    green = percept(*shlex.split(check), cwd=project)
    assert green.returncode == 0
    assert green.stderr.startswith("PASS: 2 ")
    assert names(project / "baseline") == ["a.png", "b.png"]


def test_the_first_images_become_the_baseline(percept: Percept, project: Path, save: Save) -> None:
    done = percept("init", cwd=project)
    assert done.returncode == 0
    assert "The first check finds only new images and exits with 3;" in done.stdout
    (project / "current").mkdir()
    save("project/current/a.png")
    assert percept("check", "-o", "percept-report.json", cwd=project).returncode == 3  # nothing to compare it with
    assert percept("approve", "percept-report.json", cwd=project, env={"CI": ""}).returncode == 0
    assert percept("check", cwd=project).returncode == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_ignores_what_percept_makes(percept: Percept, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert percept("init", cwd=tmp_path).returncode == 0
    (tmp_path / "percept-heatmaps").mkdir()
    for name in ("percept-report.html", "percept-report.xml", "percept-heatmaps/a.png", "baseline/a.png"):
        (tmp_path / name).touch()
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["??", ".gitignore", "??", "baseline/a.png", "??", "percept.toml"]


@pytest.mark.parametrize("service", WORKFLOWS)
def test_a_workflow(percept: Percept, project: Path, service: str) -> None:
    done = percept("init", "project", "--ci", service)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Wrote project/{WORKFLOWS[service].as_posix()}\n" in done.stdout
    assert "  1. Run: cd project\n" in done.stdout
    assert f"In {WORKFLOWS[service].as_posix()}, put your own command for ./draw-images.sh\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert yaml.safe_load((project / WORKFLOWS[service]).read_bytes())


def test_folders_are_those_that_are_given(percept: Percept, project: Path) -> None:
    current = 'build/"images" \\ü'
    done = percept("init", "--baseline", "expected/", "--current", current, cwd=project)
    assert done.returncode == 0, done.stderr
    assert check_table(project) == {"baseline": "expected", "current": current}
    assert names(project) == [".gitignore", "expected", "percept.toml"]


def test_a_baseline_that_is_there_is_kept(percept: Percept, project: Path, save: Save) -> None:
    (project / "baseline").mkdir()
    save("project/baseline/a.png")
    before = contents(project)
    done = percept("init", cwd=project)
    assert done.returncode == 0
    assert "Created" not in done.stdout
    assert "new images" not in done.stdout
    assert contents(project).items() > before.items()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", IGNORED),
        (b"*.log\n", b"*.log\n\n" + IGNORED),
        (b"*.log", b"*.log\n\n" + IGNORED),
        (b"*.log\r\nout", b"*.log\r\nout\r\n\r\n" + IGNORED.replace(b"\n", b"\r\n")),
        (b"caf\xe9\n", b"caf\xe9\n\n" + IGNORED),  # Latin-1
        (b" /percept-report.* \n", b" /percept-report.* \n\n" + IGNORED.replace(b"/percept-report.*\n", b"")),
        (IGNORED, IGNORED),
        (IGNORED.replace(b"\n", b"\r\n"), IGNORED.replace(b"\n", b"\r\n")),
    ],
)
def test_gitignore_gets_its_lines_once(percept: Percept, project: Path, before: bytes, after: bytes) -> None:
    (project / ".gitignore").write_bytes(before)
    (project / ".gitignore").chmod(0o640)
    done = percept("init", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert (project / ".gitignore").read_bytes() == after
    assert (project / ".gitignore").stat().st_mode & 0o777 == 0o640
    assert (".gitignore" in done.stdout) == (before != after)


def existing(project: Path, name: str, content: bytes = b"mine\n") -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_bytes(content)


def linked(project: Path, name: str, to: str) -> None:
    (project / name).symlink_to(to)


@pytest.mark.parametrize(
    ("prepare", "arguments", "message"),
    [
        (lambda p: existing(p, "percept.toml"), [], "percept.toml: already exists\nHint: edit it"),
        (lambda p: linked(p, "percept.toml", "nowhere"), [], "percept.toml: already exists\n"),
        (
            lambda p: existing(p, "pyproject.toml", b"[tool.percept]\nthreshold = 1\n"),
            [],
            "pyproject.toml: already has settings, in [tool.percept]\nHint: edit it",
        ),
        (
            lambda p: existing(p, "pyproject.toml", b"[tool.percept]\n[broken"),
            [],
            "pyproject.toml: cannot be read as TOML: Expected ']'",
        ),
        (
            lambda p: existing(p, "percept.toml"),
            ["--ci", "gitlab"],
            f"all settings. To add the workflow alone, copy it from {DOCS}/guides/gitlab.html\n",
        ),
        (
            lambda p: existing(p, ".github/workflows/percept.yml"),
            ["--ci", "github"],
            ".github/workflows/percept.yml: already exists\nHint: run percept init without --ci",
        ),
        (lambda p: existing(p, ".gitlab-ci.yml"), ["--ci", "gitlab"], ".gitlab-ci.yml: already exists\n"),
        (lambda p: linked(p, ".gitlab-ci.yml", "nowhere"), ["--ci", "gitlab"], ".gitlab-ci.yml: already exists\n"),
        (lambda p: existing(p, ".github"), ["--ci", "github"], ".github is not a folder, so"),
        (lambda p: existing(p, "a"), ["--baseline", "a/b"], "Error: a is not a folder\n"),
        (lambda p: existing(p, "a"), ["--current", "a/b"], "Error: a is not a folder\n"),
        (
            lambda _: None,
            ["--baseline", "~/images"],
            "~/images: ~ is the home folder only where",
        ),
        (lambda _: None, ["--current", "~"], "for a folder called ~, write ./~\n"),
        (lambda _: None, ["--current", "x" * 300], "cannot be used: File name too long\n"),
        (lambda _: None, ["--baseline", "y/" * 3000], "cannot be used: File name too long\n"),
        (lambda _: None, ["x" * 300], "cannot be used: File name too long\n"),
        (lambda p: linked(p, "loop", "loop"), ["--current", "loop"], "loop: cannot be used: Too many levels"),
        (lambda p: existing(p, "baseline"), [], "baseline is not a folder\nHint: name another folder"),
        (lambda p: linked(p, "baseline", "nowhere"), [], "baseline is not a folder\n"),
        (lambda p: existing(p, "current"), [], "current is not a folder\n"),
        (
            lambda p: linked(p, ".gitignore", "percept.toml"),
            [],
            ".gitignore is a symbolic link, which git does not",
        ),
        (lambda p: (p / ".gitignore").mkdir(), [], ".gitignore is not a file\n"),
        (
            lambda p: existing(p, ".gitignore", "*.log\n".encode("utf-16")),
            [],
            ".gitignore: is UTF-16 or not text, which git cannot read\n",
        ),
        (
            lambda _: None,
            ["--baseline", "a", "--current", "./b/../a"],
            "a: is the folder of the baseline images and",
        ),
        (lambda p: linked(p, "same", "current"), ["--baseline", "same"], "same: is the folder of the baseline"),
        (lambda _: None, ["--current", " "], "the current folder has no name\n"),
        (lambda _: None, ["--baseline", os.fsdecode(b"caf\xe9")], "its name is not UTF-8\n"),
        (lambda _: None, ["nowhere"], "nowhere: no such folder\nHint: create it"),
        (lambda p: existing(p, "file"), ["file"], "file is not a folder\n"),
    ],
)
def test_nothing_is_overwritten_or_half_written(
    percept: Percept, project: Path, prepare: Any, arguments: list[str], message: str
) -> None:
    prepare(project)
    before = contents(project)
    done = percept("init", *arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert "\nHint: " in done.stderr
    assert contents(project) == before


def test_settings_above_are_told_of(percept: Percept, project: Path) -> None:
    existing(project, "percept.toml", b"threshold = 1\n")
    existing(project, "docs/index.md")
    done = percept("init", "docs", cwd=project)
    assert done.returncode == 0
    assert done.stderr == (
        f"Note: {project.resolve()}/percept.toml no longer applies in this folder; "
        "percept reads only the nearest settings\n"
    )
    existing(project, "percept.toml", b"broken")
    existing(project, "other/index.md")
    assert percept("init", "other", cwd=project).stderr == ""


def test_a_workflow_below_the_root_of_a_repository(percept: Percept, project: Path) -> None:
    (project / "web" / "tests").mkdir(parents=True)
    done = percept("init", "tests", "--ci", "github", cwd=project / "web")
    assert done.returncode == 0
    assert done.stderr == (
        "Note: GitHub reads workflows only in the root of the repository: move "
        "tests/.github/workflows/percept.yml to ../.github/workflows/percept.yml, and let it run percept in "
        "web/tests/\n"
    )
    done = percept("init", "--ci", "gitlab", cwd=project / "web")
    assert "move .gitlab-ci.yml to ../.gitlab-ci.yml, and let it run percept in web/\n" in done.stderr


def test_folders_that_a_clone_may_not_have(percept: Percept, project: Path) -> None:
    done = percept("init", "--baseline", f"{project.parent}/base", "--current", "a/../../now", cwd=project)
    assert done.returncode == 0
    assert done.stderr == (
        f"Note: baseline: {project.parent}/base is an absolute path, which other machines may not have\n"
        "Note: current: a/../../now is outside the folder of percept.toml; a clone may not have it\n"
    )


def test_a_current_folder_that_was_deleted(tmp_path: Path) -> None:
    command = f"mkdir gone && cd gone && rmdir ../gone && exec {shlex.quote(sys.executable)} -m percept_cli init"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-2:] == [
        "Error: the current folder no longer exists",
        "Hint: change to another folder.",
    ]


def test_a_pyproject_of_others_is_no_settings(percept: Percept, project: Path) -> None:
    existing(project, "pyproject.toml", b"[tool.ruff]\n")
    assert percept("init", cwd=project).returncode == 0


def test_a_folder_that_is_a_link(percept: Percept, project: Path) -> None:
    linked(project.parent, "link", "project")
    assert percept("init", "link").returncode == 0
    assert names(project) == [".gitignore", "baseline", "percept.toml"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a right that root can give up")
def test_a_read_only_folder(project: Path) -> None:
    project.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-m", "percept_cli", "init", "--ci", "github"],
        cwd=project,
        capture_output=True,
        text=True,
        preexec_fn=drop_right_to_ignore_permissions,
    )
    project.chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "Error: percept.toml: cannot be written: Permission denied\nHint: nothing was written"
    )
    assert names(project) == []


def test_what_was_written_goes_where_the_last_file_cannot_be(project: Path) -> None:
    """A file of that size is more than this process may write; all before it are smaller."""
    existing(project, ".gitignore", b"#" * 100_000)
    before = contents(project)
    command = f"ulimit -f 50; exec {shlex.quote(sys.executable)} -m percept_cli init --ci github"
    done = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: .gitignore: cannot be written: ")
    assert contents(project) == before


class Terminal:
    """percept init as a person at a terminal has it."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._leader, follower = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "percept_cli", "init", *arguments],
            cwd=folder,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=follower,
            env=clean_environment(**{"CI": ""} | environment),
            start_new_session=True,
        )
        os.close(follower)
        self.shown = ""

    def read(self, seconds: float) -> bool:
        """Take up what is shown within some seconds; whether there was anything."""
        if not select.select([self._leader], [], [], seconds)[0]:
            return False
        with suppress(OSError):  # the process has gone, and what it showed is read
            piece = os.read(self._leader, 4096)
            self.shown += piece.decode()
            return bool(piece)
        return False

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < until, self.shown
            self.read(0.1)

    def type(self, text: str) -> None:
        os.write(self._leader, text.encode())

    def interrupt(self) -> None:
        """As Ctrl-C does. A signal that comes just before Python waits for input is lost, so there is another."""
        until = time.monotonic() + 60
        while self._process.poll() is None:
            assert time.monotonic() < until, self.shown
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)

    def end(self) -> tuple[int, str]:
        """Its exit code and standard output."""
        try:
            out, _ = self._process.communicate(timeout=60)
        finally:
            self._process.kill()
        while self.read(0):
            pass
        os.close(self._leader)
        return self._process.returncode, out.decode()


def test_at_a_terminal_it_asks_for_the_two_folders(project: Path) -> None:
    terminal = Terminal(project)
    terminal.wait_for("Folder of the baseline images [baseline]: ")
    terminal.type("expected\n")
    terminal.wait_for("Folder of the images to check [current]: ")
    terminal.type("\n")
    code, out = terminal.end()
    assert code == 0
    assert out.startswith("Wrote percept.toml\n")
    assert check_table(project) == {"baseline": "expected", "current": "current"}


def test_an_answer_that_is_no_path(project: Path) -> None:
    terminal = Terminal(project, "--baseline", "expected")
    terminal.wait_for("Folder of the images to check [current]: ")
    terminal.type("a\x16\x00b\n")
    assert terminal.end() == (2, "")
    assert "a\\x00b: cannot be used: " in terminal.shown
    assert names(project) == []


def test_at_a_terminal_it_asks_only_for_what_is_not_given(project: Path) -> None:
    terminal = Terminal(project, "--baseline", "expected")
    terminal.wait_for("Folder of the images to check [current]: ")
    terminal.type("actual\n")
    assert terminal.end()[0] == 0
    assert "baseline" not in terminal.shown
    assert check_table(project) == {"baseline": "expected", "current": "actual"}
    (project / "percept.toml").unlink()
    terminal = Terminal(project, "--baseline", "expected", "--current", "actual")
    assert terminal.end()[0] == 0
    assert terminal.shown == ""


@pytest.mark.parametrize("how", ["interrupt", "end of input"])
def test_a_question_that_is_not_answered(project: Path, how: str) -> None:
    terminal = Terminal(project)
    terminal.wait_for("Folder of the baseline images [baseline]: ")
    if how == "interrupt":
        terminal.interrupt()
    else:
        terminal.type("\x04")
    assert terminal.end() == (130, "")
    assert "nothing was written." in terminal.shown
    assert names(project) == []


def test_a_pipeline_is_asked_nothing(project: Path) -> None:
    """Some pipelines have a terminal."""
    terminal = Terminal(project, CI="true")
    assert terminal.end()[0] == 0
    assert terminal.shown == ""
    assert check_table(project) == {"baseline": "baseline", "current": "current"}
