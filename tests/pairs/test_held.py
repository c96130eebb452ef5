"""A picture from standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Percept, drawing


@pytest.mark.slow
@pytest.mark.parametrize("side", [0, 1])
def test_a_picture_from_standard_input(percept: Percept, tmp_path: Path, side: int) -> None:
    drawing(40, 30).save(tmp_path / "a.png")
    drawing(40, 30, seed=1).save(tmp_path / "b.png")
    names = ["a.png", "b.png"]
    wanted = percept("compare", *names, "--format", "score").stdout.split()[0]
    with (tmp_path / names[side]).open("rb") as file:
        names[side] = "-"
        done = percept("compare", *names, "--format", "json", stdin=file)
    (row,) = json.loads(done.stdout)["results"]
    assert row["distance"] == float(wanted)
    assert row["name"] == ("b.png" if side == 0 else "standard input")
    assert row["files"]["reference" if side == 0 else "candidate"] is None


def test_standard_input_that_is_no_picture(percept: Percept, tmp_path: Path) -> None:
    drawing(40, 30).save(tmp_path / "a.png")
    for given, message in (("", "standard input: empty (0 bytes)"), ("text", "standard input: not an image")):
        done = percept("compare", "a.png", "-", input=given)
        assert done.returncode == 3
        assert done.stderr.startswith(f"Error: {message}")
    done = percept("compare", "-", "-", input="")
    assert done.returncode == 2
    assert "REFERENCE and CANDIDATE cannot both come from standard input" in done.stderr
