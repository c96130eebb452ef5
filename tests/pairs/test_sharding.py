"""Pairs of folders, lists and streams, shard by shard: each once, and in their order."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from percept_cli.judging.assigned import assigned
from percept_cli.judging.rulebook import Override, RuleBook
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.folders import pair_folders
from percept_cli.pairs.manifests import read_manifest
from percept_cli.pairs.sharding import sharded
from percept_cli.results.shard import Shard


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def in_order(parts: list[list[Pair]]) -> list[str]:
    """Names of the pairs of all shards, as their positions have them."""
    found = [pair for part in parts for pair in part]
    numbers = [pair.position.number for pair in found if pair.position is not None]
    assert len(numbers) == len(set(numbers)) == len(found)
    for part in parts:  # each in order by itself
        own = [pair.position.number for pair in part if pair.position is not None]
        assert own == sorted(own)
    return [name for _, name in sorted(zip(numbers, (pair.name for pair in found), strict=True))]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_shards_of_folders_are_the_whole(tmp_path: Path, count: int) -> None:
    names = [f"{folder}/{index}.png" for folder in "ab" for index in range(6)]
    left, right = fill(tmp_path / "l", *names), fill(tmp_path / "r", *names[1:], "new.png")
    whole = [pair.name for pair in pair_folders(left, right).pairs]
    parts = []
    for index in range(1, count + 1):
        part = sharded(pair_folders(left, right), Shard(index, count))
        assert part.shard == Shard(index, count, len(whole))
        parts.append(list(part.pairs))
        assert part.total == len(parts[-1])
    assert in_order(parts) == whole


def test_one_more_image_moves_no_other(tmp_path: Path) -> None:
    names = [f"{index}.png" for index in range(20)]
    left, right = fill(tmp_path / "l", *names), fill(tmp_path / "r", *names)

    def shards() -> dict[str, int]:
        parts = {index: sharded(pair_folders(left, right), Shard(index, 4)) for index in range(1, 5)}
        return {pair.name: index for index, part in parts.items() for pair in part.pairs}

    before = shards()
    fill(left, "00.png", "m.png")
    fill(right, "00.png", "new.png")
    after = shards()
    assert after == before | {name: after[name] for name in ("00.png", "m.png", "new.png")}


@pytest.mark.parametrize("count", [1, 3])
def test_shards_of_a_list(tmp_path: Path, count: int) -> None:
    """Names that stand there twice are in one shard, and neighbours with one reference are known as such."""
    rows = [{"reference": "a.png", "candidate": f"{index % 9}.png"} for index in range(27)]
    rows.append({"reference": ""})
    (tmp_path / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    name = str(tmp_path / "pairs.jsonl")
    whole = [pair.name for pair in read_manifest(name).pairs]
    parts = []
    for index in range(1, count + 1):
        part = read_manifest(name, Shard(index, count))
        assert part.shard == Shard(index, count, 28)
        parts.append(list(part.pairs))
        assert part.total == len(parts[-1]) > 0
    assert in_order(parts) == whole
    assert all(pair.shared for pair in parts[0] if pair.reference is not None)


def test_a_shard_of_a_stream_knows_the_whole_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f'{{"reference": "a.png", "candidate": "{index}.png"}}\n' for index in range(30))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = read_manifest("-", Shard(2, 3))
    assert (found.total, found.shard) == (None, Shard(2, 3))
    assert found.read is not None
    pairs = iter(found.pairs)
    first = next(pairs)
    assert first.position is not None
    assert found.read() == first.position.number < 30
    assert 4 < len(list(pairs)) < 16
    assert found.read() == 30


def test_pairs_of_several_references_stay_together_and_count_as_one(tmp_path: Path) -> None:
    names = [f"{index}.png" for index in range(8)]
    left = fill(tmp_path / "l", *names, *(f"{index}.alt.png" for index in range(8)))
    right = fill(tmp_path / "r", *names)
    override = Override(1, ("*.png",), {"references": ("{stem}.alt.png",)})
    total = 0
    for index in range(1, 4):
        book = RuleBook(overrides=[override])
        part = sharded(assigned(pair_folders(left, right), book), Shard(index, 3))
        pairs = list(part.pairs)
        assert part.total == len(pairs) / 2 == len({pair.name for pair in pairs})
        assert book.notes == []  # also where the shard has none of the override's images
        assert part.shard == Shard(index, 3, 8)
        total += part.total
    assert total == 8


def test_without_a_shard_nothing_changes() -> None:
    pairs = Pairs([])
    assert sharded(pairs, None) is pairs
