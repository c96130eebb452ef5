"""What a long run says of itself, and where its results wait. Time is told by the test, not by waiting."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from percept_cli.cli.progress import SECONDS_BETWEEN_LINES, Lines, Progress, display, progress
from percept_cli.results import spool
from percept_cli.results.run import summarise
from percept_cli.results.spool import Spool
from tests.runs import PAIR


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Progress(7300, Lines(clock), clock)
    for status in ("pass", "fail", "error", "pass"):
        clock.now += SECONDS_BETWEEN_LINES / 2
        lines.advance(replace(PAIR, name="a\nb.png", status=status), reused=False)
    assert capsys.readouterr().err == (
        "2/7300 pairs, 0.2/s, 10:08:10 left, 1 failed; a\\nb.png\n"
        "4/7300 pairs, 0.2/s, 10:08:00 left, 1 failed, 1 errors; a\\nb.png\n"
    )


def test_results_of_an_earlier_run_say_nothing_of_the_time_left() -> None:
    clock = Clock()
    counted = Progress(100, clock=clock)
    for _ in range(50):
        counted.advance(PAIR, reused=True)
    assert counted.figures() == "50/100 pairs, 50 failed"
    clock.now += 10
    counted.advance(replace(PAIR, status="pass"), reused=False)
    assert counted.figures() == "51/100 pairs, 0.1/s, 0:08:10 left, 50 failed"


def test_an_unknown_total(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    counted = Progress(None, Lines(clock), clock)
    clock.now += 20
    counted.advance(replace(PAIR, status="pass", name="x"), reused=False)
    assert capsys.readouterr().err == "1 pairs, 0.05/s; x\n"


def test_no_terminal_no_bar() -> None:
    assert type(display(list)) is Lines  # pytest's standard error is no terminal


def test_what_is_shown_nowhere_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    counted = progress(3, wanted=False)
    counted.advance(replace(PAIR, status="pass"), reused=True)
    counted.close()
    assert counted.figures() == "1/3 pairs"
    counted.say("but told")
    assert capsys.readouterr().err == "but told\n"


def test_a_spool_gives_back_what_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_BYTES_IN_MEMORY", 4000)  # so that it goes to disk halfway
    results = [replace(PAIR, name=f"{index}\udcff", extra={"id": index}) for index in range(20)]
    held = Spool()
    for result in results:
        held.add(result)
        assert next(iter(held)) == results[0]
    assert len(held) == 20
    assert list(held) == list(held) == results
    assert summarise(held) == summarise(results)
    assert results[7] in held
    assert PAIR not in held
    held.close()


def test_a_full_temporary_folder_is_said_to_be_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A limit on the size of files stands for a disk that fills up."""
    script = (
        "from tests.runs import PAIR\n"
        "from percept_cli.results.spool import Spool\n"
        "from percept_cli.errors import *\n"
        "held = Spool()\n"
        "try:\n"
        "    for _ in range(20000): held.add(PAIR)\n"
        "except OutputUnwritable as error:\n"
        "    print(error, error.hint)"
    )
    folder = tmp_path_factory.mktemp("full")
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20)),
    )
    assert done.stdout == (
        f"the folder of temporary files, {folder}, cannot be written to: File too large free some space, "
        "or set TMPDIR to another folder.\n"
    )
