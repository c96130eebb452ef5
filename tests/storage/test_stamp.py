from __future__ import annotations

from percept_cli.storage.stamp import ObjectStamp


def test_the_name_that_a_store_has_for_a_version_counts_before_size_and_time() -> None:
    assert ObjectStamp(3, 5, "a").is_of(ObjectStamp(3, 9, "a"))
    assert not ObjectStamp(3, 5, "a").is_of(ObjectStamp(3, 5, "b"))
    assert ObjectStamp(3, 5).is_of(ObjectStamp(3, 5, "b"))
    assert not ObjectStamp(3, 5).is_of(ObjectStamp(3, 6))
    assert not ObjectStamp(None, 0).is_sure and ObjectStamp(3, 5).is_sure and ObjectStamp(None, 0, "a").is_sure
    assert ObjectStamp(3, 5).word != ObjectStamp(3, 6).word
