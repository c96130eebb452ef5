"""Pairs of which a side is no file: a picture in memory, or one that came in on standard input."""

from __future__ import annotations

from dataclasses import dataclass

from percept_cli.images.picture import Decoded
from percept_cli.pairs import Pair


@dataclass(frozen=True)
class PairInMemory(Pair):
    """A pair of which at least one side is no file; its path is then the argument's name."""

    held: tuple[Decoded | None, Decoded | None] = (None, None)
    """Reference and candidate, where they are no files."""
