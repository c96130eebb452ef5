from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.storage.address import parse_address
from percept_cli.storage.backends.base import Changed
from percept_cli.storage.backends.s3 import S3
from tests.support.buckets import Bucket


def test_what_is_there(bucket: Bucket) -> None:
    bucket.put("base/a.png", b"abc")
    bucket.put("base/ui/b.png", b"de")
    bucket.put("base/ui/", b"")  # what some tools make for a folder
    bucket.put("baseline2/c.png", b"f")
    store, root = S3("s3", 5), parse_address(f"s3://{bucket.name}/base")
    assert store.kind(root) == "folder" and store.kind(root / "a.png") == "object"
    assert store.kind(parse_address(f"s3://{bucket.name}")) == "folder"
    assert store.kind(root / "empty") == "nothing" and list(store.list(root / "empty")) == []
    assert [name for name, _ in store.list(root)] == ["a.png", "ui/b.png"]
    with pytest.raises(FileNotFoundError):
        store.kind(parse_address(f"s3://{bucket.name}-gone/base"))


def test_an_object_is_read_in_one_request_that_names_its_version(bucket: Bucket) -> None:
    address = parse_address(bucket.put("a.png", b"abc"))
    store = S3("s3", 5)
    (_, stamp), *_ = store.list(parse_address(f"s3://{bucket.name}"))
    pieces = bytearray()
    assert store.read(address, stamp, pieces.extend).is_of(stamp) and pieces == b"abc"
    bucket.put("a.png", b"abd")
    with pytest.raises(Changed):
        store.read(address, stamp, pieces.extend)


def test_it_is_written_only_over_what_was_meant(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = parse_address(bucket.put("a.png", b"abc"))
    new = tmp_path / "new"
    new.write_bytes(b"new")
    store = S3("s3", 5)
    stamp = store.stat(address)
    store.put(address, new, stamp)
    assert bucket.get("a.png") == b"new"
    # Not looked at before, as if another had written between looking and writing: the store itself refuses.
    monkeypatch.setattr(S3, "check_version", lambda *_, **__: None)
    with pytest.raises(Changed):
        store.put(address, new, stamp)
    with pytest.raises(Changed):
        store.put(address, new, None, new=True)
    store.put(parse_address(f"s3://{bucket.name}/b.png"), new, None, new=True)
    assert bucket.keys() == ["a.png", "b.png"]
