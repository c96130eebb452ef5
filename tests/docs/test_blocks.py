"""Blocks of code: commands can be typed, Python runs, settings are read, pipelines are YAML."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from percept_cli import compare
from percept_cli.distances import DISTANCES
from percept_cli.errors import ExitCode
from percept_cli.judging.rulebook import read_tables
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.settings import read_settings
from tests.conftest import ROOT, Percept
from tests.support.pages import DOCS, RUN, Block, Page, pages
from tests.support.typed import check_typed, commands_in

SHELLS = ("sh", "bash", "console", "shell", "zsh")
SAMPLES = ROOT / "sample_images"


def blocks(*languages: str) -> list[Block]:
    return [block for page in pages() for block in page.blocks(*languages)]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Where each call of percept is shown, and its arguments."""
    for block in blocks(*SHELLS):
        yield from ((str(block), arguments) for arguments in commands_in(block.text))
    for block in blocks("yaml"):
        for text in strings_of(yaml.safe_load(block.text)):
            if "percept " in text:
                yield from ((str(block), arguments) for arguments in commands_in(text))
    for page in pages():
        for match in page.outputs:
            yield from ((str(page), arguments) for arguments in commands_in(f"percept {match['command']}"))


def strings_of(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, dict)):
        for entry in data.values() if isinstance(data, dict) else data:
            yield from strings_of(entry)


def test_commands_can_be_typed() -> None:
    wrong = []
    for place, arguments in commands():
        try:
            check_typed(arguments)
        except click.ClickException as error:
            wrong.append(f"{place}: percept {' '.join(arguments)}: {error.format_message()}")
    assert wrong == []
    assert len(list(commands())) > 15


@pytest.mark.parametrize(
    "line",
    [
        "percept chek a b",
        "percept check a b --nois auto",
        "percept check a b --noise loud",
        "percept compare a.png",
        "percept compare a.png b.png c.png",
        "A=1 .venv/bin/percept weights instal x && echo done",
        "percept heatmap a.png b.png > heat.png --stile alone",
    ],
)
def test_what_cannot_be_typed_is_found(line: str) -> None:
    (arguments,) = commands_in(line)
    with pytest.raises(click.UsageError):
        check_typed(arguments)


def test_lines_of_a_shell_are_understood() -> None:
    lines = "$ percept check a b -q && percept compare 'c d' e # percept f\n"
    lines += "A=1 b/percept info | percept batch \\\n --pairs -"
    found = [["check", "a", "b", "-q"], ["compare", "c d", "e"], ["info"], ["batch", "--pairs", "-"]]
    assert list(commands_in(lines)) == found
    assert list(commands_in("percept compare <(a | b) - 2>&1 >x.txt; pip install percept")) == [
        ["compare", "SUBSTITUTED", "-", "2"]
    ]


def test_python_is_python() -> None:
    found = blocks("python", "py")
    for block in found:
        compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")
    assert len(found) > 3


@pytest.mark.slow
@pytest.mark.parametrize("block", [b for b in blocks("python") if b.before == RUN], ids=str)
def test_python_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the images that examples name."""
    for name in ("expected", "baseline", "a"):
        shutil.copy(SAMPLES / "reference" / "ui-changed-digit.png", tmp_path / f"{name}.png")
    for name in ("actual", "current", "b"):
        shutil.copy(SAMPLES / "candidate" / "ui-changed-digit.png", tmp_path / f"{name}.png")
    shutil.copy(SAMPLES / "reference" / "ui-recoloured-button.png", tmp_path / "c.png")
    for old, new in (("reference", "expected"), ("candidate", "actual")):
        (tmp_path / new).mkdir()
        shutil.copy(SAMPLES / old / "ui-changed-digit.png", tmp_path / new)
    monkeypatch.chdir(tmp_path)
    exec(compile("\n" * (block.line - 1) + block.text, str(block.page), "exec"), {"__name__": "example"})


def test_settings_are_read(tmp_path: Path) -> None:
    found = blocks("toml")
    for number, block in enumerate(found):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = folder / ("pyproject.toml" if "[tool.percept" in block.text else "percept.toml")
        file.write_text(block.text, encoding="utf-8")
        if block.text.startswith("description"):
            load_preset(str(file))
        else:
            assert read_settings(file).path == file, block
            read_tables(read_settings(file))
    assert found


def test_pipelines_are_yaml() -> None:
    for block in blocks("yaml", "yml"):
        assert isinstance(yaml.safe_load(block.text), (dict, list)), block


def test_workflows_use_what_the_action_takes() -> None:
    inputs = set(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"])
    steps = [
        step
        for block in blocks("yaml")
        if "jobs" in (workflow := yaml.safe_load(block.text))
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "/percept@" in step.get("uses", "")
    ]
    assert steps
    for step in steps:
        assert set(step.get("with", ())) <= inputs


def test_the_plan_is_what_verbose_says(percept: Percept) -> None:
    text = (DOCS / "concepts" / "only-what-changed.md").read_text(encoding="utf-8")
    (block,) = (b for b in Page(DOCS / "concepts" / "only-what-changed.md").blocks() if "plan: " in b.text)
    (arguments,) = commands_in(block.text.splitlines()[0])
    done = percept(*arguments, cwd=ROOT)
    (plan,) = (line for line in text.splitlines() if line.startswith("plan: "))
    assert plan in done.stderr.splitlines()


@pytest.mark.slow
def test_the_streaming_example_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands on its page, with the command that is installed beside this Python."""
    (example,) = (block.text for block in blocks("python") if "--pairs -" in block.text)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(SAMPLES)
    names: dict[str, Any] = {}
    exec(example, names)
    with names["percept"]:
        pair = "reference/photo-blur.png", "candidate/photo-blur.png"
        assert names["distance"](*pair) == pytest.approx(compare(*pair).distance, rel=1e-6)
        assert names["distance"](pair[0], pair[0]) == 0
        assert names["distance"](pair[0], "nowhere.png") is None
        names["percept"].stdin.close()
    assert names["percept"].returncode == ExitCode.INPUT


def test_every_distance_is_explained() -> None:
    text = (DOCS / "concepts" / "distances.md").read_text(encoding="utf-8")
    assert [name for name in DISTANCES if f"`{name}`" not in text] == []
