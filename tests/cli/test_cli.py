"""The command as a whole: its help costs nothing, and it says its version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from percept_cli import __version__
from tests.conftest import Percept
from tests.support.torch_loaded import with_torch_report


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["compare", "--help"],
        ["batch", "--help"],
        ["check", "--help"],
        ["approve", "--help"],
        ["report", "--help"],
        ["merge", "--help"],
        ["heatmap", "--help"],
        ["presets", "--help"],
        ["weights", "--help"],
        ["baseline", "lock", "--help"],
        ["info", "--help"],
        ["init", "--help"],
        ["init"],
        ["info"],
        ["info", "--format", "json"],
        ["--version"],
    ],
)
def test_help_costs_no_torch(tmp_path: Path, arguments: list[str]) -> None:
    done = with_torch_report(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert done.stdout


def test_every_command_is_in_the_help_test() -> None:
    from percept_cli.cli import cli

    assert set(cli.commands) == {
        *("compare", "batch", "check", "learn", "approve", "report", "merge"),
        *("heatmap", "presets", "weights", "info", "init", "baseline"),
    }


def test_importing_the_library_costs_no_torch() -> None:
    code = "import sys, percept_cli; percept_cli.DistanceSpec, percept_cli.compare; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_version_and_module() -> None:
    assert subprocess.check_output([sys.executable, "-m", "percept_cli", "--version"], text=True) == (
        f"percept, version {__version__}\n"
    )


def test_version(percept: Percept) -> None:
    assert percept("-V").stdout == percept("--version").stdout
    assert percept("-V").stdout.startswith("percept, version ")
