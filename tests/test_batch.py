"""`percept batch` as a person, a script or another program meets it: real processes, files, pipes and signals."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Percept, Save
from tests.test_reports import SCHEMA

CHEAP = ("--layers", "relu1_2", "--device", "cpu")
COMMAND = (sys.executable, "-m", "percept_cli", "batch")
LINE_SCHEMA = {"$ref": "#/$defs/result", "$defs": SCHEMA["$defs"]}


@pytest.fixture
def folders(tmp_path: Path, save: Save) -> Path:
    """Two folders: an equal pair, two that differ, names that are hard to print, and one new and one missing."""
    for folder in ("expected/ui", "actual/ui"):
        (tmp_path / folder).mkdir(parents=True)
    for name, seed in (("same.png", 0), ("ui/-[red]\n.png", 3), ("ui/é'\".png", 4)):
        save(f"expected/{name}")
        save(f"actual/{name}", seed=seed)
    save("expected/gone.png", 64, 48)
    save("actual/fresh.png", 64, 48)
    return tmp_path


def many(tmp_path: Path, save: Save, count: int, width: int = 96, height: int = 64) -> list[str]:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
    names = [f"{index:03}.png" for index in range(count)]
    for index, name in enumerate(names):
        save(f"expected/{name}", width, height, seed=index)
        save(f"actual/{name}", width, height, seed=index + 1000)
    return names


def rows(path: Path) -> list[dict[str, Any]]:
    """A JSON Lines report without the times."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in found]


