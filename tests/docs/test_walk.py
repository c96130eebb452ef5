"""A newcomer's walk: what docs/first-five-minutes.md says is typed, line by line, in a new folder, and answers so.

Only its first step, which installs percept, is left out: the package under test is installed already.
`PERCEPT_UPDATE_GOLDEN=1 pytest -m slow tests/docs/test_walk.py` writes the page's outputs anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import DOCS, Block, Page

PAGE = DOCS / "first-five-minutes.md"


def steps() -> list[Block]:
    """Its blocks, but those of the step that installs percept."""
    install = next(block for block in Page(PAGE).blocks("sh") if "pip install" in block.text)
    return [block for block in Page(PAGE).blocks("sh", "python", "text") if block.line > install.line]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the page's lines are those of a Unix shell")
def test_the_first_five_minutes_end_as_they_say(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "CI"},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
    }
    codes, said, shown = [], "", 0
    for block in steps():
        if block.language == "python":
            (tmp_path / "draw.py").write_text(block.text, encoding="utf-8")
        elif block.language == "text":
            hold(block, said)
            shown += 1
        else:
            done = typed(["sh", "-ec", block.text], tmp_path, environment)
            said = done.stdout + done.stderr
            assert done.returncode in (0, 1), f"{block}: {said}"
            codes.append(done.returncode)
    assert shown == 3
    # Started, drawn, green; red, and red again with reports; accepted.
    assert codes == [0, 0, 0, 1, 1, 0]
    assert (tmp_path / "percept-report.html").stat().st_size > 10_000
    again = typed(["percept", "check"], tmp_path, environment)
    assert again.returncode == 0, again.stdout + again.stderr


def typed(words: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def hold(block: Block, said: str) -> None:
    """Hold what the page shows to what was printed, but for the progress that a slow machine tells."""
    said = "".join(line for line in said.splitlines(keepends=True) if " pairs, " not in line)
    if os.environ.get("PERCEPT_UPDATE_GOLDEN"):
        page = PAGE.read_text(encoding="utf-8")
        assert page.count(block.text) == 1
        PAGE.write_text(page.replace(block.text, said), encoding="utf-8")
    else:
        assert words(said) == words(block.text), block


def words(report: str) -> list[str]:
    """A report without its numbers, and without what they are like: text is drawn a little differently by each
    version of Pillow."""
    lines = [line for line in re.sub(r"\d[\d.,]*", "#", report).splitlines() if not line.startswith("  like")]
    return [" ".join(line.split()) for line in lines]
