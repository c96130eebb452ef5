"""Threads that read ahead: one that fails, and none at all."""

from __future__ import annotations

import threading

import pytest

from percept_cli.errors import DeviceOutOfMemory, UnreadableImage
from percept_cli.pairs import Pairs
from percept_cli.scoring.pipeline import Pipeline
from tests.support.pipeline_ends import PAIRS, FileGone, Stand, drive, nobody_stays


def test_an_error_while_a_row_of_another_is_made_is_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two sizes, files are read once more for what identifies them; they may just have gone."""
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)

    def fault(at: str, name: str) -> None:
        if name == "pair 3" and at in ("read", "failed"):
            raise UnreadableImage("first") if at == "read" else FileGone("then")

    found = drive(Pipeline(Stand(fault)), Pairs(PAIRS))
    assert not isinstance(found, BaseException)
    assert [(result.name, result.reason) for result in found if result.status == "error"] == [("pair 3", "then")]
    assert nobody_stays()


def test_no_thread_to_read_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    line = Pipeline(Stand())
    with monkeypatch.context() as patch, pytest.raises(DeviceOutOfMemory, match="cannot start a thread"):
        patch.setattr(threading.Thread, "start", start)
        list(line.results(Pairs(PAIRS)))
    # Some are enough.
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    real, started = threading.Thread.start, list[threading.Thread]()

    def once(thread: threading.Thread) -> None:
        if thread.name == "percept-read":
            if started and started[-1].is_alive():
                raise RuntimeError("can't start new thread")
            started.append(thread)
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", once)
    found = drive(Pipeline(Stand(), workers=4), Pairs(PAIRS))
    assert not isinstance(found, BaseException)
    assert len(found) == len(PAIRS)
