"""One part of a run that several jobs share, and where its pairs stand in the whole."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from percept_cli.errors import InvalidSetting

_BYTES = 8
_WRITTEN = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """A part of the pairs: which of how many, from 1."""

    index: int
    """Which one, from 1 to ``count``."""
    count: int
    """How many shards there are."""
    whole: int | None = None
    """Pairs of all shards together; None where that is not known, as in the middle of a stream."""

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count or (self.whole or 0) < 0:
            raise ValueError(f"there is no shard {self.index} of {self.count}")

    def __str__(self) -> str:
        """As it is typed: ``3/8``."""
        return f"{self.index}/{self.count}"

    def holds(self, name: str) -> bool:
        """Whether a pair of this name belongs to it.

        The first eight bytes of the SHA-256 of the name in UTF-8, as a number with the most significant byte
        first, modulo ``count``; 0 is shard 1. It depends on the name alone: one more picture moves no other.
        """
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:_BYTES]) % self.count == self.index - 1


@dataclass(frozen=True)
class Position:
    """Where a result of a shard stands in the whole run."""

    shard: int
    """As ``Shard.index``."""
    shards: int
    """As ``Shard.count``."""
    number: int
    """Counted from 1 over the pairs of all shards; numbers may be left out, but later pairs have larger ones."""


def parse_shard(text: str) -> Shard:
    """The shard that ``3/8`` stands for.

    Raises:
        InvalidSetting: if it is none.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise InvalidSetting(
            f"--shard must be two whole numbers such as 3/8, not {text!r}",
            hint="the first says which shard this job compares, from 1; the second how many shards there are.",
        )
    index, count = map(int, found.groups())
    if not count:
        raise InvalidSetting(f"--shard {text}: there must be at least one shard", hint="write 1/1 for all pairs.")
    if not 1 <= index <= count:
        of = (
            "the only shard of 1 is 1/1"
            if count == 1
            else f"shards of {count} are numbered 1/{count} to {count}/{count}"
        )
        from_0 = " A job counter that starts at 0 needs 1 added." if not index else ""
        raise InvalidSetting(f"--shard {text}: {of}", hint=f"give each job its own number.{from_0}")
    return Shard(index, count)
