from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Percept, Save
from tests.support.buckets import Bucket


@pytest.fixture
def base(save: Save, bucket: Bucket, tmp_path: Path) -> str:
    (tmp_path / "now").mkdir()
    for seed in range(2):
        save(f"now/{seed}.png", 24, 20, seed)
    return bucket.put_folder("base", tmp_path / "now")


@pytest.mark.slow
def test_a_commit_names_exactly_its_baseline(
    percept: Percept, base: str, bucket: Bucket, save: Save, tmp_path: Path
) -> None:
    done = percept("baseline", "lock", base, fresh=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"percept-baseline.lock locks 2 images of {base}.\n"
    assert list(json.loads((tmp_path / "percept-baseline.lock").read_text())["images"]) == ["0.png", "1.png"]
    command = ("check", base, "now", "--lock", "percept-baseline.lock", "-o", "r.json")
    bucket.put("base/later.png", tmp_path / "now/0.png")  # which is no part of this baseline
    assert percept(*command).returncode == 0
    bucket.put("base/1.png", save("other.png", 24, 20, 7))
    assert percept(*command).returncode == 3
    results = json.loads((tmp_path / "r.json").read_text())["results"]
    assert [result["status"] for result in results] == ["pass", "error"]
    assert "not the image that the lock file names" in results[1]["reason"]
    bucket.client.delete_object(Bucket=bucket.name, Key="base/0.png")
    assert percept(*command).returncode == 3


@pytest.mark.slow
def test_old_commits_still_check_where_old_versions_are_kept(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    (tmp_path / "now").mkdir()
    base = bucket.put("base/a.png", save("now/a.png", 24, 20, 1)).removesuffix("/a.png")
    assert percept("baseline", "lock", base, "-o", "old.lock", "-q").returncode == 0
    bucket.put("base/a.png", save("other.png", 24, 20, 2))
    assert percept("check", base, "now", "--lock", "old.lock").returncode == 0
    assert percept("check", base, "now").returncode == 1


def test_what_is_in_the_cache_needs_no_bucket(percept: Percept, base: str, bucket: Bucket) -> None:
    percept("baseline", "lock", base, "--cache", "kept")
    for number in range(2):
        bucket.client.delete_object(Bucket=bucket.name, Key=f"base/{number}.png")
    done = percept("check", base, "now", "--lock", "percept-baseline.lock", "--cache", "kept", "-v")
    assert done.returncode == 0 and "0 objects fetched" in done.stderr


def test_what_cannot_be_locked(percept: Percept, base: str, bucket: Bucket, tmp_path: Path) -> None:
    for arguments, code, message in (
        (("now",), 2, "only a baseline in a bucket can be locked"),
        (("https://example.org/base",), 2, "only a baseline in a bucket can be locked"),
        ((f"s3://{bucket.name}/empty",), 3, "there are no images to lock"),
        ((), 2, "Missing argument BASELINE"),
        ((base, "-o", "gone/x.lock"), 2, "does not exist"),
    ):
        done = percept("baseline", "lock", *arguments)
        assert done.returncode == code and message in done.stderr, done.stderr
    (tmp_path / "x.lock").write_text("{}")
    refused = percept("check", base, "now", "--lock", "x.lock")
    assert refused.returncode == 2 and "x.lock: not a lock file of percept" in refused.stderr
    assert percept("check", "now", "now", "--lock", "x.lock").returncode == 2


def test_the_settings_name_the_baseline(percept: Percept, base: str, tmp_path: Path) -> None:
    (tmp_path / "percept.toml").write_text(f'[check]\nbaseline = "{base}"\ncurrent = "now"\n')
    assert percept("baseline", "lock", "-q").returncode == 0
    assert percept("check", "--lock", "percept-baseline.lock").returncode == 0
