"""A source of pairs that fails, waits or is left."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.pairs import Pair, Pairs
from percept_cli.scoring import pipeline
from percept_cli.scoring.pipeline import Pipeline
from tests.support.pipeline_ends import PAIRS, SOON, Stand, drive, nobody_stays


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("after", [0, 1, 7, 12])
@pytest.mark.parametrize("error", [UnreadableImage, ZeroDivisionError, KeyboardInterrupt])
def test_a_source_that_fails_is_raised(
    error: type[BaseException], after: int, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)

    def pairs() -> Iterator[Pair]:
        yield from PAIRS[:after]
        raise error("why")

    assert type(drive(Pipeline(Stand()), Pairs(pairs(), live=live))) is error
    assert nobody_stays()


@pytest.mark.parametrize("live", [False, True])
def test_who_loses_interest_leaves_no_thread(live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are out of room, and the source has more than anybody takes."""
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    monkeypatch.setattr(pipeline, "BYTES_IN_FLIGHT", 100)
    endless = (PAIRS[0] for _ in iter(int, 1))

    def use(how: str) -> None:
        found = Pipeline(Stand(most=1), workers=3).results(Pairs(endless, live=live))
        next(found)
        if how == "close":
            found.close()
        elif how == "raise":
            raise ZeroDivisionError

    for how in ("close", "drop"):
        use(how)
        gc.collect()
        assert nobody_stays()
    with pytest.raises(ZeroDivisionError):
        use("raise")
    gc.collect()
    assert nobody_stays()


@pytest.mark.parametrize("state", ["read", "parts", "start", "result", "finish", "source"])
def test_ctrl_c_ends_it_in_every_state(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real signal, while the thread that hands out results waits for a reader, for a source, or works itself."""
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    over = threading.Event()
    interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))

    def fault(at: str, name: str) -> None:
        if at == state and name == "pair 5" and not interrupt.ident:
            interrupt.start()
            over.wait(SOON)

    def pairs() -> Iterator[Pair]:
        yield from PAIRS
        fault(state, "pair 5" if state == "source" else "")

    found = Pipeline(Stand(fault)).results(Pairs(pairs(), live=state == "source"))
    with pytest.raises(KeyboardInterrupt):
        list(found)
    over.set()
    interrupt.join()
    assert nobody_stays()


def test_stop_ends_the_wait_for_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    over = threading.Event()

    def pairs() -> Iterator[Pair]:
        yield PAIRS[0]
        threading.Timer(0.05, line.stop).start()
        over.wait(SOON)

    line = Pipeline(Stand())
    found = drive(line, Pairs(pairs(), live=True))
    assert not isinstance(found, BaseException)
    assert len(found) == 1
    assert line.stopped_early
    over.set()
    assert nobody_stays()
