"""Columns of a list, and what a row comes to; tests/pairs/test_manifests.py has the rest, file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.pairs.fields import Fields, check_columns


def test_a_row_is_named_by_its_unit() -> None:
    fields = Fields("list", Path("base"), "row")
    good = fields.pair(3, {"reference": "a.png", "candidate": "b.png", "threshold": "0.5", "id": 1})
    assert (good.name, good.reference, good.candidate) == ("b.png", Path("base/a.png"), Path("base/b.png"))
    assert (good.threshold, good.threshold_source, good.extra) == (0.5, "list, row 3", {"id": 1})
    bad = fields.pair(4, {"reference": "a.png", "candidate": ""})
    assert (bad.name, str(bad.trouble)) == ("row 4", "list, row 4: candidate is missing")


def test_columns() -> None:
    check_columns(["reference", "candidate", "height", "id"], "list")
    for columns, message in ((["a", "b", "a"], "the column a is given twice"), (["refrence"], "unknown column")):
        with pytest.raises(InvalidSetting, match=message):
            check_columns(columns, "list")


def test_dots_in_a_list_that_lives_elsewhere_lead_to_its_neighbours_and_not_out_of_its_bucket() -> None:
    fields = Fields("list", Path("s3://bucket/lists"))
    found = fields.pair(1, {"reference": "../base/a.png", "candidate": "./b.png"})
    assert (found.reference, found.candidate) == (Path("s3://bucket/base/a.png"), Path("s3://bucket/lists/b.png"))
    out = fields.pair(2, {"reference": "../../other/a.png", "candidate": "b.png"})
    assert "../../other/a.png leads out of the bucket" in str(out.trouble)


def test_addresses_in_a_list_are_whole_and_of_a_kind_that_is_known() -> None:
    fields = Fields("list", Path("here"), remote=True)
    assert "no image" in str(fields.pair(1, {"reference": "s3://bucket", "candidate": "b.png"}).trouble)
    assert "not a kind" in str(fields.pair(2, {"reference": "file:///a.png", "candidate": "b.png"}).trouble)


def test_an_address_in_a_list_is_fetched_only_if_that_is_asked_for() -> None:
    fields = {"reference": "s3://bucket/a.png", "candidate": "b.png"}
    closed = Fields("pairs.csv", Path("base")).pair(2, fields)
    assert closed.trouble is not None and "is not on this machine" in str(closed.trouble)
    assert "--remote" in closed.trouble.hint
    found = Fields("pairs.csv", Path("base"), remote=True).pair(2, fields)
    assert found.trouble is None and found.reference == Path("s3://bucket/a.png")
    assert found.candidate == Path("base/b.png")
    wrong = Fields("pairs.csv", Path("base"), remote=True).pair(2, fields | {"candidate": "s3://k:hush@b/a.png"})
    assert wrong.trouble is not None and "password" in str(wrong.trouble) and "hush" not in str(wrong.trouble)
