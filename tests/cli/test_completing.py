"""Shell completion by its real protocol."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import preset_names
from tests.conftest import Percept, clean_environment


@pytest.fixture
def complete(percept: Percept, tmp_path: Path) -> Callable[..., list[str]]:
    """Ask as bash does."""
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")

    def ask(line: str, *, without_torch: bool = False) -> list[str]:
        words = line.split(" ")
        asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_PERCEPT_COMPLETE": "bash_complete"}
        done = percept(env=asked | ({"PYTHONPATH": str(tmp_path)} if without_torch else {}))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return ask


def test_what_bash_is_told(complete: Callable[..., list[str]]) -> None:
    assert complete("percept com") == ["plain,compare"]
    assert complete("percept compare a.png b.png --preset ") == [f"plain,{name}" for name in preset_names()]
    assert complete("percept check --preset five") == ["plain,five-taps"]
    assert complete("percept check --preset ./mine") == ["file,./mine"]
    assert complete("percept batch --backbone vgg19") == ["plain,vgg19-imagenet1k-v1"]
    assert complete("percept weights install ") == [f"plain,{name}" for name in WEIGHTS]
    assert complete("percept weights verify vgg16-st") == ["plain,vgg16-st-lpips"]
    assert complete("percept presets show johnson-s") == ["plain,johnson-style"]
    assert complete("percept compare --distance gram-") == ["plain,gram-none", "plain,gram-hw", "plain,gram-chw"]
    assert complete("percept compare --layers relu1_2,relu5_") == [
        f"plain,relu1_2,relu5_{index}" for index in (1, 2, 3, 4)
    ]
    assert "plain,junit" in complete("percept check a b --format j")
    assert complete("percept compare --precision f") == ["plain,fp32", "plain,fp16"]
    assert complete("percept compare a") == ["file,a"]
    for command in ("init", "init --baseline", "init --current", "approve r.json --current", "check --heatmaps"):
        assert complete(f"percept {command} im") == ["dir,im"]


@pytest.mark.parametrize(
    "line", ["percept compare --preset ", "percept weights where vgg16-o", "percept compare --distance u"]
)
def test_no_answer_imports_torch(complete: Callable[..., list[str]], line: str) -> None:
    """In the place of torch is a module that ends the process."""
    assert complete(line, without_torch=True)


@pytest.mark.parametrize(
    ("shell", "asked", "answer"),
    [
        ("zsh", {"COMP_WORDS": "percept check --preset five", "COMP_CWORD": "3"}, "plain\nfive-taps\n_\n"),
        ("fish", {"COMP_WORDS": "percept check --preset five", "COMP_CWORD": "five"}, "plain,five-taps\n"),
    ],
)
def test_what_other_shells_are_told(percept: Percept, shell: str, asked: dict[str, str], answer: str) -> None:
    done = percept(env=asked | {"_PERCEPT_COMPLETE": f"{shell}_complete"})
    assert done.returncode == 0
    assert done.stdout.replace(" ", "") == answer
    source = percept(env={"_PERCEPT_COMPLETE": f"{shell}_source"})
    assert source.returncode == 0
    assert "_PERCEPT_COMPLETE" in source.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.skipif(not Path(sys.executable).with_name("percept").exists(), reason="needs the installed command")
def test_bash_itself(tmp_path: Path) -> None:
    """As README says it, in a real shell."""
    script = """
        eval "$(_PERCEPT_COMPLETE=bash_source percept)"
        COMP_WORDS=(percept check --preset five) COMP_CWORD=3
        $(complete -p percept | sed 's/.*-F \\([^ ]*\\).*/\\1/') percept
        echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}:{clean_environment()['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tmp_path,
        env=clean_environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "five-taps\n", done.stderr
