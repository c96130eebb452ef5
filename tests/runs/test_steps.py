"""What one step may touch: names that can be acted on, and the folders that an alternate leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.runs.steps import Refused, check_name, inside, remove_empty_folders, sha256_of, there

PLACE = ".percept/alternates/ui/icon.png/linux.png"


@pytest.mark.parametrize(
    "name", ["../a.png", "/a.png", ".a.png", ".git/a.png", "a.sh", "", f"{PLACE}/../../../x.png"]
)
def test_what_is_never_acted_on(name: str) -> None:
    with pytest.raises(Refused):
        check_name(name)
    with pytest.raises(Refused):
        inside(Path("base") / name, Path("base"), "baseline")


def test_of_hidden_files_only_alternates_are_acted_on() -> None:
    assert inside(Path("base") / PLACE, Path("base"), "baseline") == PLACE
    with pytest.raises(Refused, match="hidden"):
        check_name(PLACE)
    for place in (
        ".percept/noise.png",
        ".percept/alternates/.ui/icon.png/linux.png",
        ".percept/alternates/a/b.png",
    ):
        with pytest.raises(Refused):
            inside(Path("base") / place, Path("base"), "baseline")


def test_only_empty_folders_of_percept_are_removed(tmp_path: Path) -> None:
    folder = (tmp_path / PLACE).parent
    folder.mkdir(parents=True)
    (tmp_path / ".percept/keep.txt").write_text("mine")
    remove_empty_folders(tmp_path, PLACE)
    assert [path.name for path in (tmp_path / ".percept").iterdir()] == ["keep.txt"]
    (tmp_path / ".percept/keep.txt").unlink()
    folder.mkdir(parents=True)
    (folder / "windows.png").write_bytes(b"")
    remove_empty_folders(tmp_path, PLACE)
    assert folder.is_dir()
    (folder / "windows.png").unlink()
    remove_empty_folders(tmp_path, PLACE)
    assert list(tmp_path.iterdir()) == []
    remove_empty_folders(tmp_path, PLACE)
    assert tmp_path.is_dir()


def test_what_is_there_is_seen_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("gone.png")
    assert there(tmp_path, "a.png")
    assert not there(tmp_path, "b.png")
    assert sha256_of(tmp_path, "b.png") is None
