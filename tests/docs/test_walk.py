"""A newcomer's walk, as docs/first-five-minutes.md has it: each command as it stands there, in a new folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.outputs import rounded
from tests.support.pages import DOCS, Page

CODES = {"percept check": (0, 1, 0), "percept check -o percept-report.html -o percept-report.json": (1,)}
"""What each check ends with, first green, then red, then green; everything else ends with 0."""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the page's commands are those of a Unix shell")
def test_the_walk_goes_from_nothing_to_red_and_green(tmp_path: Path) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "COLUMNS": "80", "CI": ""}
    codes = {line: list(expected) for line, expected in CODES.items()}
    printed, outputs = "", 0

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        expected = codes[line].pop(0) if line in codes else 0
        assert done.returncode == expected, f"{line}: {done.stderr}"
        return done.stdout

    for block in Page(DOCS / "first-five-minutes.md").blocks():
        if block.language == "python":
            (tmp_path / "draw.py").write_text(block.text, encoding="utf-8")
        elif block.language == "sh" and "pip install" not in block.text:  # installed it is
            printed = "".join(run(line) for line in block.text.splitlines())
        elif block.language == "text":
            assert rounded(printed) == rounded(block.text), block
            outputs += 1
    assert outputs == 3
    run("percept check")  # as the page says at its end
    assert not any(codes.values())
    assert {"percept-report.html", ".gitignore", "percept.toml"} <= set(os.listdir(tmp_path))
