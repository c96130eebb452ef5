"""Report files: whole or not at all, and never over an input."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from percept_cli.errors import OutputUnwritable
from percept_cli.system.whole import check_output, write_new, write_output


def test_written_whole_with_nothing_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_output(path, "first ü\n")
    assert path.read_text(encoding="utf-8") == "first ü\n"
    path.chmod(0o640)
    write_output(path, "second\n")
    assert path.read_text(encoding="utf-8") == "second\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_new_report_has_the_permissions_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    write_output(tmp_path / "report", "x")
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_output(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_name_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".json")
    write_output(path, "x")
    assert path.read_text() == "x"


def test_links_in_a_circle_are_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "loop.json"
    path.symlink_to(path)
    with pytest.raises(OutputUnwritable, match=r"loop\.json: its symbolic links form a loop"):
        check_output(path, [])


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_output(Path(os.devnull), "x")
    assert not Path(os.devnull).is_file()


def test_a_full_disk_leaves_what_was_there() -> None:
    with pytest.raises(OutputUnwritable, match=r"/dev/full: cannot be written: No space left on device"):
        write_output(Path("/dev/full"), "x")


def test_a_failure_halfway_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a disk that fills up while writing: a real full file system needs a mount."""
    (tmp_path / "report").write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputUnwritable, match="No space left"):
        write_output(tmp_path / "report", "new")
    assert os.listdir(tmp_path) == ["report"]
    assert (tmp_path / "report").read_text() == "old"


def test_refused_before_any_work(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_text("x")
    (tmp_path / "link.png").symlink_to(picture)
    for output, message in (
        (tmp_path, "is a folder"),
        (tmp_path / "missing" / "report.json", "missing does not exist"),
        (picture / "report.json", "picture.png is a file, not a folder"),
        (picture, "would overwrite the input"),
        (tmp_path / "link.png", "would overwrite the input"),
        (tmp_path / "." / "picture.png", "would overwrite the input"),
    ):
        with pytest.raises(OutputUnwritable, match=message) as error:
            check_output(output, [picture])
        assert error.value.exit_code == 2
        assert error.value.hint
    check_output(tmp_path / "new.json", [picture])
    assert not (tmp_path / "new.json").exists()


def test_a_new_file_takes_the_place_of_none(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    write_new(tmp_path / "new", [b"a", b"b"])
    assert (tmp_path / "new").read_bytes() == b"ab"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert (tmp_path / "new").stat().st_nlink == 1
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("new", "link"):
        with pytest.raises(FileExistsError):
            write_new(tmp_path / name, [b"other"])
    assert (tmp_path / "new").read_bytes() == b"ab"
    assert sorted(os.listdir(tmp_path)) == ["link", "new", "other"]


def test_a_file_that_came_meanwhile_is_left_alone(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"mine"
        (tmp_path / "new").write_text("theirs")

    with pytest.raises(FileExistsError):
        write_new(tmp_path / "new", pieces())
    assert (tmp_path / "new").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["new"]


def test_a_new_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"mine"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_new(tmp_path / "new", pieces())
    assert os.listdir(tmp_path) == []
