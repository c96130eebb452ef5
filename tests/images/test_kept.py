"""Bytes in memory or in a file, and a folder without room."""

from __future__ import annotations

import errno
import io
import shutil
import tempfile
from types import SimpleNamespace

import pytest

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images import joining, kept
from percept_cli.images.kept import Kept, Room, same
from tests.support.large_files import RGB, by_pillow
from tests.support.large_files import small as small

pytestmark = pytest.mark.usefixtures("small")


def test_bytes_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(kept, "_AT_A_TIME", 7)
    data = bytes(range(200))
    room = Room(200)
    room.add(data[:150])
    room.add(data[150:])
    found = room.kept()
    assert isinstance(found, Kept)
    assert len(found) == 200
    assert found[:] == data
    assert found[20:31] == data[20:31]
    assert bytes(found.mapped()) == data
    assert same(found, found)
    assert same(found, data)
    assert not same(found, data[:-1])
    assert not same(found, data[:-1] + b"x")


def test_a_folder_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(kept, "free_memory", lambda: 1000)
    with pytest.raises(UnsupportedImage) as error:
        Room(1 << 60)
    folder = tempfile.gettempdir()
    assert str(error.value).startswith(f"its pixels need 1152921504.6 GB in the temporary folder {folder}: ")
    assert "TMPDIR" in str(error.value.hint)

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20))
    roomy = Room(200)  # it fits the memory then
    roomy.add(bytes(200))
    assert isinstance(roomy.kept(), bytes)
    monkeypatch.undo()
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(joining, "LARGE", 5000)

    class Full(io.BytesIO):  # a stand-in: no file system here can be filled without harm
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(UnsupportedImage) as full:
        decode(by_pillow(RGB, "PNG"), "x.png")
    assert str(full.value).startswith("x.png: its pixels need 0.0 GB in the temporary folder")
    assert str(full.value).endswith("No space left on device")
