"""What a long run says of itself. Time is told by the test, not by waiting."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.cli.progress import SECONDS_BETWEEN_LINES, Lines, Progress, display, progress
from tests.conftest import Percept, Save
from tests.support.batches import CHEAP, COMMAND, many
from tests.support.runs import PAIR


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
        "4/7300 pairs, 0.2/s, 10:08:00 left, 1 failed, 1 error; a\\nb.png\n"
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


def test_a_log_gets_plain_lines_and_quiet_nothing(tmp_path: Path, save: Save, percept: Percept) -> None:
    many(tmp_path, save, 3)
    for arguments in (["-q"], ["-q", "-o", "r.json"], []):
        done = percept("batch", "expected", "actual", *arguments, *CHEAP)
        assert (done.returncode, done.stderr) == (0, "")  # over before the first line is due
        assert (done.stdout == "") == bool(arguments)


@pytest.mark.slow
def test_a_terminal_gets_a_bar(tmp_path: Path, save: Save) -> None:
    many(tmp_path, save, 30)
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "expected", "actual", "--format", "score", *CHEAP],
        stdout=subprocess.PIPE,
        stderr=follower,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"},
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
    os.close(leader)
    text = shown.decode()
    assert process.returncode == 0
    assert "0/30 pairs" in text
    assert re.search(r"\d+/30 pairs, [\d.]+/s, 0:00:\d\d left", text)
    assert "MEASURED: 30 pairs measured" in text.splitlines()[-1]
