"""A likeness is plain data: it waits with its result for the report, and needs nothing to be read."""

from __future__ import annotations

import pickle
from dataclasses import replace

from percept_cli.results.pair import badness
from percept_cli.results.spool import Spool
from percept_cli.results.summary import summarise
from tests.support.runs import IN_A_PLACE, LIKE, PAIR


def test_it_waits_with_its_result() -> None:
    held, results = Spool(), [replace(PAIR, like=like) for like in (LIKE, IN_A_PLACE, None)]
    for result in results:
        held.add(result)
    assert list(held) == results
    held.close()
    assert pickle.loads(pickle.dumps(LIKE)) == LIKE != IN_A_PLACE


def test_it_says_nothing_of_the_verdict_nor_of_the_order() -> None:
    told = replace(PAIR, like=LIKE)
    assert badness(told) == badness(PAIR)
    assert summarise([told]) == summarise([PAIR])
