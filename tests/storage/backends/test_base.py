"""By fsspec's own store in memory: those of Google and Azure cannot be had on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from percept_cli.storage.address import Address
from percept_cli.storage.backends.base import Backend, Changed, nanoseconds, stamp_of


class InMemory(Backend):
    kind_of_file_system = "memory"


@pytest.fixture
def store() -> Iterator[Backend]:
    backend = InMemory("gs", 1)
    backend.system.pipe("/bucket/base/a.png", b"abc")
    backend.system.pipe("/bucket/base/ui/b.png", b"de")
    yield backend
    backend.system.rm("/bucket", recursive=True)


ROOT = Address("gs", "/bucket", "base")  # the memory's names begin with a slash


def test_what_is_there_is_listed_read_and_told_apart(store: Backend) -> None:
    assert store.kind(ROOT) == "folder" and store.kind(ROOT / "a.png") == "object"
    assert store.kind(ROOT / "c.png") == "nothing"
    assert sorted(name for name, _ in store.list(ROOT)) == ["a.png", "ui/b.png"]
    pieces = bytearray()
    stamp = store.read(ROOT / "a.png", None, pieces.extend)
    assert pieces == b"abc" and stamp.size == 3
    with pytest.raises(FileNotFoundError):
        store.stat(ROOT / "c.png")


def test_another_version_is_noticed(store: Backend, tmp_path: Path) -> None:
    (tmp_path / "n").write_bytes(b"longer")
    before = store.stat(ROOT / "a.png")
    store.put(ROOT / "a.png", tmp_path / "n", before)
    for change in (
        lambda: store.put(ROOT / "a.png", tmp_path / "n", before),
        lambda: store.put(ROOT / "a.png", tmp_path / "n", None, new=True),
        lambda: store.put(ROOT / "gone.png", tmp_path / "n", before),
        lambda: store.delete(ROOT / "a.png", before),
        lambda: store.read(ROOT / "a.png", before, bytearray().extend),
    ):
        with pytest.raises(Changed):
            change()
    store.put(ROOT / "new.png", tmp_path / "n", None, new=True)
    store.delete(ROOT / "a.png", store.stat(ROOT / "a.png"))
    assert store.kind(ROOT / "a.png") == "nothing"


def test_a_change_while_it_is_read_is_noticed(store: Backend) -> None:
    def change(_: bytes) -> None:
        store.system.pipe("/bucket/base/a.png", b"another")

    with pytest.raises(Changed):
        store.read(ROOT / "a.png", None, change)


def test_stamps_as_libraries_have_them() -> None:
    assert stamp_of({"size": 3, "ETag": '"e"', "Last-Modified": "Thu, 01 Jan 1970 00:00:02 GMT"}).word == '"e"'
    assert nanoseconds("Thu, 01 Jan 1970 00:00:02 GMT") == 2_000_000_000
    assert nanoseconds("1970-01-01T00:00:02+00:00") == 2_000_000_000
    assert nanoseconds("soon") == nanoseconds(None) == 0
