"""The command as a process among others: permissions, pipes, closed streams, full disks, memory and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Percept, Save


def drop_right_to_ignore_permissions() -> None:
    """In a child of root: give up the capabilities that let root read and write everything."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, from linux/capability.h
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; takes effect with the exec that follows


def test_permissions(troubled: Path, percept: Percept) -> None:
    (troubled / "b.png").chmod(0)
    done = percept("compare", "a.png", "b.png", preexec_fn=drop_right_to_ignore_permissions)
    assert (done.returncode, done.stdout) == (3, "")
    assert "Error: b.png: permission denied\nHint: " in done.stderr

    (troubled / "folder").chmod(0o500)
    for output in ("folder/r.json", "locked.json"):
        (troubled / "locked.json").touch(mode=0o400)
        done = percept("compare", "a.png", "a.png", "-o", output, preexec_fn=drop_right_to_ignore_permissions)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"Error: {output}: permission denied\nHint: " in done.stderr
    assert list((troubled / "folder").iterdir()) == []


def test_names_that_are_not_text(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    name = os.fsdecode(b"caf\xe9\n.png")
    (tmp_path / "a.png").rename(tmp_path / name)
    for form in ("table", "json", "csv", "score"):
        done = percept("compare", name, name, "--format", form)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("compare a.png b.png --threshold 0", 1),
        ("compare a.png a.png", 0),
        ("--help", 0),
        ("compare --help", 0),
        ("--version", 0),
        ("presets", 0),
    ],
)
def test_a_reader_that_has_gone_changes_nothing(troubled: Path, command: str, code: int) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "percept_cli", *command.split()],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=troubled,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (code, "")


def test_a_full_disk_behind_standard_output(percept: Percept, save: Save) -> None:
    save("a.png")
    with Path("/dev/full").open("w") as full:
        for arguments in (["compare", "a.png", "a.png"], ["--help"], ["presets", "--help"], ["--version"]):
            done = percept(*arguments, stdout=full)
            assert done.returncode == 2
            assert done.stderr.startswith(
                "Error: standard output cannot be written: No space left on device\nHint: "
            )


LISTENERS = {
    "gone": "2> >(exec true)",
    "closed": "2>&-",
    "full": "2>/dev/full",
}


@pytest.mark.slow
@pytest.mark.parametrize("listener", LISTENERS)
def test_nobody_listening_to_messages_changes_no_exit_code(troubled: Path, listener: str) -> None:
    percept = f"{sys.executable} -m percept_cli compare"
    for arguments, code in (
        ("a.png b.png --layers input:l1 --threshold 0 -v -o r.json", 1),
        ("a.png missing.png", 3),
        ("a.png b.png --threshold x", 2),
    ):
        done = subprocess.run(
            ["bash", "-c", f"sleep 0.1; {percept} {arguments} {LISTENERS[listener]}"],
            cwd=troubled,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert (done.returncode, done.stdout) == (code, b"")
    assert json.loads((troubled / "r.json").read_text())["results"][0]["status"] == "fail"


def test_closed_standard_output_changes_no_exit_code(troubled: Path) -> None:
    command = f"{sys.executable} -m percept_cli compare a.png b.png --layers input:l1 --threshold 0 >&-"
    done = subprocess.run(["bash", "-c", command], cwd=troubled, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_output_to_an_open_file_adds_to_it(troubled: Path) -> None:
    """`-o /dev/stdout >> log` must not replace the log, and a pipe behind /dev/stdout must be written to."""
    percept = f"{sys.executable} -m percept_cli compare a.png a.png --format score -q"
    (troubled / "log").write_text("precious\n")
    script = f"{percept} -o /dev/stdout >> log; {percept} -o /dev/stdout | cat; {percept} -o >(cat >&2)"
    done = subprocess.run(
        ["bash", "-c", f"set -e; {script}; sleep 0.2"], cwd=troubled, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"0.0\ta.png\n", b"0.0\ta.png\n")
    assert (troubled / "log").read_text() == "precious\n0.0\ta.png\n"


def test_out_of_memory_is_said_and_is_exit_code_4(save: Save, percept: Percept) -> None:
    """torch alone needs more than 10 MB."""
    save("a.png", 640, 480)
    save("b.png", 640, 480, seed=1)
    done = percept("compare", "a.png", "b.png", "--device", "cpu", "--max-memory", "10MB")
    assert (done.returncode, done.stdout) == (4, "")
    assert re.match(
        r"Error: 0 MB are left for features of the 10 MB allowed \(percept has \d{3,} MB already\), too few for ",
        done.stderr,
    )
    assert "\nHint: close other programs, or allow more memory with --max-memory.\n" in done.stderr


@pytest.mark.slow
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, percept: Percept) -> None:
    """30000×30000 pixels in one packed strip need more than 8 GB while they are read; the child may have 6."""
    rows_of_a_strip = {278: 30_000}
    Image.new("1", (30_000, 30_000)).save(tmp_path / "a.tif", compression="group4", tiffinfo=rows_of_a_strip)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

    done = percept("compare", "a.tif", "a.tif", preexec_fn=limit)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Error: a.tif: 30000×30000 pixels need 8.1 GB of memory to be read, and ")
    assert done.stderr.endswith(" GB are free\nHint: cut the picture into smaller ones.\n")


def test_a_deleted_current_folder_is_no_obstacle(save: Save, tmp_path: Path) -> None:
    path = save("a.png")
    (tmp_path / "gone").mkdir()
    script = f"cd gone && rmdir ../gone && {sys.executable} -m percept_cli compare {path} {path} --format score"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


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


def test_a_defect_keeps_its_traceback_and_its_own_code(tmp_path: Path) -> None:
    code = (
        "import percept_cli.cli as c, percept_cli.cli.presets as presets, sys\n"
        "presets.list_presets = lambda: 1 / 0\n"
        "sys.argv = ['percept', 'presets', 'list']\nc.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert "ZeroDivisionError" in done.stderr
    assert "this is a defect of percept" in done.stderr
