"""The pipeline ends: whatever fails, wherever, it hands out a row or raises, and no thread of it stays.

The scorer is a stand-in without pictures or torch, so that every place can be made to fail in every way.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from percept_cli.engine.plan import plan_pair
from percept_cli.errors import (
    DeviceOutOfMemory,
    ExitCode,
    LibraryUnavailable,
    PerceptError,
    UnreadableImage,
    WeightsUnavailable,
)
from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes.presets import load_preset
from percept_cli.results.run import PairResult, Run
from percept_cli.scoring import pipeline
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from tests.conftest import ROOT, Percept, Save

SPEC = load_preset("default").spec
SOON = 30.0
"""Seconds. Everything here is over in a few thousandths of one; a machine may be busy."""

Fault = Callable[[str, str], None]
"""Called with the name of a step and of a pair; may raise."""


class Stand(Scorer):
    """Goes through all steps of a scorer with pictures of 100 bytes that are not there."""

    def __init__(self, fault: Fault = lambda *_: None, *, most: int = 4) -> None:
        super().__init__(SPEC, device="cpu")
        self.fault = fault
        self.__dict__["engine"] = SimpleNamespace(depth=2, batch_size=lambda *_: most, device="cpu")

    def read(self, pair: Pair, references: Any = None) -> Any:  # noqa: ARG002 - as a scorer's
        self.fault("read", pair.name)
        plan = SimpleNamespace(height=5, width=5, crops=() if pair.name.startswith("equal") else (_CROP,))
        return SimpleNamespace(pair=pair, sights=(SimpleNamespace(plan=plan),), bytes=100, seconds=0.0)

    def parts(self, reading: Any) -> Any:
        self.fault("parts", reading.pair.name)
        part = SimpleNamespace(key=1, piece=SimpleNamespace(crop=_CROP), sight=None, name=reading.pair.name)
        return [part, part]

    def start(self, parts: Any) -> Any:
        def result() -> list[int]:
            for part in parts:
                self.fault("result", part.name)
            return [0] * len(parts)

        for part in parts:
            self.fault("start", part.name)
        return SimpleNamespace(result=result)

    def finish(self, reading: Any, found: Any, seconds: float) -> PairResult:  # noqa: ARG002 - as a scorer's
        self.fault("finish", reading.pair.name)
        plan = plan_pair(SPEC, height=32, width=32, changed=False)
        distances, stamps = [0.0] * len(SPEC.layers), (None, None)
        return self.of_distances(
            reading.pair, plan=plan, size=(32, 32), distances=distances, stamps=stamps, seconds=0
        )

    def failed(self, pair: Pair, error: PerceptError) -> PairResult:
        if not isinstance(error, FileGone):
            self.fault("failed", pair.name)
        return super().failed(pair, error)


class FileGone(UnreadableImage):
    """What comes up while the row of another error is made."""


_CROP = SimpleNamespace(pixels=SimpleNamespace(width=5, height=5, pixels=25))
PAIRS = [Pair(f"{'equal' if index % 5 == 4 else 'pair'} {index}", Path("a"), Path("b")) for index in range(12)]


def soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + SOON
    while not condition() and time.monotonic() < until:
        time.sleep(0.002)
    return condition()


def nobody_stays() -> bool:
    return soon(lambda: not [one for one in threading.enumerate() if one.name.startswith("percept-")])


def drive(line: Pipeline, source: Pairs) -> list[PairResult] | BaseException:
    """All results, or what was raised, in a thread that must come to its end."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append([result for result, _ in line.results(source)])
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SOON)
    assert not thread.is_alive(), "the pipeline waits"
    return found[0]  # type: ignore[no-any-return] # as run fills it in


def failing(step: str, error: type[BaseException], which: Callable[[int], bool]) -> Fault:
    def fault(at: str, name: str) -> None:
        if at == step and which(int(name.split()[1])):
            raise error("why")

    return fault


ROWS = (UnreadableImage, DeviceOutOfMemory, MemoryError)
RAISED = (WeightsUnavailable, LibraryUnavailable, ZeroDivisionError, KeyboardInterrupt, SystemExit)
WHICH: dict[str, Callable[[int], bool]] = {
    "first": lambda index: index == 0,
    "equal": lambda index: index == 4,
    "last": lambda index: index == 11,
    "some": lambda index: index % 3 == 1,
    "all": lambda _: True,
}


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("step", ["read", "parts", "start", "result", "finish"])
def test_an_error_is_a_row_or_is_raised(
    step: str, which: str, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "PAIRS_IN_FLIGHT", 5)
    monkeypatch.setattr(pipeline, "BYTES_IN_FLIGHT", 250)  # three pairs are more than fit
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    unseen = {index for index in range(12) if index % 5 == 4} if step in ("parts", "start", "result") else set()
    hit = {index for index in range(12) if WHICH[which](index)} - unseen
    for error in (*ROWS, *RAISED):
        line = Pipeline(Stand(failing(step, error, WHICH[which])), workers=2)
        found = drive(line, Pairs(iter(PAIRS), live=live))
        row = error in ROWS and not (error is UnreadableImage and step in ("start", "result"))
        if not hit or row:
            assert not isinstance(found, BaseException), found
            assert [result.name for result in found] == [pair.name for pair in PAIRS]
            failed = {index for index, result in enumerate(found) if result.status == "error"}
            # Parts that were computed together are lost together.
            assert failed >= hit if step == "result" else failed == hit
            run = Run(version="1", spec=SPEC, device="cpu", results=found)
            code = ExitCode.INPUT if error is UnreadableImage else ExitCode.UNAVAILABLE
            assert run.exit_code == (code if hit else ExitCode.WITHIN)
        else:
            assert type(found) is error
        assert line._readers.held == 0 or isinstance(found, BaseException)
    assert nobody_stays()


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


