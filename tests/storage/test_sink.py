from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.storage import sink as module
from percept_cli.storage.faults import NoRoom
from percept_cli.storage.sink import Sink, check_size


def test_bytes_go_to_a_file_or_to_memory(tmp_path: Path) -> None:
    for path in (tmp_path / "a", None):
        with Sink(4, path) as sink:
            sink.take(b"ab")
            sink.take(b"cd")
        assert sink.digest.hexdigest().startswith("88d4266f")
        assert (bytes(sink.data) if path is None else path.read_bytes()) == b"abcd"


def test_too_much_is_noticed_as_it_comes() -> None:
    with Sink(3) as sink, pytest.raises(UnsupportedImage, match="limit of 3 bytes"):
        sink.take(b"abcd")
    check_size(None, 3)
    check_size(9, None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk() -> None:
    with Sink(None, Path("/dev/full")) as sink, pytest.raises(NoRoom):
        sink.take(b"a")


def test_what_is_too_large_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IN_MEMORY", 3)
    with Sink(None) as sink, pytest.raises(UnreadableImage, match="no space"):
        sink.take(b"abcd")
