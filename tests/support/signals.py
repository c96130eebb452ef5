"""A command that is held at a place, to be sent signals there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

ENDS = 60  # seconds: far more than any of these processes needs to end on a busy machine

HELD = (
    "import os, sys, time\n"
    "def hold(_):\n"
    "    os.write(2, b'holding\\n')\n"
    "    time.sleep(300)\n"
    "os.fsync = hold\n"
    "from percept_cli.__main__ import main\n"
    "sys.argv = ['percept', *sys.argv[1:]]\n"
    "main()"
)
"""The command, which stops before the first file that it has written is moved into place."""


def held(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command that is in the middle of writing a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HELD, *arguments],
        cwd=folder,
        env=clean_environment(CI=""),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while line := process.stderr.readline():
        if line == "holding\n":
            break
    else:
        pytest.fail(f"{arguments} ended with {process.wait(ENDS)}")
    return process
