"""SIGINT, SIGTERM and SIGHUP, as job runners, containers and terminals send them: real processes, real signals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.conftest import Save, clean_environment
from tests.support.batches import CHEAP, COMMAND, many, rows
from tests.support.signals import ENDS, held

ASKED = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def folders(tmp_path: Path, save: Save) -> Path:
    """Two equal pictures, whose comparison loads no network, and a new one; a report of them."""
    for folder in ("base", "now"):
        (tmp_path / folder).mkdir()
        save(f"{folder}/a.png")
    save("now/new.png", seed=1)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    "command",
    [
        "compare base/a.png now/a.png -o r.json",
        "batch base now -o r.json",
        "check base now -o r.html",
        "heatmap base/a.png now/a.png -o heat.png",
        "report report.json -o r.csv",
        "approve report.json --baseline base --current now",
    ],
)
def test_nothing_is_left_half_written(folders: Path, asked: signal.Signals, command: str) -> None:
    if "report.json" in command:
        subprocess.run(
            [sys.executable, "-m", "percept_cli", "check", "base", "now", "-q", "-o", "report.json"], cwd=folders
        )
    before = files(folders)
    process = held(folders, *command.split())
    assert [name for name in files(folders) if name.endswith(".tmp")]
    process.send_signal(asked)
    _, talk = process.communicate(timeout=ENDS)
    assert process.returncode == 128 + asked
    assert f"Ended by {asked.name}" in talk
    assert "Traceback" not in talk
    assert files(folders) == before


def test_a_second_signal_right_behind_does_not_break_off_the_cleaning_up(folders: Path) -> None:
    before = files(folders)
    process = held(folders, "compare", "base/a.png", "now/a.png", "-o", "r.json")
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
    process.communicate(timeout=ENDS)
    assert process.returncode in (129, 143)
    assert files(folders) == before


@pytest.mark.slow
def test_rows_that_are_done_are_kept(tmp_path: Path, save: Save) -> None:
    """As with Ctrl-C; what SIGHUP leaves is seen where a terminal is closed."""
    many(tmp_path, save, 150)
    arguments = ["expected", "actual", "--resume", "r.jsonl", "-o", "r.json", "--format", "score", *CHEAP]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=ENDS)
    # Not by what was printed: readline may have taken more than its line, which communicate does not give.
    count = len(rows(tmp_path / "r.jsonl"))
    assert (process.returncode, 0 < count < 150) == (143, True)
    assert "\nEnded by SIGTERM: finishing the pairs in progress; repeat to stop at once.\n" in talk
    assert f"Ended by SIGTERM after {count} of 150 pairs. Finished results are in r.jsonl. " in talk
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (document["complete"], len(document["results"])) == (False, count)


def test_a_command_that_computes_ends_too(tmp_path: Path, save: Save) -> None:
    save("a.png", 1920, 1440)
    save("b.png", 1920, 1440, seed=1)
    command = [sys.executable, "-m", "percept_cli", "compare", "a.png", "b.png", "--device", "cpu", "-v"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("preset default")  # the work begins
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    out, talk = process.communicate(timeout=ENDS)
    assert (process.returncode, out) == (143, "")
    assert talk.endswith("Ended by SIGTERM; nothing was written.\n")


@pytest.mark.parametrize("ignored", [signal.SIGHUP, signal.SIGINT])
def test_what_is_ignored_stays_ignored(folders: Path, ignored: signal.Signals) -> None:
    """SIGHUP by nohup; SIGINT by a shell, of a command that a script runs in the background."""
    command = [sys.executable, "-m", "percept_cli", "batch", "--pairs", "-", "--format", "jsonl"]
    process = subprocess.Popen(
        command,
        cwd=folders,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(ignored, signal.SIG_IGN),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(2):
        process.stdin.write('{"reference": "base/a.png", "candidate": "now/a.png"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["distance"] == 0
        process.send_signal(ignored)
    assert process.communicate(timeout=ENDS) == ("", "MEASURED: 2 pairs measured, without a limit\n")
    assert process.returncode == 0


def test_a_terminal_that_is_closed(folders: Path) -> None:
    """Not only does SIGHUP come, but whatever is printed after it fails."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "percept_cli", "batch", "--pairs", "-", "--format", "score"]
    process = subprocess.Popen(
        [*command, "--resume", "r.jsonl", "-o", "r.csv"],
        cwd=folders,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    assert process.stdin is not None
    process.stdin.write(b'{"reference": "base/a.png", "candidate": "now/a.png"}\n')
    process.stdin.flush()
    assert os.read(leader, 1000).startswith(b"0.0\tnow/a.png")
    os.close(leader)
    assert process.wait(ENDS) == 129
    process.stdin.close()
    assert len(rows(folders / "r.jsonl")) == 1
    assert len((folders / "r.csv").read_text().splitlines()) > 1
    assert not [name for name in files(folders) if name.endswith(".tmp")]


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_ctrl_c_ends_with_130_and_no_output(save: Save, tmp_path: Path, delay: float) -> None:
    """While torch is being imported and while the network runs, on pictures that take it far longer."""
    save("a.png", 1920, 1440)
    save("b.png", 1920, 1440, seed=1)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "percept_cli",
            "compare",
            "a.png",
            "b.png",
            "--device",
            "cpu",
            "-v",
            "-o",
            "r.json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("preset default")  # the work begins
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith("plan: ")] == [
        "Interrupted; nothing was written."
    ]
    assert sorted(os.listdir(tmp_path)) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (signal.SIGINT, "Interrupted"),
        (signal.SIGTERM, "Ended by SIGTERM"),
        (signal.SIGHUP, "Ended by SIGHUP"),
    ],
)
def test_a_request_to_end_before_the_command_is_there(asked: signal.Signals, words: str) -> None:
    """It comes from a stand-in for the import: a real one would have to hit the right millisecond."""
    code = (
        "import builtins, os\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *args, **kwargs):\n"
        "    if name == 'percept_cli.cli':\n"
        f"        os.kill(os.getpid(), {asked:d})\n"
        "    return real(name, *args, **kwargs)\n"
        "builtins.__import__ = interrupted\n"
        "from percept_cli.__main__ import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + asked, f"{words}; nothing was written.\n")
