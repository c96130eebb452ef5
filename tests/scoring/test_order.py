"""The order of pairs: each once, and few pictures wait."""

from __future__ import annotations

from itertools import combinations, product
from random import Random

import pytest

from percept_cli.scoring.order import Line, order_of, uses_of

Edges = list[tuple[int, int]]


def most_waiting(pairs: Edges) -> int:
    """How many pictures have been looked at and are wanted again, or are being looked at, at most."""
    order = order_of(pairs)
    assert sorted(order) == list(range(len(pairs)))
    steps = [set(pairs[index]) for index in order]
    found = 0
    for step, now in enumerate(steps):
        before = set().union(*steps[:step])
        after = set().union(*steps[step:])
        found = max(found, len(now | (before & after)))
    return found


CHAIN = [(index, index + 1) for index in range(30)]
STAR = [(0, index) for index in range(1, 31)]
CLIQUE = list(combinations(range(10), 2))


@pytest.mark.parametrize(
    ("pairs", "most"),
    [
        (CHAIN, 2),
        (STAR, 2),
        (CLIQUE, 10),
        ([(a + 10 * group, b + 10 * group) for group in range(4) for a, b in CLIQUE], 10),
        (list(product(range(3), range(100, 130))), 5),
        ([(7, 7)], 1),
        ([], 0),
        # Four sets of distorted pictures that have the undistorted one in common.
        ([(a and a + 10 * group, b + 10 * group) for group in range(4) for a, b in CLIQUE], 11),
    ],
)
def test_few_pictures_wait(pairs: Edges, most: int) -> None:
    mixed = Random(1).sample(pairs, len(pairs))
    assert most_waiting(mixed) <= most


def test_the_order_is_one_of_pairs_whatever_tells_pictures_apart() -> None:
    names = [(f"{a}.png", f"{b}.png") for a, b in CLIQUE]
    assert order_of(names) == order_of(CLIQUE)


def test_uses_count_down() -> None:
    pairs = [("a", "b"), ("a", "c"), ("c", "c")]
    uses = uses_of(pairs, [1, 0, 2])
    assert uses == {"a": [1, 0], "b": [1], "c": [2, 0]}


def test_features_are_over_when_all_their_pictures_are() -> None:
    pairs = [("a", "b"), ("copy of a", "b")]
    line = Line(uses_of(pairs, [0, 1]))
    for picture in ("a", "copy of a"):
        line.belongs("features", picture)
    line.goes_with("gram", "features")
    line.belongs("other", "b")
    assert line.uses_left("b") == 2
    assert line.next_use("features") == 0
    assert line.over("a") == []
    assert line.over("b") == []
    assert line.next_use("features") == 1
    assert sorted(line.over("copy of a")) == ["features", "gram"]  # type: ignore[type-var] # names
    assert line.over("b") == ["other"]
