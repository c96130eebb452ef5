"""Which reference belongs to which candidate: two files, two folders, one and a folder, a manifest, a stream."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from percept_cli.errors import PerceptError
from percept_cli.results.shard import Position, Shard
from percept_cli.system.names import posix


@dataclass(frozen=True)
class Pair:
    """One comparison to make, or one that cannot be made."""

    name: str
    """What reports call it."""
    reference: Path | None
    """None for a ``new`` picture."""
    candidate: Path | None
    """None for a ``missing`` picture."""
    threshold: float | None = None
    """The pair's own threshold, or None for the run's."""
    threshold_source: str = ""
    """Where its own threshold came from, in words."""
    weight: float = 1.0
    """Weight in the weighted mean."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of its line in a manifest."""
    shared: bool = False
    """Whether neighbouring pairs have the same reference, so that its features are worth keeping."""
    matched: tuple[int, int] | None = None
    """Of several references of one candidate: which this is, from 1, and how many there are."""
    variant: str | None = None
    """Of which variant the reference is an alternate; None of a baseline, and of other references."""
    trouble: PerceptError | None = None
    """Why the pair cannot be compared, found while pairing."""
    hint: str = ""
    """Why it may have no counterpart, in words."""
    position: Position | None = None
    """Of a shard: where it stands in the whole run."""


@dataclass(frozen=True)
class Pairs:
    """Where pairs come from."""

    pairs: Iterable[Pair]
    """In the order of the results; read once."""
    total: int | None = None
    """How many, where that is known."""
    inputs: Iterable[Path] = ()
    """Files that no output may overwrite, as far as they are known beforehand."""
    notes: tuple[str, ...] = ()
    """What a person should know: files left out, links not followed."""
    origin: tuple[str, str] | None = None
    """Reference and candidate as they were given, where these are folders."""
    live: bool = False
    """Whether another program writes the pairs as it goes and may wait for each answer."""
    shard: Shard | None = None
    """Which part of a run they are; None where they are all of it."""
    read: Callable[[], int] | None = None
    """Of a shard of a stream: how many pairs of all shards have been read."""


def pair_of_files(reference: str | os.PathLike[str], candidate: str | os.PathLike[str]) -> Pair:
    """Two files as a pair, named after the candidate as it was given, with ``/`` as the separator."""
    return Pair(posix(candidate), Path(reference), Path(candidate))
