from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.storage.inputs import brought
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket


def test_a_list_that_lives_elsewhere_is_brought_here(bucket: Bucket) -> None:
    place = bucket.put("lists/pairs.csv", b"reference,candidate\n")
    assert brought(Path("pairs.csv"), InvalidSetting) == Path("pairs.csv")
    with use(Store()):
        found = brought(Path(place), InvalidSetting)
        assert found.name == "pairs.csv" and found.read_bytes() == b"reference,candidate\n"
        with pytest.raises(InvalidSetting, match="no such object"):
            brought(Path(f"{place}.gone"), InvalidSetting)
    assert not found.exists()
