"""The pipeline: same numbers as one by one, in order, within bounds, whatever fails."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from percept_cli.errors import (
    DeviceOutOfMemory,
    DeviceUnavailable,
    ExitCode,
    InvalidSetting,
    LibraryUnavailable,
    UnreadableImage,
    UnusablePair,
    WeightsUnavailable,
)
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.scoring import pipeline
from percept_cli.scoring.pipeline import Pipeline, worker_count
from percept_cli.scoring.scorer import Scorer
from tests.conftest import ROOT, Percept, Save
from tests.support.fake_cuda import FakeCuda, OnCpu
from tests.support.pipeline_ends import PAIRS, SOON, SPEC, Fault, Stand, drive, nobody_stays
from tests.support.pipelines import CHEAP, DEFAULT, scores

SIZES = ((40, 30), (64, 48), (17, 16), (8, 5))


@pytest.fixture
def mixed(save: Save) -> list[Pair]:
    """Twenty pairs of four sizes, three of them equal."""
    pairs = []
    for index in range(20):
        width, height = SIZES[index % 4 if index % 5 else 0]
        reference = save(f"{index}-r.png", width, height, seed=index)
        candidate = save(f"{index}-c.png", width, height, seed=index if index % 7 == 3 else index + 50)
        pairs.append(pair_of_files(reference, candidate))
    return pairs


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3, "workers": 1},
        *(pytest.param(one, marks=pytest.mark.slow) for one in ({}, {"batch_size": 1}, {"workers": 7})),
    ],
)
def test_batched_is_single_and_in_order(mixed: list[Pair], options: dict[str, Any], device: str) -> None:
    scorer = Scorer(DEFAULT, device=device)
    alone = [scorer.score(pair) for pair in mixed]
    together = scores(mixed, device=device, **options)
    assert [result.name for result in together] == [pair.name for pair in mixed]
    assert [result.distance == 0 for result in together] == [result.distance == 0 for result in alone]
    for one, other in zip(alone, together, strict=True):
        # The contract. On the machines seen so far the digits are all the same.
        expected = [layer.distance for layer in one.layers]
        assert [layer.distance for layer in other.layers] == pytest.approx(expected, rel=1e-6, abs=0)
        assert other.notes == one.notes
        assert other.reference_file == one.reference_file


def test_what_does_not_fit_a_gpu_is_halved_and_keeps_its_digits(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a stand-in for CUDA, since this machine may have none; the convolutions are real."""
    pairs = [pair_of_files(save(f"{n}-r.png", seed=n), save(f"{n}-c.png", seed=n + 50)) for n in range(7)]
    expected = [result.distance for result in scores(pairs, CHEAP)]
    cuda, said = FakeCuda(monkeypatch), list[str]()
    # Two pairs of 40×30 pixels are four pictures with a border, of 64 channels.
    with OnCpu(cuda, most=4 * 64 * 42 * 32):
        found = scores(pairs, CHEAP, device="cuda", batch_size=7, workers=1, say=said.append)
    assert [result.status for result in found] == ["measured"] * 7
    # Direct sums as on a GPU, Winograd's on the CPU: some 1e-6 of the features each, of other pictures.
    assert [result.distance for result in found] == pytest.approx(expected, rel=1e-4)
    assert said
    assert all("do not fit into the memory of device cuda:0; continuing with" in words for words in said)
    assert cuda.log.count("wait") >= 4


def test_trouble_takes_its_place_in_the_order(save: Save, tmp_path: Path, device: str) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    (tmp_path / "bad.png").write_text("x")
    pairs = [
        Pair("line 1", None, None, trouble=UnusablePair("line 1: not JSON", hint="write JSON.")),
        Pair("bad", reference, tmp_path / "bad.png"),
        Pair("fine", reference, candidate, weight=2.0, extra={"id": 1}, threshold=0.0, threshold_source="line 3"),
        Pair("new", None, candidate),
        Pair("missing", reference, None),
        Pair("gone", reference, tmp_path / "gone.png"),
        Pair("same", reference, reference),
    ]
    found = scores(pairs, CHEAP, device=device)
    assert [(result.name, result.status) for result in found] == [
        ("line 1", "error"), ("bad", "error"), ("fine", "fail"), ("new", "new"), ("missing", "missing"),
        ("gone", "error"), ("same", "measured"),
    ]  # fmt: skip
    assert found[0].reason == "line 1: not JSON; write JSON."
    assert "bad.png: not an image" in found[1].reason
    assert (found[2].weight, found[2].extra, found[2].threshold_source) == (2.0, {"id": 1}, "line 3")
    assert all(
        not result.scored and not result.compared for result in found if result.status not in ("fail", "measured")
    )


