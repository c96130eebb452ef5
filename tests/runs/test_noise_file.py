"""What becomes of a noise file that is there already."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.errors import OutputUnwritable
from percept_cli.images.limits import USUAL_LIMITS
from percept_cli.judging.learned import LearnedImage
from percept_cli.judging.noise_file import read_noise_file
from percept_cli.runs.noise_file import Written, earlier_entries, write_noise_file
from tests.support.renderings import chart, save

ENTRY = LearnedImage("0" * 64, 192, 96, 2, 0.0, 0.0, 0.0, 0.0, 0)
NAMES = ("a.png", "changed.png", "gone.png", "kept.png", "sub/kept.jpg")


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    folder = save(tmp_path / "base", {name.replace(".jpg", ".png"): chart() for name in NAMES})
    digest = hashlib.sha256((folder / "a.png").read_bytes()).hexdigest()
    entry = replace(ENTRY, baseline=digest)
    write(tmp_path / "noise.json", folder, dict.fromkeys(NAMES, entry), {})
    return folder


def write(path: Path, folder: Path, learned: dict[str, LearnedImage], earlier: object) -> Written:
    return write_noise_file(path, "f", learned, earlier, folder, USUAL_LIMITS)  # type: ignore[arg-type]


def test_other_entries_stay_while_they_hold(baseline: Path, tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    save(baseline, {"changed.png": chart(1)})
    (baseline / "gone.png").unlink()
    earlier = earlier_entries(path, "f")
    found = write(path, baseline, {"a.png": ENTRY, "new.png": ENTRY}, earlier)
    assert found.dropped == ("changed.png", "gone.png")
    assert found.kept == 2
    assert found.size == path.stat().st_size
    assert 0 < found.largest < 400
    after = read_noise_file(path).images
    assert list(after) == ["a.png", "kept.png", "new.png", "sub/kept.jpg"]
    assert after["a.png"] == ENTRY


@pytest.mark.usefixtures("baseline")
def test_what_is_not_understood_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    whole = path.read_text(encoding="utf-8")
    newer = json.dumps(json.loads(whole) | {"version": 2})
    for text, why in ((whole[:99], "is damaged"), (newer, "has version 2"), ("not ours", "is damaged")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(OutputUnwritable, match=f"noise file {why}.*; it was left as it is") as error:
            earlier_entries(path, "f")
        assert error.value.hint == "to replace it, add --overwrite."
        assert path.read_text(encoding="utf-8") == text
        assert earlier_entries(path, "f", overwrite=True) == {}


@pytest.mark.usefixtures("baseline")
def test_that_of_another_recipe_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    with pytest.raises(OutputUnwritable, match="learned by another recipe") as error:
        earlier_entries(path, "g")
    assert "--overwrite" in error.value.hint
    assert earlier_entries(path, "g", overwrite=True) == {}
    assert len(earlier_entries(path, "f", overwrite=True)) == len(NAMES)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert earlier_entries(tmp_path / "new.json", "f") == {}
    assert earlier_entries(Path("/dev/null"), "f") == {}
    with pytest.raises(OutputUnwritable, match="does not exist"):
        earlier_entries(tmp_path / "gone/noise.json", "f")
    with pytest.raises(OutputUnwritable, match="the output is a folder"):
        earlier_entries(tmp_path, "f")
