"""What Python calls: checks of files and comparisons of folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import percept_cli
from percept_cli import compare_folders
from percept_cli.errors import InvalidSetting
from percept_cli.geometry import Box
from tests.conftest import Save, drawing
from tests.support.checks import folders as folders


def test_check_from_python(folders: Path) -> None:
    reference, candidate = folders / "expected/ui/digit.png", folders / "actual/ui/digit.png"
    result = percept_cli.check(reference, candidate)
    assert result.status == "fail"
    assert result.evidence is not None
    assert result.evidence.heat is not None
    heat = np.frombuffer(result.evidence.heat.values, np.uint8).reshape(96, 160)
    box = result.evidence.regions[0].box
    assert heat[box.y : box.y + box.height, box.x : box.x + box.width].max() == heat.max()
    assert heat[90:, :40].max() <= 1  # a trace: features see far
    assert percept_cli.check(reference, candidate, ignore=[(64, 0, 96, 30)]).distance == 0
    assert percept_cli.check(reference, candidate, ignore=[Box(64, 0, 96, 30), "0,0,1,1"]).status == "pass"
    assert percept_cli.check(reference, candidate, fail={"peak": 6, "overall": 6}).status in ("pass", "warn")
    with pytest.raises(InvalidSetting, match="noise must be one of"):
        percept_cli.check(reference, candidate, noise="loud")  # type: ignore[arg-type]
    drawing(9, 9).save(folders / "tiny.png")
    assert percept_cli.check(reference, folders / "tiny.png").status == "fail"


def test_folders_in_python(tmp_path: Path, save: Save) -> None:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
    for name in ("a.png", "b.png"):
        save(f"expected/{name}")
        save(f"actual/{name}", seed=len(name) if name == "a.png" else 0)
    (tmp_path / "actual" / "c.png").write_text("x")
    (tmp_path / "expected" / "c.png").write_text("y")
    found = compare_folders(tmp_path / "expected", tmp_path / "actual", layers="relu1_2", threshold=1e-9)
    statuses = {result.name: result.status for result in found}
    assert statuses == {"a.png": "fail", "b.png": "pass", "c.png": "error"}
    with pytest.raises(InvalidSetting, match="unknown preset"):
        compare_folders(tmp_path / "expected", tmp_path / "actual", preset="nope")
