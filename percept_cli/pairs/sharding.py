"""Pairs → those of one shard, each with its position in the whole run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from percept_cli.pairs import Pair, Pairs
from percept_cli.results.shard import Position, Shard


class Sharded(Iterable[Pair]):
    """The pairs of a shard, as they are read."""

    def __init__(self, pairs: Iterable[Pair], shard: Shard) -> None:
        self._pairs, self._shard = pairs, shard
        self.read = 0
        """Pairs of all shards that have been read."""

    def __iter__(self) -> Iterator[Pair]:
        for pair in self._pairs:
            self.read += 1
            if self._shard.holds(pair.name):
                yield replace(pair, position=Position(self._shard.index, self._shard.count, self.read))


def sharded(pairs: Pairs, shard: Shard | None) -> Pairs:
    """The pairs of a shard, out of folders or a stream; without a shard, all.

    Pairs of one name, as of several references, belong to the same shard.
    """
    if shard is None:
        return pairs
    found = Sharded(pairs.pairs, shard)
    if pairs.total is None:
        return replace(pairs, pairs=found, shard=shard, read=lambda: found.read)
    kept = list(found)
    total = sum(1 for _ in groupby(kept, key=lambda pair: pair.name))
    return replace(pairs, pairs=kept, total=total, shard=replace(shard, whole=pairs.total))
