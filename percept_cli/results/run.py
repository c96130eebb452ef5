"""Plain results: all that one invocation found, as frozen data without torch, rich or click."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from percept_cli.errors import ExitCode
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult
from percept_cli.results.shard import Shard
from percept_cli.results.summary import Summary, summarise

RunKind = Literal["compare", "batch", "check"]
"""``compare``: one pair, told layer by layer. ``batch``: many pairs, each with a distance. ``check``: pairs judged
by gates."""


@dataclass(frozen=True)
class Run:
    """All results of one invocation, with the recipe that makes the numbers comparable."""

    version: str
    """percept's version."""
    spec: DistanceSpec
    """Everything that can move the number."""
    device: str
    """Where the network ran, or would have: ``cpu``, ``cuda:0``, ``mps``; ``none`` when no pair needed it."""
    results: Collection[PairResult]
    """One result per pair, in the order of the input; may be read from disk each time it is gone through."""
    kind: RunKind = "batch"
    complete: bool = True
    """False where the run ended before its last pair: interrupted, or stopped by ``--fail-fast``."""
    allow_empty: bool = False
    """Whether a run that compares nothing is a success."""
    allow_unmatched: bool = False
    """Whether pictures without a counterpart are no failure."""
    folders: tuple[str, str] | None = None
    """Reference and candidate folder as they were given, where folders were compared."""
    origin: tuple[str, str] | None = None
    """What was given as reference and candidate of many pairs: folders, or files; None for lists and streams."""
    shard: Shard | None = None
    """Which part of a run this is; None where it is all of it."""
    engine: str | None = None
    """What computed convolutions, as ``PERCEPT_CONVOLUTION`` names it, such as ``avx2`` or ``torch``; None when no
    pair needed them, and in reports that do not say it. It moves no number by more than 1e-6 of it."""
    ended_with: ExitCode | None = None
    """What the process exits with where the results do not say it: after an interrupt, or as a report states."""

    @property
    def fingerprint(self) -> str:
        """The recipe's short name; equal fingerprints mean comparable numbers."""
        return self.spec.fingerprint

    @cached_property
    def summary(self) -> Summary:
        """Counts per status and statistics of the distances."""
        return summarise(self.results)

    @cached_property
    def exit_code(self) -> ExitCode:
        """The worst that happened; 4 instead of 3 if all errors are for want of memory, or of the machine."""
        found = self.summary
        if found.errors and all(result.unavailable for result in self.results if result.status == "error"):
            return ExitCode.UNAVAILABLE
        if found.errors or (not found.pairs and self.complete and not self._may_be_empty):
            return ExitCode.INPUT
        if found.failed or found.new + found.missing > self.allowed:
            return ExitCode.ABOVE
        return ExitCode.WITHIN

    @property
    def _may_be_empty(self) -> bool:
        """A shard may have no pairs to compare where the whole run has any: the merged report judges that."""
        return self.allow_empty or (self.shard is not None and bool(self.shard.whole))

    @property
    def allowed(self) -> int:
        """How many of the new and the missing are no failure."""
        return self.summary.new + self.summary.missing if self.allow_unmatched else self.summary.allowed
