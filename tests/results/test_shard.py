"""Which pairs belong to which shard: a promise that other programs and later versions rely on."""

from __future__ import annotations

import hashlib

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.results.shard import Shard, parse_shard

NAMES = [f"ui/page {index}.png" for index in range(400)] + ["é.png", "\udcff.png", ""]


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_every_name_is_in_one_shard(count: int) -> None:
    for name in NAMES:
        assert sum(Shard(index, count).holds(name) for index in range(1, count + 1)) == 1


def test_the_hash_is_the_one_that_is_documented() -> None:
    """By hand, and as a number that must never change."""
    digest = hashlib.sha256(b"ui/\xc3\xa9.png").hexdigest()
    index = int(digest[:16], 16) % 8 + 1
    assert [Shard(one, 8).holds("ui/é.png") for one in range(1, 9)].index(True) + 1 == index == 8
    assert Shard(2, 3).holds("charts/p0.png") == (
        int(hashlib.sha256(b"charts/p0.png").hexdigest()[:16], 16) % 3 == 1
    )


def test_shards_are_of_about_one_size() -> None:
    sizes = [sum(map(Shard(index, 4).holds, NAMES)) for index in range(1, 5)]
    assert min(sizes) > 70  # of 100 and a standard deviation of 9


def test_what_is_typed() -> None:
    assert parse_shard("3/8") == Shard(3, 8)
    assert str(parse_shard("1/1")) == "1/1"


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("0/8", "shards of 8 are numbered 1/8 to 8/8", "starts at 0 needs 1 added"),
        ("9/8", "shards of 8 are numbered 1/8 to 8/8", "its own number"),
        ("2/1", "the only shard of 1 is 1/1", "its own number"),
        ("1/0", "there must be at least one shard", "1/1"),
        ("a/b", "two whole numbers such as 3/8, not 'a/b'", "how many shards"),
        ("3", "two whole numbers", "how many shards"),
        ("-1/3", "two whole numbers", "how many shards"),
        ("1/3/5", "two whole numbers", "how many shards"),
        ("¹/³", "two whole numbers", "how many shards"),
        ("1/" + "9" * 5000, "two whole numbers", "how many shards"),
        ("", "two whole numbers", "how many shards"),
    ],
)
def test_what_is_no_shard(text: str, told: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_shard(text)
    assert told in str(caught.value)
    assert hint in caught.value.hint


def test_a_shard_that_cannot_be_is_none() -> None:
    for index, count in ((0, 3), (4, 3), (1, 0)):
        with pytest.raises(ValueError, match="there is no shard"):
            Shard(index, count)
