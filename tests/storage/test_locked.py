from __future__ import annotations

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.storage.address import parse_address
from percept_cli.storage.locked import Locked, LockedObject
from percept_cli.storage.stamp import Fetched, ObjectStamp


def test_a_locked_folder_holds_what_was_locked() -> None:
    base, stamp = parse_address("s3://bucket/base"), ObjectStamp(1, 0, "e")
    locked = Locked()
    assert locked.listing(base) is None and not locked.holds(base / "a.png")
    locked.lock(base, {"a.png": LockedObject(stamp, "a" * 64)})
    assert locked.listing(base) == {"a.png": stamp} and locked.holds(base / "a.png")
    locked.checked(base / "a.png", Fetched(stamp, None, b"", "a" * 64))
    locked.checked(base / "b.png", Fetched(stamp, None, b"", "b" * 64))
    with pytest.raises(UnreadableImage, match="not the image that the lock file names"):
        locked.checked(base / "a.png", Fetched(stamp, None, b"", "b" * 64))
