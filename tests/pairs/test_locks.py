from __future__ import annotations

import json
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.pairs.locks import lock_text, read_lock
from percept_cli.storage.address import parse_address
from percept_cli.storage.locked import LockedObject
from percept_cli.storage.stamp import ObjectStamp

BASE = parse_address("s3://bucket/base")
OBJECTS = {
    "ui/b.png": LockedObject(ObjectStamp(5, 0, "e2", "v1"), "b" * 64),
    "a.png": LockedObject(ObjectStamp(3, 0, "e1"), "a" * 64),
}


def test_a_lock_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "percept-baseline.lock"
    path.write_text("".join(lock_text(BASE, OBJECTS)))
    assert read_lock(path, BASE.path) == (BASE, OBJECTS)
    lines = path.read_text().splitlines()
    assert [line[:8] for line in lines[4:6]] == ['"a.png":', '"ui/b.pn']  # sorted, one line each


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "of another version"),
        ({"baseline": "s3://other/base"}, "it locks s3://other/base, not s3://bucket/base"),
        ({"images": {"../a.png": {"sha256": "a" * 64, "size": 1, "etag": None}}}, "not a lock file"),
        ({"images": {"a.png": {"sha256": "short", "size": 1, "etag": None}}}, "not a lock file"),
        ({"images": {"a.png": {"sha256": "a" * 64, "size": "1", "etag": None}}}, "not a lock file"),
        ({"images": []}, "not a lock file"),
    ],
)
def test_a_lock_file_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = tmp_path / "x.lock"
    path.write_text(json.dumps(json.loads("".join(lock_text(BASE, OBJECTS))) | changes))
    with pytest.raises(InvalidSetting, match=message):
        read_lock(path, BASE.path)


def test_what_is_no_lock_file(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_bytes(b"\xff")
    with pytest.raises(InvalidSetting, match="not a lock file"):
        read_lock(tmp_path / "x.lock", BASE.path)
    with pytest.raises(InvalidSetting, match="cannot be read"):
        read_lock(tmp_path / "gone.lock", BASE.path)
    with pytest.raises(InvalidSetting, match="a folder of this machine"):
        read_lock(tmp_path / "x.lock", tmp_path)