@pytest.mark.usefixtures("folders")
def test_two_folders(percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--threshold", 0.5, "--format", "score", *CHEAP)
    names = ["fresh.png", "gone.png", "same.png", "ui/-[red]\\n.png", "ui/é'\".png"]
    found = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [name for _, name in found] == names
    assert [score for score, _ in found[:3]] == ["new", "missing", "0.0"]
    assert done.stderr == "FAIL: 2 of 3 pairs above the threshold; 1 missing, 1 new\n"


@pytest.mark.usefixtures("folders")
def test_the_table_is_whole(percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--threshold", 1000, *CHEAP)
    assert (done.returncode, done.stderr) == (1, "")
    expected = """\
reference  expected
candidate  actual

status   distance  threshold  most in        name
MISSING         –       1000                 gone.png
NEW             –       1000                 fresh.png
PASS     0.______       1000  relu1_2 100 %  ui/é'".png
PASS     0.______       1000  relu1_2 100 %  ui/-[red]\\n.png
PASS            0       1000                 same.png

layer    mean distance  weight    share
relu1_2       0.______       1  100.0 %  ████████████████████████████████

pairs        3: 1 identical, 2 more passed, 0 failed, 0 errors
unmatched    1 missing (no candidate), 1 new (no reference)
distance     mean 0.______, median 0.______, p90 0.______, p95 0.______, p99
             0.______, max 0.______
verdict      FAIL: 1 missing, 1 new; 3 pairs within the threshold
recipe       vgg16-oxford, unit, fp32, on cpu
fingerprint  a64dd4a15662
"""
    assert re.sub(r"0\.\d{6}", "0.______", done.stdout) == expected
    done = percept("batch", "expected", "actual", "--allow-unmatched", "--top", 0, *CHEAP)
    assert done.returncode == 0
    assert "5 rows are not shown; --top all shows them\n" in done.stdout


def test_every_report_at_once(folders: Path, percept: Percept) -> None:
    names = ("r.json", "r.jsonl", "r.csv", "r.parquet", "r.txt", "r.tsv")
    outputs = [part for name in names for part in ("-o", name)]
    done = percept("batch", "expected", "actual", *outputs, *CHEAP)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "FAIL: 1 missing, 1 new; 3 pairs compared, without a threshold\n"
        "The reports are in r.json, r.jsonl, r.csv, r.parquet, r.txt, r.tsv.\n"
    )
    document = json.loads((folders / "r.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    counts = {"pairs": 3, "count": 3, "new": 1, "missing": 1, "identical": 1, "failed": 0, "errors": 0}
    assert document["summary"] | counts == document["summary"]
    lines = rows(folders / "r.jsonl")
    for line in lines:
        jsonschema.validate({**line, "seconds": 0}, LINE_SCHEMA)
    assert [row["name"] for row in document["results"]] == [line["name"] for line in lines]
    with (folders / "r.csv").open(encoding="utf-8", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [line["name"] for line in lines]
    assert sorted(os.listdir(folders)) == sorted(["actual", "expected", *names])
    assert (folders / "r.txt").read_text(encoding="utf-8").startswith("reference  expected\n")


@pytest.mark.usefixtures("folders")
def test_compare_with_two_folders_does_the_same(percept: Percept) -> None:
    one = percept("compare", "expected", "actual", "--format", "score", *CHEAP)
    other = percept("batch", "expected", "actual", "--format", "score", *CHEAP)
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
    assert "expected: is a directory, not a picture" in percept("compare", "expected", "actual/same.png").stderr


@pytest.mark.usefixtures("folders")
def test_one_against_many(percept: Percept, save: Save) -> None:
    save("actual/large.png", 64, 48)
    done = percept("batch", "expected/same.png", "actual", "--format", "json", "--exclude", "fresh.png", *CHEAP)
    assert done.returncode == 3
    found = json.loads(done.stdout)["results"]
    assert [(row["name"], row["status"]) for row in found] == [
        ("large.png", "error"), ("same.png", "pass"), ("ui/-[red]\n.png", "pass"), ("ui/é'\".png", "pass"),
    ]  # fmt: skip
    assert found[1]["distance"] == 0
    single = percept("compare", "expected/same.png", "actual/ui/-[red]\n.png", "--format", "json", *CHEAP)
    assert found[2]["distance"] == pytest.approx(json.loads(single.stdout)["results"][0]["distance"], rel=1e-6)
    assert {row["reference"] for row in found} == {"expected/same.png"}


def test_a_manifest_carries_what_it_says(folders: Path, percept: Percept) -> None:
    (folders / "lists").mkdir()
    (folders / "lists" / "pairs.csv").write_text(
        "\ufeffreference,candidate,name,threshold,weight,id\n"
        "../expected/same.png,../actual/same.png,equal,0,1,a1\n"
        '../expected/same.png,"../actual/ui/-[red]\n.png",other,1e-9,3,a2\n'
        "../expected/same.png,,,,,a3\n",
        encoding="utf-8",
    )
    done = percept("batch", "--pairs", "lists/pairs.csv", "-o", "r.json", *CHEAP)
    assert done.returncode == 3
    assert "Note: lists/pairs.csv names 4 files outside its own folder, such as lists/../expected/" in done.stderr
    document = json.loads((folders / "r.json").read_text(encoding="utf-8"))
    found = document["results"]
    assert [(row["name"], row["status"], row["extra"]) for row in found] == [
        ("equal", "pass", {"id": "a1"}), ("other", "fail", {"id": "a2"}), ("line 5", "error", {"id": "a3"}),
    ]  # fmt: skip
    assert "(lists/pairs.csv, line 3)" in found[1]["reason"]
    mean = document["summary"]["weighted_mean"]
    assert mean == pytest.approx(0.75 * found[1]["distance"], rel=1e-15)
    done = percept("batch", "--pairs", "lists/pairs.csv", "-o", "lists/pairs.csv", *CHEAP)
    assert done.returncode == 2
    assert "would overwrite the input lists/pairs.csv" in done.stderr


def stream(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--pairs", "-", "--format", "jsonl", *CHEAP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )


def answer(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def test_each_line_of_a_stream_is_answered_before_the_next(folders: Path) -> None:
    """Another program keeps the process open, and gets an answer to every line, whatever it wrote."""
    good = {"reference": "expected/same.png", "candidate": "actual/ui/é'\".png"}
    exchange: list[tuple[str, str, dict[str, Any]]] = [
        (json.dumps(good | {"id": 1}), "pass", {"id": 1}),
        ("nonsense", "error", {}),
        ("\n \t\n[]", "error", {}),  # of which the blank lines are nothing
        (json.dumps({"reference": "expected/same.png", "id": 4}), "error", {"id": 4}),
        (json.dumps(good | {"candidate": "nowhere.png", "id": 5}), "error", {"id": 5}),
        (json.dumps(good | {"threshold": 0, "id": [6]}), "fail", {"id": [6]}),
        (json.dumps({"reference": "expected/same.png", "candidate": "actual/same.png"}), "pass", {}),
    ]
    with stream(folders) as process:
        for line, status, extra in exchange:
            found = answer(process, line)
            jsonschema.validate(found, LINE_SCHEMA)
            assert (found["status"], found["extra"]) == (status, extra)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 3


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["expected", "expected"], 2, "expected and expected are the same folder"),
        (["expected", "./expected/../expected"], 2, "are the same folder"),
        (["expected"], 2, "Give two folders, a picture and a folder, or --pairs."),
        (["expected", "nowhere"], 3, "nowhere: no such folder"),
        (["nowhere", "actual"], 3, "nowhere: no such file or folder"),
        (["expected", "actual/same.png"], 2, "expected is a folder, but actual/same.png is not"),
        (["expected", "actual", "--pairs", "x.csv"], 2, "REFERENCE has no use with it"),
        (["--pairs", "x.csv"], 2, "x.csv: cannot be read: No such file or directory"),
        (["--pairs", "expected"], 2, "expected: is a folder, not a list of pairs"),
        (["--pairs", "empty.csv"], 3, "nothing was compared"),
        (["--pairs", "headerless.csv"], 2, "must name the columns reference and candidate; it has: a.png, b.png"),
        (["--pairs", "misspelt.csv"], 2, "unknown column 'treshold'"),
        (["expected", "actual", "--batch-size", "0"], 2, "'0' is neither auto nor a number of at least 1"),
        (["expected", "actual", "--workers", "0"], 2, "--workers"),
        (["expected", "actual", "--top", "few"], 2, "'few' is neither all nor a number of at least 0"),
        (["expected", "actual", "-o", "r.json", "-o", "r.json"], 2, "r.json: named twice"),
        (["expected", "actual", "-o", "expected/same.png", "--format", "json"], 2, "would overwrite the input"),
        (["expected", "actual", "-o", "r.docx"], 2, "the ending .docx says no format"),
        (["expected", "actual", "--resume", "misspelt.csv"], 2, "line 1: not a result of percept"),
        (["expected", "actual", "--resume", "expected"], 2, "the output is a directory"),
        (["expected", "actual", "--include", "*.jpg"], 3, "nothing was compared"),
        (["void", "void2"], 3, "nothing was compared"),
        (["expected", "void"], 3, "nothing was compared"),
    ],
)
def test_wrong_input_has_a_message_and_a_code(
    folders: Path, percept: Percept, arguments: list[str], code: int, message: str
) -> None:
    for name in ("void", "void2"):
        (folders / name).mkdir()
    (folders / "empty.csv").touch()
    (folders / "headerless.csv").write_text("a.png,b.png\n")
    (folders / "misspelt.csv").write_text("reference,candidate,treshold\na,b,1\n")
    before = {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()}
    done = percept("batch", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()} == before


def test_nothing_compared_may_be_allowed(tmp_path: Path, percept: Percept) -> None:
    for name in ("void", "void2"):
        (tmp_path / name).mkdir()
    done = percept("batch", "void", "void2", "--allow-empty", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["results"]) == (0, [])


def test_one_broken_file_costs_one_row(folders: Path, percept: Percept) -> None:
    (folders / "actual" / "same.png").write_bytes((folders / "actual" / "same.png").read_bytes()[:50])
    (folders / "actual" / "ui" / "gone.png").symlink_to("nowhere")
    (folders / "expected" / "ui" / "gone.png").symlink_to("nowhere")
    done = percept("batch", "expected", "actual", "-q", "--format", "jsonl", *CHEAP)
    assert done.returncode == 3
    status = {row["name"]: row["status"] for row in map(json.loads, done.stdout.splitlines())}
    assert status == {
        "fresh.png": "new", "gone.png": "missing", "same.png": "error", "ui/-[red]\n.png": "pass",
        "ui/gone.png": "error", "ui/é'\".png": "pass",
    }  # fmt: skip
    assert done.stderr.splitlines()[0] == (
        "Error: 2 of 4 pairs could not be compared; 1 missing, 1 new; 2 pairs compared, without a threshold"
    )
    assert "  actual/same.png: the picture is damaged or cut off: " in done.stderr
    assert "  expected/ui/gone.png: no such file" in done.stderr
    done = percept("batch", "expected", "actual", "--fail-fast", "--batch-size", 1, "--format", "score", *CHEAP)
    assert done.returncode == 3
    assert "Stopped at the first failure after " in done.stderr


@pytest.mark.slow
def test_a_file_that_vanishes_while_the_run_goes_on(tmp_path: Path, save: Save) -> None:
    """The last file is taken away after the folder was listed and before its turn comes."""
    names = many(tmp_path, save, 300)
    command = [*COMMAND, "expected", "actual", "--format", "score", *CHEAP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        (tmp_path / "actual" / names[-1]).unlink()
        found = [first, *process.stdout.readlines()]
    assert process.returncode == 3
    assert len(found) == 300
    assert found[-1] == f"error\t{names[-1]}\n"


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_it_had_not_been(
    tmp_path: Path, save: Save, percept: Percept
) -> None:
    many(tmp_path, save, 60)
    assert percept("batch", "expected", "actual", "--resume", "whole.jsonl", *CHEAP).returncode == 0
    journal = tmp_path / "killed.jsonl"
    kills = 0
    for wanted in (1, 8, 20, 33, 50):
        process = subprocess.Popen(
            [*COMMAND, "expected", "actual", "--resume", journal.name, "--batch-size", "2", *CHEAP],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < wanted):
            time.sleep(0.002)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 3
    done = percept("batch", "expected", "actual", "--resume", journal.name, "-v", "-o", "r.json", *CHEAP)
    assert done.returncode == 0
    assert int(re.findall(r"(\d+) results were in killed.jsonl already", done.stderr)[0]) >= 50
    assert rows(journal) == rows(tmp_path / "whole.jsonl")
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (document["complete"], document["summary"]["pairs"]) == (True, 60)


@pytest.mark.slow
def test_ctrl_c_writes_what_is_done_and_says_how_to_go_on(tmp_path: Path, save: Save, percept: Percept) -> None:
    many(tmp_path, save, 300)
    arguments = ["expected", "actual", "--resume", "r.jsonl", "-o", "r.json", "--format", "score", *CHEAP]
    with (
        (tmp_path / "err").open("w") as errors,
        subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=tmp_path
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        count = 1 + len(process.stdout.readlines())
    err = (tmp_path / "err").read_text()
    assert process.returncode == 130
    assert count < 300
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (document["complete"], document["exit_code"], len(document["results"])) == (False, 130, count)
    assert len(rows(tmp_path / "r.jsonl")) == count
    assert err.startswith("\nInterrupted: finishing the pairs in flight; again to stop at once.\nERROR: ")
    assert f"Interrupted after {count} of 300 pairs. What is done is in r.jsonl; the same command goes on" in err
    done = percept("batch", *arguments)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 300)
    assert len(rows(tmp_path / "r.jsonl")) == 300


def test_ctrl_c_while_nothing_comes(folders: Path) -> None:
    with stream(folders) as process:
        assert (
            answer(process, '{"reference": "expected/same.png", "candidate": "actual/same.png"}')["distance"] == 0
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


@pytest.mark.slow
def test_a_reader_that_goes_away_changes_nothing(tmp_path: Path, save: Save) -> None:
    many(tmp_path, save, 40)
    command = " ".join((*COMMAND, "expected actual --threshold 0 --resume r.jsonl --format score", *CHEAP))
    script = f"set -o pipefail; {command} | head -1"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert done.stderr == "FAIL: 40 of 40 pairs above the threshold\n"
    assert len(rows(tmp_path / "r.jsonl")) == 40


def limited(kind: int, value: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (value, value))


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_written(tmp_path: Path, save: Save, percept: Percept) -> None:
    """A limit on the size of files stands for a disk that fills up: a real full file system needs a mount."""
    many(tmp_path, save, 30)
    done = percept(
        "batch",
        "expected",
        "actual",
        "--resume",
        "r.jsonl",
        *CHEAP,
        preexec_fn=limited(resource.RLIMIT_FSIZE, 9000),
    )
    assert done.returncode == 2
    assert "Error: r.jsonl: cannot be written: File too large\nHint: what is written already" in done.stderr
    assert "ERROR: " in done.stdout  # half a run has passed nothing
    assert (tmp_path / "r.jsonl").stat().st_size == 9000
    assert percept("batch", "expected", "actual", "--resume", "r.jsonl", *CHEAP).returncode == 0
    assert len(rows(tmp_path / "r.jsonl")) == 30

    (tmp_path / "old.json").write_text("old")
    outputs = ("-o", "old.json", "-o", "small.tsv")
    limit = limited(resource.RLIMIT_FSIZE, 2000)
    done = percept("batch", "expected", "actual", *outputs, *CHEAP, preexec_fn=limit)
    assert done.returncode == 2
    assert "Error: old.json: cannot be written: File too large" in done.stderr
    assert (tmp_path / "old.json").read_text() == "old"
    assert (
        len((tmp_path / "small.tsv").read_text().splitlines()) == 30
    )  # one that fails does not take the others along
    assert sorted(os.listdir(tmp_path)) == ["actual", "expected", "old.json", "r.jsonl", "small.tsv"]
    with Path("/dev/full").open("w") as full:
        done = percept("batch", "expected", "actual", "--format", "jsonl", *CHEAP, stdout=full)
    assert done.returncode == 2
    assert "Error: standard output cannot be written: No space left on device\nHint: " in done.stderr


@pytest.mark.slow
def test_a_batch_that_does_not_fit_is_halved(tmp_path: Path, save: Save, percept: Percept) -> None:
    """All pairs at once need more than 1 GB, and the child gets 500 MB beyond what torch takes by being there.

    The limit is on data, which percept does not ask for: it thinks that there is room.
    """
    many(tmp_path, save, 24, 320, 320)
    arguments = "expected actual --device cpu --layers relu2_2 --format score".split()  # noqa: SIM905 - as typed
    script = (
        "import re, resource, sys, torch, percept_cli.engine.measure\n"
        "size = int(re.findall(r'VmData:\\s+(\\d+)', open('/proc/self/status').read())[0]) * 1024 + (500 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (size, size))\n"
        "from percept_cli.cli import run\n"
        "sys.exit(run())"
    )
    command = [sys.executable, "-c", script, "batch", *arguments, "--batch-size", "24", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"Note: \d+ pairs of 320×320 pixels at once do not fit the memory of device cpu; going on with \d+\n",
        done.stderr,
    )
    assert done.stdout == percept("batch", *arguments).stdout


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
    assert "PASS: 30 pairs compared" in text.splitlines()[-1]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pairs(tmp_path: Path, save: Save) -> None:
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
    save("expected/0.png", 32, 32)
    save("actual/0.png", 32, 32, seed=1)
    peaks = []
    outputs = ("-o", "r.json", "-o", "r.csv")
    for count in (200, 5000):
        (tmp_path / "pairs.csv").write_text("reference,candidate\n" + "expected/0.png,actual/0.png\n" * count)
        # One pair at a time: otherwise the largest batch, and with it the peak, is whatever chance made ready.
        script = (
            "import re, sys; sys.argv[0] = 'percept'\n"
            "from percept_cli.cli import run\n"
            "code = run()\n"
            "print(re.findall(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[0])\n"
            "sys.exit(code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, "batch", "--pairs", "pairs.csv", *outputs, "--batch-size", "1", *CHEAP],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert len(json.loads((tmp_path / "r.json").read_text())["results"]) == count
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.05 * peaks[0]  # 1.2 % here: the table of paths and sizes of what was done


def test_a_stream_may_begin_with_bad_lines(folders: Path) -> None:
    good = json.dumps({"reference": "expected/same.png", "candidate": "actual/same.png"})
    for first in ("\ngarbage", "[1, 2]", "ref,cand"):
        with stream(folders) as process:
            assert answer(process, first)["status"] == "error"
            assert answer(process, good)["status"] == "pass"
            assert process.stdin is not None
            process.stdin.close()
        assert process.returncode == 3


def test_a_stream_of_csv_answers_a_line_with_an_open_quote(folders: Path) -> None:
    with stream(folders) as process:
        assert process.stdin is not None
        process.stdin.write("reference,candidate\n")
        for line, status in (
            ("expected/same.png,actual/same.png", "pass"),
            ('expected/same.png,"actual/same.png', "error"),
            ("\n  \n,", "error"),  # of which the blank lines are nothing
            ("expected/same.png,actual/same.png", "pass"),
        ):
            assert answer(process, line)["status"] == status
        process.stdin.close()
    assert process.returncode == 3


def test_a_pipe_named_in_a_list_costs_one_row(folders: Path, percept: Percept) -> None:
    os.mkfifo(folders / "pipe.png")
    (folders / "pairs.csv").write_text(
        "reference,candidate\npipe.png,actual/same.png\nexpected/same.png,/dev/zero\n"
        "expected/same.png,actual/same.png\n"
    )
    done = percept("batch", "--pairs", "pairs.csv", "--format", "score", "-q", timeout=60)
    assert (done.returncode, done.stdout) == (
        3,
        "error\tactual/same.png\nerror\t/dev/zero\n0.0\tactual/same.png\n",
    )
    assert (
        "  actual/same.png: pipe.png: a pipe or a device, not a file; save the picture as a file first."
        in done.stderr
    )


def test_fail_fast_ends_with_the_first_failure(tmp_path: Path, save: Save, percept: Percept) -> None:
    names = many(tmp_path, save, 40)
    (tmp_path / "actual" / names[3]).write_text("broken")
    for options in ((), ("--batch-size", 1), ("--workers", 1)):
        done = percept("batch", "expected", "actual", "--fail-fast", "--format", "score", *options, *CHEAP)
        found = [line.split("\t") for line in done.stdout.splitlines()]
        assert done.returncode == 3
        assert [name for _, name in found] == names[:4]
        assert found[3][0] == "error"
        assert "Stopped at the first failure after 4 of 40 pairs." in done.stderr


def test_outputs_that_do_not_go_together(folders: Path, percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--resume", "r.json", "-o", "r.json", *CHEAP)
    assert done.returncode == 2
    assert "Error: r.json: --resume keeps JSON Lines in it" in done.stderr
    with Path("/dev/full").open("w") as full:
        done = percept("batch", "expected", "actual", "--format", "jsonl", "-o", "r.csv", *CHEAP, stdout=full)
    assert done.returncode == 2
    assert "Error: standard output cannot be written: No space left on device" in done.stderr
    assert (folders / "r.csv").is_file()  # one that fails does not take the others along


def test_huge_weights_do_not_overflow_the_mean(folders: Path, percept: Percept) -> None:
    (folders / "pairs.csv").write_text(
        "reference,candidate,weight\nexpected/same.png,actual/same.png,1e308\n"
        "expected/same.png,actual/fresh.png,1\nexpected/same.png,actual/ui/é'\".png,1e308\n".replace(
            '"', '""'
        ).replace('actual/ui/é\'"".png', '"actual/ui/é\'"".png"')
    )
    done = percept("batch", "--pairs", "pairs.csv", "--format", "json", *CHEAP)
    summary = json.loads(done.stdout)["summary"]
    assert summary["weighted_mean"] == pytest.approx(summary["max"] / 2, rel=1e-12)
