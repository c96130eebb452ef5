from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import OutputUnwritable, UnreadableFolder, UnreadableImage
from percept_cli.storage.address import parse_address
from percept_cli.storage.backends.base import Changed
from percept_cli.storage.backends.s3 import S3
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket, send, serving, silence


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


def test_a_store_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    with serving(silence) as (url, requests), use(Store(patience=0.2)) as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(UnreadableFolder, match=r"did not answer for 0\.2 s"):
            store.kind(parse_address(f"s3://{bucket.name}/base"))
        assert len(requests.seen) <= 6


def test_a_store_that_denies_is_asked_once(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    denied = b"<Error><Code>AccessDenied</Code><Message>key AKIAHUSH is not allowed</Message></Error>"
    with (
        serving(lambda handler: send(handler, denied, status=403, kind="text/xml")) as (url, _),
        use(Store()) as store,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        address = parse_address(f"s3://{bucket.name}/base/a.png")
        with pytest.raises(UnreadableImage, match="access denied"):
            store.fetch(address)
        with pytest.raises(OutputUnwritable, match="access denied"):
            store.check_writable(address)


def test_an_object_that_breaks_off_in_the_middle(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    with (
        serving(lambda handler: send(handler, bytes(1000), whole=False)) as (url, requests),
        use(Store()) as store,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(UnreadableImage, match="the connection broke off"):
            store.fetch(parse_address(f"s3://{bucket.name}/base/a.png"))
        assert len(requests.seen) == 3
