from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.runs.approval import Approval
from percept_cli.runs.elsewhere import ApprovalElsewhere, approval_of
from percept_cli.runs.steps import BaselineStep, Refused
from percept_cli.storage.address import Address
from percept_cli.storage.backends.s3 import S3
from percept_cli.storage.stamp import ObjectStamp
from percept_cli.storage.store import Store, use
from tests.support.approvals import put, stamp
from tests.support.buckets import Bucket


@pytest.fixture(autouse=True)
def store() -> Iterator[Store]:
    with use(Store()) as found:
        yield found


@pytest.fixture
def base(bucket: Bucket, tmp_path: Path) -> str:
    """A baseline elsewhere, and what was rendered now."""
    (tmp_path / "now").mkdir()
    (tmp_path / "old").mkdir()
    for folder, name, text in (
        ("old", "a.png", "old"),
        ("now", "a.png", "new one"),
        ("now", "new.png", "fresh"),
        ("old", "gone.png", "gone"),
    ):
        put(tmp_path / folder / name, text)
    return bucket.put_folder("base", tmp_path / "old")


def step_of(base: str, root: Path, name: str, kind: str) -> BaselineStep:
    before, after = (stamp(root / side / name) for side in ("old", "now"))
    return BaselineStep(
        name,
        kind,  # type: ignore[arg-type]
        Path(base) / name,
        None if after is None else root / "now" / name,
        None if before is None else before.sha256,
        None if after is None else after.sha256,
    )


def test_what_was_found_is_written_back(base: str, bucket: Bucket, tmp_path: Path) -> None:
    now = tmp_path / "now"
    approval = approval_of((base, str(now)))
    assert isinstance(approval, ApprovalElsewhere)
    steps = [
        step_of(base, tmp_path, name, kind)
        for name, kind in (("a.png", "changed"), ("new.png", "new"), ("gone.png", "missing"))
    ]
    with approval.alone():
        assert all(map(approval.take, steps))
        assert bucket.keys() == ["base/a.png", "base/new.png"]
        assert bucket.get("base/a.png") == (now / "a.png").read_bytes()
        assert not any(map(approval.take, steps))  # the second time nothing is left to do


def test_a_dry_run_changes_nothing(base: str, bucket: Bucket, tmp_path: Path) -> None:
    approval = approval_of((base, str(tmp_path / "now")), dry_run=True)
    with approval.alone():
        assert approval.take(step_of(base, tmp_path, "a.png", "changed"))
    assert bucket.get("base/a.png") == (tmp_path / "old/a.png").read_bytes()


def test_an_object_that_has_changed_is_refused(base: str, bucket: Bucket, tmp_path: Path) -> None:
    approval = approval_of((base, str(tmp_path / "now")))
    put(tmp_path / "other.png", "of somebody else")
    for name in ("a.png", "new.png", "gone.png"):
        bucket.put(f"base/{name}", tmp_path / "other.png")
    for name, kind, why in (
        ("a.png", "changed", "the baseline has changed"),
        ("new.png", "new", "a baseline exists now"),
        ("gone.png", "missing", "the baseline has changed"),
    ):
        with pytest.raises(Refused, match=why):
            approval.take(step_of(base, tmp_path, name, kind))
        assert bucket.get(f"base/{name}") == (tmp_path / "other.png").read_bytes()


def test_one_that_changes_between_looking_and_writing_is_refused_by_the_store(
    base: str, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval = approval_of((base, str(tmp_path / "now")))
    put(tmp_path / "other.png", "of somebody else")
    put_object = S3.put

    def too_late(
        self: S3, address: Address, file: Path, expected: ObjectStamp | None, *, new: bool = False
    ) -> None:
        bucket.put(address.key, tmp_path / "other.png")
        monkeypatch.setattr(S3, "check_version", lambda *_, **__: None)  # it looked a moment before
        put_object(self, address, file, expected, new=new)

    monkeypatch.setattr(S3, "put", too_late)
    for name, kind, why in (("a.png", "changed", "has changed"), ("new.png", "new", "exists now")):
        with pytest.raises(Refused, match=why):
            approval.take(step_of(base, tmp_path, name, kind))
        assert bucket.get(f"base/{name}") == (tmp_path / "other.png").read_bytes()


def test_a_candidate_that_has_changed_or_is_no_picture_is_refused(
    base: str, bucket: Bucket, tmp_path: Path
) -> None:
    approval = approval_of((base, str(tmp_path / "now")))
    step = step_of(base, tmp_path, "a.png", "changed")
    put(tmp_path / "now/a.png", "rendered anew")
    with pytest.raises(Refused, match="the image has changed"):
        approval.take(step)
    (tmp_path / "now/a.png").write_bytes(b"#!/bin/sh")
    with pytest.raises(Refused):
        approval.take(step_of(base, tmp_path, "a.png", "changed"))
    with pytest.raises(Refused):
        approval.take(replace(step, name="../a.png", target=Path(f"{base}/../a.png")))
    assert bucket.get("base/a.png") == (tmp_path / "old/a.png").read_bytes()


def test_candidates_may_live_elsewhere_too(base: str, bucket: Bucket, tmp_path: Path) -> None:
    now = bucket.put_folder("now", tmp_path / "now")
    step = replace(step_of(base, tmp_path, "a.png", "changed"), source=Path(now) / "a.png")
    approval = approval_of((base, now))
    with approval.alone():
        assert approval.take(step)
    assert bucket.get("base/a.png") == (tmp_path / "now/a.png").read_bytes()
    here = approval_of((str(tmp_path / "old"), now))
    with here.alone():
        assert here.take(replace(step, target=tmp_path / "old/a.png"))
    assert (tmp_path / "old/a.png").read_bytes() == (tmp_path / "now/a.png").read_bytes()


def test_where_nothing_can_be_written_nothing_is_begun(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "now").mkdir()
    with pytest.raises(InvalidSetting, match="can only be read"):
        approval_of(("https://example.org/base", str(tmp_path / "now")))
    gone = approval_of((f"s3://{bucket.name}-gone/base", str(tmp_path / "now")))
    with pytest.raises(OutputUnwritable, match="no such object or bucket"), gone.alone():
        raise AssertionError
    assert type(approval_of((str(tmp_path), str(tmp_path / "now")))) is Approval
