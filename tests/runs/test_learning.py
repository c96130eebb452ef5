"""Right renderings of charts → what is learned of them, and what is odd about the runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import percept_cli
from percept_cli.errors import InvalidSetting, UnreadableFolder
from percept_cli.judging.noise_file import read_noise_file
from percept_cli.runs.learning import Lesson, check_runs
from tests.support.renderings import AWAY, chart, renderings, save


def learned(tmp_path: Path, *folders: Path) -> Lesson:
    return percept_cli.learn(folders[0], folders[1:], output=tmp_path / "noise.json", device="cpu")


def test_noise_is_learned_where_it_is(tmp_path: Path) -> None:
    lesson = learned(tmp_path, *renderings(tmp_path))
    assert [(run.images, run.failing) for run in lesson.runs] == [(2, [])] * 3
    assert lesson.equal == 1
    assert not lesson.changes and not lesson.wide and not lesson.too_few
    entry = lesson.images["chart.png"]
    assert (entry.runs, entry.width, entry.height) == (3, 192, 96)
    assert 0.1 < entry.peak < 1
    assert all(row.startswith("......") and len(row) > 6 for row in entry.peaks)  # its left half has no noise
    assert lesson.images["ui/still.png"].peaks == ()
    assert read_noise_file(tmp_path / "noise.json").images == lesson.images


def test_a_real_change_in_one_run_is_told(tmp_path: Path) -> None:
    folders = renderings(tmp_path)
    save(folders[2], {"chart.png": chart(2, defect=AWAY)})
    lesson = learned(tmp_path, *folders)
    (odd,) = lesson.changes
    assert (odd.name, odd.run, odd.gate) == ("chart.png", folders[2].as_posix(), "peak")
    assert odd.times > 10
    assert [len(run.failing) for run in lesson.runs] == [0, 1, 0]
    assert lesson.wide == []


def test_one_run_that_is_noisier_has_made_the_entry_wide(tmp_path: Path) -> None:
    folders = renderings(tmp_path, 4)
    save(folders[2], {"chart.png": chart(2, noise=110)})
    lesson = learned(tmp_path, *folders)
    (odd,) = [*lesson.wide, *lesson.changes]
    assert (odd.name, odd.run) == ("chart.png", folders[2].as_posix())
    assert odd.gate in ("overall", "peak")


def test_runs_that_do_not_fit(tmp_path: Path) -> None:
    """Another size, a missing image, one too many, and one that cannot be read: the others are learned."""
    folders = renderings(tmp_path, 4)
    save(folders[1], {"chart.png": chart(1).crop((0, 0, 180, 96)), "extra.png": chart()})
    (folders[2] / "ui/still.png").unlink()
    (folders[3] / "ui/still.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    lesson = learned(tmp_path, *folders)
    first, second, third, _ = lesson.runs
    assert first.extra == ["extra.png"]
    assert [name for name, _ in first.unusable] == ["chart.png"]
    assert "192×96" in first.unusable[0][1] and "180×96" in first.unusable[0][1]
    assert second.missing == ["ui/still.png"]
    assert [name for name, _ in third.unusable] == ["ui/still.png"]
    assert [run.images for run in lesson.runs] == [1, 1, 1, 2]
    assert {name: entry.runs for name, entry in lesson.images.items()} == {"chart.png": 3, "ui/still.png": 2}


def test_what_is_in_one_run_only_is_not_learned(tmp_path: Path) -> None:
    folders = renderings(tmp_path, 2)
    (folders[2] / "chart.png").unlink()
    lesson = learned(tmp_path, *folders)
    assert lesson.too_few == ["chart.png"]
    assert list(lesson.images) == ["ui/still.png"]


def test_nothing_is_written_where_nothing_was_learned(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("base", "one", "two")]
    for folder in folders:
        folder.mkdir()
    assert learned(tmp_path, *folders).images == {}
    assert not (tmp_path / "noise.json").exists()


def test_runs_that_teach_nothing_are_refused(tmp_path: Path) -> None:
    base, one, two = (tmp_path / name for name in ("base", "one", "two"))
    for folder in (base, one, two):
        folder.mkdir()
    check_runs(base, [one, two])
    with pytest.raises(InvalidSetting, match="nothing can be learned from a single run") as error:
        check_runs(base, [one])
    assert error.value.hint == "give two or more: percept learn BASELINE RUN RUN"
    with pytest.raises(InvalidSetting, match="this run is given twice"):
        check_runs(base, [one, two, tmp_path / "two/../one"])
    with pytest.raises(InvalidSetting, match="this run is the baseline itself"):
        check_runs(base, [one, base])
    with pytest.raises(UnreadableFolder, match="gone: no such file or folder"):
        check_runs(base, [one, tmp_path / "gone"])
    with pytest.raises(InvalidSetting, match="the baseline is not a folder"):
        check_runs(tmp_path / "gone", [one, two])


def test_learning_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    folders = renderings(tmp_path, 2)
    learned(tmp_path, *folders)
    before = (tmp_path / "noise.json").read_bytes()
    learned(tmp_path, *folders)
    assert (tmp_path / "noise.json").read_bytes() == before
    assert json.loads(before)["images"].keys() == {"chart.png", "ui/still.png"}