def test_no_more_is_taken_than_fits(save: Save, monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    taken = handed_out = most = 0

    def pairs() -> Iterator[Pair]:
        nonlocal taken, most
        for _ in range(60):
            taken += 1
            most = max(most, taken - handed_out)
            yield Pair("x", reference, candidate)

    def run() -> int:
        nonlocal taken, handed_out, most
        taken = handed_out = most = 0
        for _ in Pipeline(Scorer(CHEAP, device=device), workers=2).results(Pairs(pairs())):
            handed_out += 1
        assert handed_out == 60
        return most

    monkeypatch.setattr(pipeline, "PAIRS_IN_FLIGHT", 5)
    assert run() <= 5


@pytest.mark.slow
def test_no_more_is_decoded_than_fits(save: Save, monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    """Large pictures after small ones, and a device that is slower than the workers."""
    small = pair_of_files(save("r.png"), save("c.png", seed=1))
    large = pair_of_files(save("R.png", 200, 150), save("C.png", 200, 150, seed=1))
    bytes_of_large = 6 * 200 * 150
    monkeypatch.setattr(pipeline, "BYTES_IN_FLIGHT", 3 * bytes_of_large)
    line = Pipeline(Scorer(CHEAP, device=device), workers=2, batch_size=1)
    most = 0
    for result, _ in line.results(Pairs([small] * 20 + [large] * 30)):
        assert result.scored
        most = max(most, line._readers.held)
        time.sleep(0.01)
    # Up to the limit, and what each worker had begun below it.
    assert bytes_of_large < most <= (3 + 2) * bytes_of_large


def test_a_live_source_is_answered_before_it_goes_on(save: Save, device: str) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))
    answers: queue.Queue[PairResult] = queue.Queue()

    def pairs() -> Iterator[Pair]:
        for _ in range(5):
            yield pair
            answers.get(timeout=60)  # raises queue.Empty if the pipeline waits for more

    for result, _ in Pipeline(Scorer(CHEAP, device=device)).results(Pairs(pairs(), live=True)):
        answers.put(result)
    assert answers.empty()


@pytest.mark.parametrize("live", [False, True])
def test_what_befalls_every_pair_is_raised(save: Save, live: bool, device: str) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))

    def pairs() -> Iterator[Pair]:
        yield pair
        raise InvalidSetting("the header is wrong")

    with pytest.raises(InvalidSetting, match="the header is wrong"):
        list(Pipeline(Scorer(CHEAP, device=device)).results(Pairs(pairs(), live=live)))
    with pytest.raises(DeviceUnavailable, match="tf32 is not available"):
        list(Pipeline(Scorer(DistanceSpec(CHEAP.layers, precision="tf32"), device="cpu")).results(Pairs([pair])))


def test_a_defect_in_a_worker_is_not_swallowed(save: Save, monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    pair = pair_of_files(save("r.png"), save("c.png", seed=1))
    monkeypatch.setattr("percept_cli.scoring.reading.decode", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(Pipeline(Scorer(CHEAP, device=device)).results(Pairs([pair])))


def test_stop_hands_out_what_is_done(mixed: list[Pair], device: str) -> None:
    line = Pipeline(Scorer(CHEAP, device=device), batch_size=1)
    found = []
    for result, _ in line.results(Pairs(mixed)):
        found.append(result.name)
        if len(found) == 2:
            line.stop()
    assert 2 <= len(found) < len(mixed)
    assert line.stopped_early
    order = [pair.name for pair in mixed]
    assert found == sorted(found, key=order.index)

    finished = Pipeline(Scorer(CHEAP, device=device))
    assert len(list(finished.results(Pairs(mixed)))) == len(mixed)
    assert not finished.stopped_early
    share = finished.device_time.share
    assert share is not None
    assert 0 < share <= 1


def test_equal_pairs_load_no_network(save: Save, device: str) -> None:
    scorer = Scorer(DEFAULT, device=device)
    pair = pair_of_files(save("r.png"), save("r.bmp"))
    assert [result.distance for result, _ in Pipeline(scorer).results(Pairs([pair] * 9))] == [0.0] * 9
    assert scorer.device == "none"


def test_counts_that_are_none() -> None:
    assert worker_count(3) == 3
    assert worker_count() >= 1
    for options in ({"workers": 0}, {"batch_size": 0}):
        with pytest.raises(InvalidSetting):
            Pipeline(Scorer(CHEAP), **options)  # type: ignore[arg-type]


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
    step: str, which: str, live: bool, monkeypatch: pytest.MonkeyPatch, device: str
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
            run = Run(version="1", spec=SPEC, device=device, results=found)
            code = ExitCode.INPUT if error is UnreadableImage else ExitCode.UNAVAILABLE
            assert run.exit_code == (code if hit else ExitCode.WITHIN)
        else:
            assert type(found) is error
        assert line._readers.held == 0 or isinstance(found, BaseException)
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


_ABANDONED = """
import sys
from percept_cli.scoring import pipeline, readers
from percept_cli.pairs import Pairs
from percept_cli.scoring.pipeline import Pipeline
from tests.support.fake_cuda import FakeCuda, OnCpu
from tests.support.pipeline_ends import PAIRS, Stand

pipeline.BYTES_IN_FLIGHT = 100
readers._refuse_special = lambda _: None
kept = Pipeline(Stand(most=1), workers=3).results(Pairs(PAIRS * 100, live=sys.argv[1] == "live"))
print(next(kept)[0].name)
"""


@pytest.mark.slow
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
    assert "0 MB of the 1 MB allowed are left" in " ".join((done.stdout + done.stderr).split())


def test_a_broken_file_besides_is_exit_code_3(percept: Percept, save: Save, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/0.png", seed=folder == "b")
        (tmp_path / folder / "1.png").write_text(folder)
    done = percept("batch", "a", "b", "--max-memory", "1MB", "--format", "jsonl")
    assert done.returncode == ExitCode.INPUT
    assert ['"unavailable": true' in line for line in done.stdout.splitlines()] == [True, False]
