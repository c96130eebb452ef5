"""Pairs → what a run would do with each of them: found out without opening an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from percept_cli.errors import PerceptError
from percept_cli.formats.files import size_of
from percept_cli.judging.checks import GateJudge
from percept_cli.pairs import Pair
from percept_cli.scoring.readers import Known, refuse_special
from percept_cli.scoring.scorer import Scorer
from percept_cli.system.names import posix

Action = Literal["compare", "reuse", "new", "missing", "error"]
"""``compare``: read and compared. ``reuse``: taken from an earlier run. ``new``, ``missing``: has no counterpart.
``error``: known to fail before anything is read."""
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True)
class Foreseen:
    """What would become of one image, with all its references, or of one pair of a list."""

    name: str
    action: Action
    references: tuple[str, ...]
    """With ``/`` as separator; none of a new image."""
    candidate: str | None
    """Likewise; None of a missing one."""
    bytes: int
    """Of all files that would be read for it."""
    reason: str
    """In words; empty where it is simply compared or reused."""


@dataclass
class Forecast:
    """Gone through once; the numbers are those of what has been gone through.

    Args:
        pairs: in their order; several references of one image are neighbours.
        scorer: by whose rules they would be compared.
        known: results of an earlier run.
    """

    pairs: Iterable[Pair]
    scorer: Scorer
    known: Known | None = None
    counts: dict[Action, int] = field(default_factory=lambda: dict.fromkeys(ACTIONS, 0))
    bytes: int = 0
    """Of all files that would be read; a reference that neighbours share counts once."""
    without_size: int = 0
    """Of these, the files whose size a server does not say."""
    _read: set[Path] = field(default_factory=set)
    """By the image before this one."""

    def __iter__(self) -> Iterator[Foreseen]:
        """One for each image, or pair of a list."""
        for group in _by_image(self.pairs):
            foreseen = self._of(group)
            self.counts[foreseen.action] += 1
            self.bytes += foreseen.bytes
            yield foreseen

    def _of(self, group: list[Pair]) -> Foreseen:
        """An image is compared if one of its references must be, and fails where none of them can be."""
        first, read = group[0], dict[Path, int | None]()
        found = [self._one(pair, read) for pair in group]
        best = min(found, key=lambda one: ("compare", "reuse", "new", "missing", "error").index(one[0]))
        own = {path: size for path, size in read.items() if path not in self._read}
        self._read = set(read)
        self.without_size += list(own.values()).count(None)
        return Foreseen(
            first.name,
            best[0],
            tuple(posix(pair.reference) for pair in group if pair.reference is not None),
            None if first.candidate is None else posix(first.candidate),
            sum(size or 0 for size in own.values()),
            best[1],
        )

    def _one(self, pair: Pair, read: dict[Path, int | None]) -> tuple[Action, str]:
        """What becomes of a pair, and why; the files that it needs are noted with their sizes."""
        try:
            if pair.trouble is not None:
                raise pair.trouble
            if pair.reference is None or pair.candidate is None:
                if isinstance(self.scorer.judge, GateJudge):  # which reads it for what identifies it
                    self._note(pair, read)
                result = self.scorer.unmatched(pair, reads=False)
                return "new" if pair.reference is None else "missing", result.reason
            if self.known is not None and self.known.look_up(pair) is not None:
                return "reuse", ""
            refuse_special(pair.reference, pair.candidate)
            self._note(pair, read)
        except PerceptError as error:
            return "error", self.scorer.failed(pair, error).reason
        return "compare", ""

    def _note(self, pair: Pair, read: dict[Path, int | None]) -> None:
        limits = self.scorer.spec.pictures.limits
        for side in (pair.reference, pair.candidate):
            if side is not None:
                read[side] = size_of(side, limits)


def _by_image(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    group = list[Pair]()
    for pair in pairs:
        if group and (pair.matched is None or pair.matched[0] == 1):
            yield group
            group = []
        group.append(pair)
    if group:
        yield group
