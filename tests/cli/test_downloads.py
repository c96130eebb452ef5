"""How a download shows that it moves."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from percept_cli.cli.downloads import DownloadMeter
from percept_cli.cli.progress import Lines
from percept_cli.networks.registry import WeightsRecord
from tests.conftest import ROOT
from tests.support.weights_home import MAIN, record_of
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import Server

pytestmark = pytest.mark.usefixtures("home", "tiny")


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 0.0, 4.0, 11.0, 11.0, 12.0])
    meter = DownloadMeter(Lines(lambda: next(clock)))
    meter.start("downloading", 1_000_000, 553_433_881)
    meter.advance(1_000_000)  # too soon
    meter.advance(100_000_000)
    meter.advance(1)
    assert capsys.readouterr().err == (
        "downloading 553 MB, 1.0 MB of it already downloaded\ndownloading: 102 MB of 553 MB\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of Unix")
def test_a_terminal_gets_a_bar(server: Server, tiny: WeightsRecord) -> None:
    import pty

    there, here = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, repr(record_of(server.url("slow"))), "weights", "install", "tiny"],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=here,
    )
    os.close(here)
    shown = b""
    with suppress(OSError):  # the terminal is gone with the process
        while piece := os.read(there, 4096):
            shown += piece
    os.close(there)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.decode() == f"tiny: installed\n  {tiny.path}\n"
    for part in ("downloading", "266.8 kB", "checking"):
        assert part in shown.decode()
    assert b"Traceback" not in shown
