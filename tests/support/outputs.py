"""What a command prints, as pages show it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from percept_cli.errors import ExitCode
from tests.conftest import ROOT, Percept, run_percept

_SHOWN = ("sample_images", "configs", "tests", "docs")
"""Folders of the repository that a page's commands name."""


def output_of(command: str, folder: Path, percept: Percept = run_percept) -> str:
    """Standard output, or where nothing is written there what is said on standard error.

    Args:
        command: what stands behind ``percept``.
        folder: an empty one, in which the command runs as it would in a clone; what it writes stays there.
        percept: how it is run.
    """
    for name in _SHOWN:
        (folder / name).symlink_to(ROOT / name)
    done = percept(*shlex.split(command), cwd=folder)
    assert done.returncode in (ExitCode.WITHIN, ExitCode.ABOVE), done.stderr
    return done.stdout or done.stderr


def rounded(report: str) -> str:
    """A report without the digits that are a machine's own."""
    return re.sub(r"\d+\.\d{5,}", lambda number: f"{float(number[0]):.4f}", report)