def test_a_picture_that_is_gone_between_two_readings_is_a_row(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the real judge, which was told of the sizes and reads the files again for their hashes."""
    from percept_cli.images.views import looks
    from percept_cli.judging.checks import GateJudge
    from percept_cli.judging.rules import Rules
    from percept_cli.scoring import scorer

    pair = Pair("x", save("a.png"), save("b.png", width=50))

    def vanishing(*arguments: Any) -> Any:
        (tmp_path / "b.png").unlink(missing_ok=True)
        return looks(*arguments)

    monkeypatch.setattr(scorer, "looks", vanishing)
    found = drive(Pipeline(Scorer(load_preset("render").spec, GateJudge(Rules()))), Pairs([pair]))
    assert not isinstance(found, BaseException)
    assert [(result.status, "b.png: no such file" in result.reason) for result in found] == [("error", True)]


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


def test_a_note_that_cannot_be_told_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)

    def say(_: str) -> None:
        raise BrokenPipeError

    line = Pipeline(Stand(failing("start", DeviceOutOfMemory, lambda index: index > 0)), workers=1, say=say)
    assert isinstance(drive(line, Pairs([PAIRS[1], PAIRS[2], PAIRS[0]])), BrokenPipeError)
    assert nobody_stays()


def test_a_pipeline_may_be_used_again_after_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.scoring.readers._refuse_special", lambda _: None)
    line = Pipeline(Stand(failing("read", ZeroDivisionError, lambda index: index == 3)))
    assert isinstance(drive(line, Pairs(PAIRS)), ZeroDivisionError)
    line._scorers.base.fault = lambda *_: None  # type: ignore[attr-defined] # a Stand
    for _ in range(2):
        found = drive(line, Pairs(PAIRS))
        assert not isinstance(found, BaseException)
        assert [result.name for result in found] == [pair.name for pair in PAIRS]


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


def test_no_thread_to_read_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    line = Pipeline(Stand())
    with monkeypatch.context() as patch, pytest.raises(DeviceOutOfMemory, match="no thread can be started"):
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


_ABANDONED = """
import sys
from percept_cli.scoring import pipeline, readers
from percept_cli.pairs import Pairs
from percept_cli.scoring.pipeline import Pipeline
from tests.test_pipeline_ends import PAIRS, Stand

pipeline.BYTES_IN_FLIGHT = 100
readers._refuse_special = lambda _: None
kept = Pipeline(Stand(most=1), workers=3).results(Pairs(PAIRS * 100, live=sys.argv[1] == "live"))
print(next(kept)[0].name)
"""


@pytest.mark.parametrize("live", ["live", "known"])
def test_an_abandoned_run_does_not_keep_the_program(live: str) -> None:
    command = [sys.executable, "-c", _ABANDONED, live]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SOON * 3, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "pair 0\n", "")


@pytest.mark.parametrize("command", ["batch", "check", "compare"])
def test_too_little_memory_is_said_at_once(percept: Percept, save: Save, tmp_path: Path, command: str) -> None:
    """Less than the process has already, so that nothing is left for features."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for index in range(2):
            save(f"{folder}/{index}.png", seed=index + 10 * (folder == "b"))
    sides = ["a/0.png", "b/0.png"] if command == "compare" else ["a", "b"]
    done = percept(command, *sides, "--max-memory", "1MB")
    assert done.returncode == ExitCode.UNAVAILABLE
    assert "0 MB are left for features of the 1 MB allowed" in " ".join((done.stdout + done.stderr).split())


def test_a_broken_file_besides_is_exit_code_3(percept: Percept, save: Save, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/0.png", seed=folder == "b")
        (tmp_path / folder / "1.png").write_text(folder)
    done = percept("batch", "a", "b", "--max-memory", "1MB", "--format", "jsonl")
    assert done.returncode == ExitCode.INPUT
    assert ['"unavailable": true' in line for line in done.stdout.splitlines()] == [True, False]
