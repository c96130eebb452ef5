from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from percept_cli.errors import OutputUnwritable
from percept_cli.storage.address import parse_address
from percept_cli.storage.cache import Cache, KeptObject
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.system.lock import Lock

ADDRESS = parse_address("s3://bucket/a.png")


def keep(cache: Cache, name: str, data: bytes, stamp: ObjectStamp | None = None) -> KeptObject:
    new = cache.temporary()
    new.write_bytes(data)
    stamp = ObjectStamp(len(data), 1, name) if stamp is None else stamp
    return cache.keep(ADDRESS, stamp, new, hashlib.sha256(data).hexdigest())


def test_a_version_is_found_and_no_other(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept")
    kept = keep(cache, "one", b"data")
    found = Cache(tmp_path / "kept").find(ADDRESS, ObjectStamp(4, 1, "one"))
    assert found == kept and found is not None and found.path.read_bytes() == b"data"
    assert cache.find(ADDRESS, ObjectStamp(4, 1, "two")) is None
    assert cache.find(parse_address("s3://bucket/b.png"), ObjectStamp(4, 1, "one")) is None


def test_a_signature_is_no_part_of_the_name_but_a_page_is(tmp_path: Path) -> None:
    cache, stamp = Cache(tmp_path), ObjectStamp(1, 1, "e")
    new = cache.temporary()
    new.write_bytes(b"x")
    cache.keep(parse_address("https://h/a?id=1&sig=first"), stamp, new, "0" * 64)
    assert cache.find(parse_address("https://h/a?id=1&sig=second"), stamp) is not None
    assert cache.find(parse_address("https://h/a?id=2&sig=first"), stamp) is None


def test_the_oldest_go_first_and_what_is_used_is_young(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=1000)
    for number in range(9):
        kept = keep(cache, str(number), bytes(100))
        os.utime(kept.path, (number, number))
    assert cache.find(ADDRESS, ObjectStamp(100, 1, "0")) is not None  # used now
    keep(cache, "9", bytes(150))
    left = [number for number in range(9) if cache.find(ADDRESS, ObjectStamp(100, 1, str(number))) is not None]
    assert left == [0, 3, 4, 5, 6, 7, 8]
    assert cache.find(ADDRESS, ObjectStamp(150, 1, "9")) is not None


def test_one_process_makes_room_at_a_time(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=100)
    lock = Lock(tmp_path / ".percept-cache.lock")
    try:
        keep(cache, "a", bytes(80))
        keep(cache, "b", bytes(80))
        assert len(list(tmp_path.rglob("*-*"))) == 3  # and the lock: the other one makes room
    finally:
        lock.release()
    keep(cache, "c", bytes(10))
    assert cache.find(ADDRESS, ObjectStamp(80, 1, "a")) is None
    assert cache.find(ADDRESS, ObjectStamp(80, 1, "b")) is not None


def test_many_threads_of_two_caches_share_a_folder(tmp_path: Path) -> None:
    caches = [Cache(tmp_path, most=5000) for _ in range(2)]

    def work(number: int) -> bool:
        data = bytes([number % 7]) * 300
        keep(caches[number % 2], str(number % 7), data)
        found = caches[(number + 1) % 2].find(ADDRESS, ObjectStamp(300, 1, str(number % 7)))
        return found is None or found.path.read_bytes() == data

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    old, new = cache.temporary(), cache.temporary()
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))
    keep(cache, "a", b"x")
    assert not old.exists() and new.exists()


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(OutputUnwritable, match="holds other files"):
        Cache(tmp_path)
    with pytest.raises(OutputUnwritable, match="cannot be used as a cache"):
        Cache(tmp_path / "letter.txt")
