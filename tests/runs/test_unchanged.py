from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from percept_cli.formats.files import read_stamped
from percept_cli.runs.unchanged import unchanged_elsewhere
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket


def test_an_object_is_known_by_its_etag_or_by_its_content(bucket: Bucket) -> None:
    path = Path(bucket.put("a.png", b"abc"))
    with use(Store()):
        stamp = read_stamped(path)[1]
        assert unchanged_elsewhere(path, stamp, "stat") == stamp
        assert unchanged_elsewhere(path, replace(stamp, etag="another"), "stat") is None
        assert unchanged_elsewhere(path, replace(stamp, etag="another"), "hash") == stamp
        bucket.put("a.png", b"abd")
        assert unchanged_elsewhere(path, stamp, "stat") is None
        assert unchanged_elsewhere(path, stamp, "hash") is None
        assert unchanged_elsewhere(path.with_name("gone.png"), stamp, "stat") is None
