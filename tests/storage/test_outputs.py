from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import MissingLibrary, OutputUnwritable
from percept_cli.storage.outputs import check_output, write_output
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket


def test_a_report_is_written_as_a_whole_object(bucket: Bucket) -> None:
    place = Path(f"s3://{bucket.name}/reports/run.html")
    with use(Store()):
        check_output(place, [])
        assert bucket.keys() == []  # looking leaves nothing behind
        write_output(place, ["<p>", "é".encode()])
    assert bucket.get("reports/run.html") == "<p>é".encode()
    head = bucket.client.head_object(Bucket=bucket.name, Key="reports/run.html")
    assert head["ContentType"] == "text/html"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("s3://{}-gone/run.html", "no such object or bucket"),
        ("s3://{}", "but no object"),
        ("https://example.org/run.html", "can only be read"),
        ("s3://{}/a.png", "overwrite an input"),
    ],
)
def test_what_cannot_be_written_is_known_before(bucket: Bucket, place: str, message: str) -> None:
    inputs = [Path(f"s3://{bucket.name}/a.png")]
    with use(Store()), pytest.raises(OutputUnwritable, match=message):
        check_output(Path(place.format(bucket.name)), inputs)


def test_a_store_whose_library_is_not_installed() -> None:
    with use(Store()), pytest.raises(MissingLibrary, match="gcsfs, which is not installed"):
        check_output(Path("gs://bucket/run.html"), [])


def test_files_are_written_as_ever(tmp_path: Path) -> None:
    check_output(tmp_path / "a.txt", [])
    write_output(tmp_path / "a.txt", ["a"])
    assert (tmp_path / "a.txt").read_text() == "a"
