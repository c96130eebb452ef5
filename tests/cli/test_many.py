"""Many pairs: what ends a run early, what a bad file costs, and what is written of the rest."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import Percept, Save, drawing
from tests.support.batches import CHEAP, COMMAND, LINE_SCHEMA, many, rows
from tests.support.batches import folders as folders
from tests.support.reported import SCHEMA


def test_every_report_at_once(folders: Path, percept: Percept) -> None:
    names = ("r.json", "r.jsonl", "r.csv", "r.parquet", "r.txt", "r.tsv")
    outputs = [part for name in names for part in ("-o", name)]
    done = percept("batch", "expected", "actual", *outputs, *CHEAP)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "FAIL: 1 missing, 1 new; 3 pairs measured, without a limit\n"
        "  MISSING gone.png: there is no candidate with this name\n"
        "  NEW fresh.png: there is no reference with this name\n"
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
        "fresh.png": "new", "gone.png": "missing", "same.png": "error", "ui/-[red]\n.png": "measured",
        "ui/gone.png": "error", "ui/é'\".png": "measured",
    }  # fmt: skip
    assert done.stderr.splitlines()[0] == (
        "Error: 2 of 4 pairs could not be compared; 1 missing, 1 new; 2 pairs measured, without a limit"
    )
    assert "  actual/same.png: the image is damaged or truncated: " in done.stderr
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
    assert int(re.findall(r"(\d+) results reused from killed.jsonl", done.stderr)[0]) >= 50
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
    assert err.startswith("\nInterrupted: finishing the pairs in progress; repeat to stop at once.\nERROR: ")
    assert f"Interrupted after {count} of 300 pairs. Finished results are in r.jsonl. To continue, run " in err
    done = percept("batch", *arguments)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 300)
    assert len(rows(tmp_path / "r.jsonl")) == 300


@pytest.mark.slow
def test_a_reader_that_goes_away_changes_nothing(tmp_path: Path, save: Save) -> None:
    many(tmp_path, save, 40)
    command = " ".join((*COMMAND, "expected actual --threshold 0 --resume r.jsonl --format score", *CHEAP))
    script = f"set -o pipefail; {command} | head -1"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert done.stderr == "FAIL: 40 of 40 pairs failed\n"
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
    assert "Error: r.jsonl: cannot be written: File too large\nHint: the results so far are kept" in done.stderr
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
    assert "Error: cannot write to standard output: No space left on device\nHint: " in done.stderr


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
        r"Note: \d+ pairs of 320×320 pixels together do not fit into the memory of device cpu; "
        r"continuing with \d+\n",
        done.stderr,
    )
    assert done.stdout == percept("batch", *arguments).stdout


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


def test_one_pair_that_is_too_large_does_not_end_a_run(percept: Percept, tmp_path: Path) -> None:
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
        drawing(20, 16).save(tmp_path / name / "good.png")
    drawing(1, 6000).save(tmp_path / "r" / "bad.png")
    drawing(6000, 1).save(tmp_path / "c" / "bad.png")
    done = percept(
        "batch", "r", "c", "--pad", "edge", "--limits", "pixels=1M", "--layers", "relu1_2", "-o", "r.json"
    )
    assert done.returncode == 3
    rows = {row["name"]: row["status"] for row in json.loads((tmp_path / "r.json").read_text())["results"]}
    assert rows == {"good.png": "measured", "bad.png": "error"}
