"""What is imported to print help: a command's options and words, and nothing that it runs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from percept_cli.cli import cli, commands
from tests.conftest import Percept, Save

PRINTED = """
import sys
from percept_cli.cli import run
assert run() == 0
print(*sorted(sys.modules), file=sys.stderr)
"""
EVERYWHERE = {"percept_cli", *(f"percept_cli.{name}" for name in ("_project", "_version", "errors", "cli"))}
REPORTED = {"percept_cli.recipes", "percept_cli.reports"}
"""Names of the two presets that are defaults, and of the formats."""
WORDS = {
    "approve": REPORTED,
    "baseline": REPORTED,
    "batch": REPORTED,
    "check": REPORTED
    | {
        f"percept_cli.{name}"
        for name in ("geometry", "judging", "judging.rules", "results", "results.found", "results.fit")
    },
    "compare": REPORTED,
    "heatmap": REPORTED | {"percept_cli.drawing"},
    "info": set(),
    "init": set(),
    "learn": REPORTED,
    "merge": REPORTED,
    "presets": set(),
    "report": REPORTED,
    "weights": REPORTED,
}
"""Beyond what the command line itself needs, by the command."""


def loaded(folder: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PRINTED, *arguments, "--help"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Usage: ")
    return set(done.stderr.split())


def of_percept(modules: set[str]) -> set[str]:
    """Outside the room of commands and the ground floor."""
    named = {name for name in modules if name.partition(".")[0] == "percept_cli"}
    return {name for name in named if not name.startswith(("percept_cli.cli.", "percept_cli.system"))}


def test_help_of_percept_loads_no_command(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert of_percept(found) == EVERYWHERE
    assert {name for name in found if name.startswith("percept_cli.cli.")} == {
        f"percept_cli.cli.{name}" for name in ("commands", "console", "layout")
    }


@pytest.mark.parametrize("command", sorted(WORDS))
def test_help_of_a_command_loads_its_options(tmp_path: Path, command: str) -> None:
    found = loaded(tmp_path, command)
    assert of_percept(found) == EVERYWHERE | WORDS[command]
    assert {name for name in found if name.startswith("percept_cli.cli.commands.")} == {
        f"percept_cli.cli.commands.{command}"
    }
    assert f"percept_cli.cli.{command}" not in found
    assert not found & {"numpy", "PIL", "pathspec", "rich", "tomllib", "importlib.metadata", "filelock", "psutil"}


def test_every_command_is_one_that_the_list_tells_of() -> None:
    assert set(cli.commands) == set(WORDS)
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
    assert files - {"__init__"} == set(WORDS)
    with click.Context(cli) as context:
        for name, listed in cli.commands.items():
            _, command, _ = cli.resolve_command(context, [name])
            assert command is getattr(import_module(f"percept_cli.cli.commands.{name}"), name)
            assert command.name == listed.name
            assert listed.short_help


def test_an_unknown_command_is_named_with_the_nearest(percept: Percept) -> None:
    done = percept("compre", "a", "b")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'compre'; did you mean compare?" in done.stderr
    assert "did you mean show?" in percept("presets", "shwo").stderr
    assert "\x1b" not in percept("compare", "a", "b", "\x1b[31mc").stderr


@pytest.mark.parametrize("arguments", [[], ["weights"]])
def test_without_a_command_the_help_is_shown(percept: Percept, arguments: list[str]) -> None:
    done = percept(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: percept")
    assert "Error" not in done.stderr


def test_files_that_are_given_to_no_command(percept: Percept, save: Save, tmp_path: Path) -> None:
    for folder in ("old", "new folder"):
        (tmp_path / folder).mkdir()
    save("a.png")
    save("b.png").rename(tmp_path / "b")
    for words, meant in (
        (("a.png", "b.png"), "No such command 'a.png'. To compare two images, run: percept compare a.png b.png"),
        (("b", "a.png", "-q"), "No such command 'b'. To compare two images, run: percept compare b a.png -q"),
        (
            ("gone/x", "y.jpg"),
            "No such command 'gone/x'. To compare two images, run: percept compare gone/x y.jpg",
        ),
        (("--threshold", "1", "a.png", "b.png"), "run: percept compare --threshold 1 a.png b.png"),
        (("a.png",), "To compare it with another image, run: percept compare a.png OTHER"),
        (("a.png", "old"), "To compare an image with a folder, run: percept batch a.png old"),
        (
            ("old", "new folder"),
            "run: percept check old 'new folder' (for a verdict), or percept batch old 'new folder'",
        ),
        (("results.json",), "To convert a report, run: percept report results.json"),
        (("a.json", "b.json", "-q"), "To merge reports, run: percept merge a.json b.json -q"),
        (("comprae", "x.png"), "No such command 'comprae'; did you mean compare?"),
        (("weights", "a.png"), "No such command 'a.png'; choose from "),
    ):
        done = percept(*words)
        assert done.returncode == 2
        assert meant in done.stderr
    assert "No such option '--nothing'" in percept("--nothing").stderr
