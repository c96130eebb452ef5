"""README cannot drift: its commands are CI's, its outputs are real, its exit codes are the code's.

`python -m tests.test_readme` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from percept_cli import compare
from percept_cli.distances import DISTANCES
from percept_cli.errors import ExitCode
from tests.conftest import ROOT, Percept, run_percept

README = ROOT / "README.md"
OUTPUT = re.compile(r"(<!-- output: (?P<command>.+?) -->\n```text\n)(?P<text>.*?)(```\n)", re.DOTALL)


def text() -> str:
    return README.read_text(encoding="utf-8")


def output(command: str, percept: Percept = run_percept) -> str:
    done = percept(*shlex.split(command), cwd=ROOT)
    assert done.returncode in (ExitCode.WITHIN, ExitCode.ABOVE), done.stderr
    return done.stdout


def test_the_first_two_commands_are_the_ones_ci_runs() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", text(), re.DOTALL)[:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in commands:
        assert "\n" not in command
        assert command in script
    assert "percept compare sample_images/" in commands[0]
    assert commands[1].endswith("-m pytest -n auto --dist worksteal")


@pytest.mark.slow
def test_outputs_are_what_the_commands_print(percept: Percept) -> None:
    shown = {match["command"]: match["text"] for match in OUTPUT.finditer(text())}
    assert len(shown) == 9
    for command, expected in shown.items():
        # The last digits of a float32 network are the machine's own.
        assert rounded(output(command, percept)) == rounded(expected), command


def test_the_plan_is_what_verbose_says(percept: Percept) -> None:
    ((command, plan),) = re.findall(r"\$ percept (compare .+ -v)\n(plan: .+)\n", text())
    done = percept(*shlex.split(command), cwd=ROOT)
    assert plan in done.stderr.splitlines()


@pytest.mark.slow
def test_the_streaming_example_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """The five lines, as they stand there, with the command that is installed beside this Python."""
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", text(), re.DOTALL) if "--pairs -" in block)
    assert len(example.splitlines()) == 5
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(ROOT / "sample_images")
    names: dict[str, Any] = {}
    exec(example, names)
    with names["percept"]:
        pair = "reference/photo-blur.png", "candidate/photo-blur.png"
        assert names["distance"](*pair) == pytest.approx(compare(*pair).distance, rel=1e-6)
        assert names["distance"](pair[0], pair[0]) == 0
        assert names["distance"](pair[0], "nowhere.png") is None
        names["percept"].stdin.close()
    assert names["percept"].returncode == ExitCode.INPUT


def rounded(report: str) -> str:
    return re.sub(r"\d+\.\d{5,}", lambda number: f"{float(number[0]):.4f}", report)


def test_every_exit_code_is_explained() -> None:
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text(), re.MULTILINE)} == set(ExitCode)


def test_every_distance_is_explained() -> None:
    for name in DISTANCES:
        assert f"`{name}`" in text()


def test_links_within_the_repository_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text())
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link


if __name__ == "__main__":
    renewed = OUTPUT.sub(lambda match: match[1] + output(match["command"]) + match[4], text())
    README.write_text(renewed, encoding="utf-8")
