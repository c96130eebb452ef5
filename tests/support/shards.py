"""Runs of shards as data."""

from __future__ import annotations

from dataclasses import replace

from percept_cli.results.run import Run
from percept_cli.results.shard import Position, Shard


def shards_of(run: Run, count: int) -> list[Run]:
    """The runs that ``--shard`` would have made of it."""
    numbered = list(enumerate(run.results, start=1))
    runs = []
    for index in range(1, count + 1):
        shard = Shard(index, count, len(numbered))
        results = tuple(
            replace(result, position=Position(index, count, number))
            for number, result in numbered
            if shard.holds(result.name)
        )
        runs.append(replace(run, results=results, shard=shard))
    return runs
