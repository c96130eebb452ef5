"""In which order pairs are measured, so that few pictures wait for their partners at a time."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from heapq import heappop, heappush


def order_of(pairs: Sequence[tuple[Hashable, Hashable]]) -> list[int]:
    """The pairs' places in the order in which they are best measured.

    Pictures get ranks: first one of few partners, then always the one with the most partners that have a rank; of
    several the one that was met first. A pair comes when its later picture does. So of a chain two pictures wait
    at a time, of a reference and its candidates two, of two groups whose members meet little more than the smaller
    one, of pictures that all meet all of them. The pairs of a picture are taken forth and back in turn: those that
    were looked at last are the first to be looked at again.

    Args:
        pairs: two pictures each, by anything that tells them apart.
    """
    partners: dict[Hashable, dict[Hashable, None]] = {}  # in the order of the input
    for one, other in pairs:
        partners.setdefault(one, {})[other] = None
        partners.setdefault(other, {})[one] = None
    ranks: dict[Hashable, int] = {}
    met: dict[Hashable, int] = {}
    count = dict.fromkeys(partners, 0)  # of partners that have a rank
    for first in sorted(partners, key=lambda picture: len(partners[picture])):
        met.setdefault(first, len(met))
        waiting: list[tuple[int, int, Hashable]] = [(0, met[first], first)]
        while waiting:
            *_, picture = heappop(waiting)
            if picture in ranks:  # it was put in again when its count grew
                continue
            ranks[picture] = len(ranks)
            for other in partners[picture]:
                count[other] += 1
                if other not in ranks:
                    heappush(waiting, (-count[other], met.setdefault(other, len(met)), other))

    def place(index: int) -> tuple[int, int]:
        earlier, later = sorted(ranks[picture] for picture in pairs[index])
        return later, earlier if later % 2 else -earlier

    return sorted(range(len(pairs)), key=place)


def uses_of(pairs: Sequence[tuple[Hashable, Hashable]], order: Sequence[int]) -> dict[Hashable, list[int]]:
    """At which steps of an order each picture is looked at, the last first, so that what is over is popped."""
    uses: dict[Hashable, list[int]] = {}
    for step in range(len(order) - 1, -1, -1):
        for picture in dict.fromkeys(pairs[order[step]]):
            uses.setdefault(picture, []).append(step)
    return uses


class Line:
    """Where a run is, and when which picture is wanted again.

    Args:
        uses: of each picture, the steps at which it is looked at, the last first.
    """

    def __init__(self, uses: dict[Hashable, list[int]]) -> None:
        self._uses = uses
        self._owners: dict[Hashable, set[Hashable]] = {}  # features → the pictures that have them
        self.step = 0

    def uses_left(self, picture: Hashable) -> int:
        """At how many steps a picture is looked at, this one included."""
        return len(self._uses[picture])

    def belongs(self, features: Hashable, picture: Hashable) -> None:
        """Features are a picture's: those of two files with the same pixels are the same."""
        self._owners.setdefault(features, set()).add(picture)

    def goes_with(self, other: Hashable, features: Hashable) -> None:
        """Something is wanted as long as features are."""
        self._owners[other] = self._owners[features]

    def next_use(self, features: Hashable) -> float:
        """The step at which features are wanted next; this one included."""
        return min((self._uses[picture][-1] for picture in self._owners[features]), default=0)

    def over(self, picture: Hashable) -> list[Hashable]:
        """This step of a picture is done: which features nobody wants any more."""
        self._uses[picture].pop()
        if self._uses[picture]:
            return []
        gone = []
        for features, owners in list(self._owners.items()):
            owners.discard(picture)
            if not owners:
                del self._owners[features]
                gone.append(features)
        return gone
