"""Many pairs for the command, and what it says of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Save
from tests.support.reported import SCHEMA

CHEAP = ("--layers", "relu1_2", "--device", "cpu")
COMMAND = (sys.executable, "-m", "percept_cli", "batch")
LINE_SCHEMA = {"$ref": "#/$defs/result", "$defs": SCHEMA["$defs"]}


@pytest.fixture
def folders(tmp_path: Path, save: Save) -> Path:
    """Two folders: an equal pair, two that differ, names that are hard to print, and one new and one missing."""
    for folder in ("expected/ui", "actual/ui"):
        (tmp_path / folder).mkdir(parents=True)
    for name, seed in (("same.png", 0), ("ui/-[red]\n.png", 3), ("ui/é'\".png", 4)):
        save(f"expected/{name}")
        save(f"actual/{name}", seed=seed)
    save("expected/gone.png", 64, 48)
    save("actual/fresh.png", 64, 48)
    return tmp_path


def many(tmp_path: Path, save: Save, count: int, width: int = 96, height: int = 64) -> list[str]:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
    names = [f"{index:03}.png" for index in range(count)]
    for index, name in enumerate(names):
        save(f"expected/{name}", width, height, seed=index)
        save(f"actual/{name}", width, height, seed=index + 1000)
    return names


def rows(path: Path) -> list[dict[str, Any]]:
    """A JSON Lines report without the times."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in found]
