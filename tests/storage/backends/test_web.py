from __future__ import annotations

import socket
from pathlib import Path

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.storage.address import parse_address
from percept_cli.storage.backends.base import Changed
from percept_cli.storage.backends.web import Web
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.storage.store import Store
from tests.support.buckets import files, send, serving


def test_pages_that_list_folders_are_followed_downwards_only(tmp_path: Path) -> None:
    (tmp_path / "base" / "ui").mkdir(parents=True)
    for name in ("base/a b.png", "base/ui/b.png", "above.png"):
        (tmp_path / name).write_bytes(b"data")
    with serving(files(tmp_path)) as (url, requests):
        store, root = Web("http", 5), parse_address(f"{url}/base")
        assert store.kind(root) == "folder" and store.kind(root / "ui/b.png") == "object"
        assert store.kind(root / "gone") == "nothing"
        assert sorted(name for name, _ in store.list(root)) == ["a b.png", "ui/b.png"]
        pieces = bytearray()
        stamp = store.read(root / "a b.png", None, pieces.extend)
        assert pieces == b"data" and stamp == store.stat(root / "a b.png") and stamp.etag
        with pytest.raises(Changed):
            store.read(root / "a b.png", ObjectStamp(4, 0, "another"), pieces.extend)
    assert not any("above" in seen or "C=N" in seen for seen in requests.seen)


@pytest.mark.parametrize(("status", "kind"), [(403, PermissionError), (404, FileNotFoundError), (500, OSError)])
def test_what_a_server_says(status: int, kind: type[Exception]) -> None:
    with serving(lambda handler: send(handler, b"", status=status)) as (url, requests):
        with pytest.raises(kind):
            Web("http", 5).read(parse_address(f"{url}/a.png"), None, bytearray().extend)
        assert len(requests.seen) == (3 if status == 500 else 1)


def test_a_proxy_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:  # which takes connections and says nothing
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        with pytest.raises(UnreadableImage, match="did not answer for"):
            Store(patience=0.2).fetch(parse_address("https://example.org/a.png"))


def test_half_an_answer_is_no_answer() -> None:
    with (
        serving(lambda handler: send(handler, bytes(1000), whole=False)) as (url, _),
        pytest.raises(Exception) as caught,
    ):
        Web("http", 5).read(parse_address(f"{url}/a.png"), None, bytearray().extend)
    assert type(caught.value).__name__ == "ClientPayloadError"
