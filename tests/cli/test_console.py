"""Results to standard output and talk to standard error, whoever listens or does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import Percept, Save
from tests.support.reported import SCHEMA


def test_output_goes_to_the_file_whole(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    done = percept("compare", "a.png", "a.png", "--output", "r.json")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "MEASURED: no limit was given; distance 0\nThe report is in r.json.\n"
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), SCHEMA)
    done = percept("compare", "a.png", "a.png", "--output", "r", "--format", "csv", "--wide", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "r").read_text().startswith("name,reference,")
    assert sorted(os.listdir(tmp_path)) == ["a.png", "r", "r.json"]


def test_quiet_and_verbose(percept: Percept, save: Save) -> None:
    save("a.png")
    assert (percept("compare", "a.png", "a.png", "-q").stdout) == ""
    assert (percept("compare", "a.png", "a.png", "-q", "--format", "score").stdout) == "0.0\ta.png\n"
    done = percept("compare", "a.png", "a.png", "-v", "--format", "score")
    assert done.stdout == "0.0\ta.png\n"
    assert "preset default; no settings file; fingerprint " in done.stderr
    assert "network not loaded, because it was not needed" in done.stderr


def test_colour_only_where_it_is_wanted(percept: Percept, save: Save) -> None:
    save("a.png")
    assert "\x1b[" not in percept("compare", "a.png", "a.png").stdout
    assert "\x1b[" in percept("compare", "a.png", "a.png", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in percept("compare", "a.png", "a.png", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    wide = percept("compare", "a.png", "a.png", env={"COLUMNS": "160"}).stdout
    assert wide == percept("compare", "a.png", "a.png").stdout  # zero bars take no room


def test_ascii_where_the_terminal_has_no_more(percept: Percept, save: Save) -> None:
    save("a.png")
    done = percept("compare", "a.png", "a.png", env={"PYTHONIOENCODING": "ascii"})
    assert "size       40 x 30 pixels" in done.stdout
    assert done.stdout.isascii()


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
                "Error: cannot write to standard output: No space left on device\nHint: "
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
