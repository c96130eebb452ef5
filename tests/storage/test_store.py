from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.files import LargeFile, read_stamped
from percept_cli.images.limits import Limits
from percept_cli.storage.address import parse_address
from percept_cli.storage.backends.base import Changed
from percept_cli.storage.cache import Cache
from percept_cli.storage.store import Store, current, use
from tests.support.buckets import Bucket, send, serving, silence


@pytest.fixture
def store() -> Iterator[Store]:
    with use(Store(patience=5)) as found:
        yield found


def test_an_object_is_fetched_once(bucket: Bucket, tmp_path: Path) -> None:
    place = bucket.put("base/a.png", b"abc")
    for downloads in (1, 0):
        with use(Store(tmp_path / "kept")) as store:
            store.list(parse_address(f"s3://{bucket.name}/base"))
            for _ in range(2):
                content, stamp = read_stamped(Path(place))
                assert content == b"abc" and stamp.etag is not None and stamp.size == 3
            assert store.downloads == downloads
    assert current() is not store


def test_what_is_kept_only_for_this_run_is_gone_with_it(bucket: Bucket, store: Store) -> None:
    found = store.fetch(parse_address(bucket.put("a.png", b"abc")))
    assert found.path is not None and found.path.read_bytes() == b"abc"
    store.close()
    assert not found.path.exists()


def test_a_change_since_it_was_listed_is_an_error_once(bucket: Bucket, store: Store) -> None:
    place = bucket.put("base/a.png", b"abc")
    store.list(parse_address(f"s3://{bucket.name}/base"))
    bucket.put("base/a.png", b"abd")
    with pytest.raises(UnreadableImage, match=r"a.png: it changed while percept ran"):
        read_stamped(Path(place))
    assert read_stamped(Path(place))[0] == b"abd"


@pytest.mark.usefixtures("store")
def test_without_a_list_it_is_what_it_is_now(bucket: Bucket) -> None:
    place = Path(bucket.put("a.png", b"abc"))
    assert read_stamped(place)[0] == b"abc"
    bucket.put("a.png", b"abd")
    assert read_stamped(place)[0] == b"abd"


@pytest.mark.usefixtures("store")
def test_limits_hold_while_it_is_read(bucket: Bucket) -> None:
    place = bucket.put("a.png", bytes(5000))
    with pytest.raises(UnsupportedImage, match="limit of 4,000 bytes"):
        read_stamped(Path(place), Limits(file=4000))
    limited = pytest.raises(UnsupportedImage, match="limit of 4,000 bytes")
    with serving(lambda handler: send(handler, bytes(5000))) as (url, _), limited:
        read_stamped(f"{url}/a.png", Limits(file=4000))


def test_damage_in_the_cache_is_noticed_and_mended(bucket: Bucket, tmp_path: Path) -> None:
    place = bucket.put("a.png", b"abc")
    with use(Store(tmp_path)) as store:
        found = store.fetch(parse_address(place))
        assert found.path is not None
        found.path.write_bytes(b"xyz")
        assert read_stamped(Path(place))[0] == b"abc"
        assert store.downloads == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_told_and_gone_round(bucket: Bucket, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    place = bucket.put("a.png", b"abc")
    monkeypatch.setattr(Cache, "temporary", lambda _: Path("/dev/full"))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # not the device
    assert read_stamped(Path(place))[0] == b"abc"
    assert "no space is left" in store.notes[0]


def test_a_large_object_stays_as_long_as_it_is_needed(
    bucket: Bucket, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("percept_cli.formats.files.MOST_IN_MEMORY", 100)
    place = bucket.put("a.png", bytes(1000))
    content, _ = read_stamped(Path(place))
    assert isinstance(content, LargeFile)
    found = store.fetch(parse_address(place)).path
    assert found is not None
    found.unlink()  # as another process makes room
    assert content.whole() == bytes(1000)
    own = content.path
    del content
    assert not own.exists()


@pytest.mark.usefixtures("store")
def test_a_server_that_hangs_and_one_that_hangs_up() -> None:
    told = pytest.raises(UnreadableImage, match=r"a.png: the server did not answer for 0.3 s")
    with use(Store(patience=0.3)), serving(silence) as (url, _), told:
        read_stamped(f"{url}/a.png")
    with serving(lambda handler: send(handler, bytes(1000), whole=False)) as (url, requests):
        with pytest.raises(UnreadableImage, match="the connection broke off"):
            read_stamped(f"{url}/a.png")
        assert len(requests.seen) == 3


def test_a_store_that_was_told_to_fetches_nothing(store: Store) -> None:
    store.refuse("not fetched", "add --remote.")
    with serving(lambda handler: send(handler, b"x")) as (url, requests):
        with pytest.raises(UnreadableImage, match="not fetched"):
            read_stamped(f"{url}/a.png")
        assert requests.seen == []


@pytest.mark.usefixtures("store")
def test_a_signature_is_used_and_not_shown() -> None:
    with serving(lambda handler: send(handler, b"x", etag='"1"')) as (url, requests):
        content, _ = read_stamped(f"{url}/a.png?X-Amz-Signature=hush")
        assert content == b"x" and "hush" in requests.seen[0]
        assert read_stamped(f"{url}/a.png?X-Amz-Signature=…")[0] == b"x"  # as a report names it
        assert all("hush" in seen for seen in requests.seen)
    with pytest.raises(UnreadableImage) as caught:
        read_stamped("http://127.0.0.1:9/a.png?sig=hush")
    assert "hush" not in str(caught.value)


def test_whole_objects_are_written_and_deleted_by_their_versions(
    bucket: Bucket, store: Store, tmp_path: Path
) -> None:
    address = parse_address(bucket.put("a.png", b"abc"))
    (tmp_path / "n").write_bytes(b"new")
    stamp = store.stat_now(address)
    store.put(address, tmp_path / "n", stamp)
    with pytest.raises(Changed):
        store.put(address, tmp_path / "n", stamp)
    with pytest.raises(Changed):
        store.delete(address, stamp)
    store.delete(address, store.stat_now(address))
    assert bucket.keys() == []
