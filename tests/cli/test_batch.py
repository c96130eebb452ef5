"""`percept batch` as a person, a script or another program meets it: real processes, files and streams."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Percept, Save
from tests.support.batches import CHEAP, COMMAND, LINE_SCHEMA
from tests.support.batches import folders as folders
from tests.support.buckets import Bucket


@pytest.mark.usefixtures("folders")
def test_two_folders(percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--threshold", 0.5, "--format", "score", *CHEAP)
    names = ["fresh.png", "gone.png", "same.png", "ui/-[red]\\n.png", "ui/é'\".png"]
    found = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [name for _, name in found] == names
    assert [score for score, _ in found[:3]] == ["new", "missing", "0.0"]
    assert done.stderr == "FAIL: 2 of 3 pairs failed; 1 missing, 1 new\n"


@pytest.mark.usefixtures("folders")
def test_the_table_is_whole(percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--threshold", 1000, *CHEAP)
    assert (done.returncode, done.stderr) == (1, "")
    expected = """\
reference  expected
candidate  actual

status   distance  threshold  top layer      name
MISSING         –       1000                 gone.png
NEW             –       1000                 fresh.png
PASS     0.______       1000  relu1_2 100 %  ui/é'".png
PASS     0.______       1000  relu1_2 100 %  ui/-[red]\\n.png
PASS            0       1000                 same.png

layer    mean distance  weight    share
relu1_2       0.______       1  100.0 %  ████████████████████████████████

pairs        3: 3 passed; 1 of them identical
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


@pytest.mark.usefixtures("folders")
def test_compare_with_two_folders_does_the_same(percept: Percept) -> None:
    one = percept("compare", "expected", "actual", "--format", "score", *CHEAP)
    other = percept("batch", "expected", "actual", "--format", "score", *CHEAP)
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
    assert "expected is a folder, not an image" in percept("compare", "expected", "actual/same.png").stderr


@pytest.mark.usefixtures("folders")
def test_one_against_many(percept: Percept, save: Save) -> None:
    save("actual/large.png", 64, 48)
    done = percept("batch", "expected/same.png", "actual", "--format", "json", "--exclude", "fresh.png", *CHEAP)
    assert done.returncode == 3
    found = json.loads(done.stdout)["results"]
    assert [(row["name"], row["status"]) for row in found] == [
        ("large.png", "error"), ("same.png", "measured"), ("ui/-[red]\n.png", "measured"),
        ("ui/é'\".png", "measured"),
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


@pytest.mark.slow
def test_each_line_of_a_stream_is_answered_before_the_next(folders: Path) -> None:
    """Another program keeps the process open, and gets an answer to every line, whatever it wrote."""
    good = {"reference": "expected/same.png", "candidate": "actual/ui/é'\".png"}
    exchange: list[tuple[str, str, dict[str, Any]]] = [
        (json.dumps(good | {"id": 1}), "measured", {"id": 1}),
        ("nonsense", "error", {}),
        ("\n \t\n[]", "error", {}),  # of which the blank lines are nothing
        (json.dumps({"reference": "expected/same.png", "id": 4}), "error", {"id": 4}),
        (json.dumps(good | {"candidate": "nowhere.png", "id": 5}), "error", {"id": 5}),
        (json.dumps(good | {"threshold": 0, "id": [6]}), "fail", {"id": [6]}),
        (json.dumps({"reference": "expected/same.png", "candidate": "actual/same.png"}), "measured", {}),
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
        ([], 2, "Missing arguments REFERENCE and CANDIDATE. Give two folders, an image and a folder, or --pairs."),
        (["expected"], 2, "Missing argument CANDIDATE (expected is REFERENCE)."),
        (["expected", "nowhere"], 3, "nowhere: no such folder"),
        (["nowhere", "actual"], 3, "nowhere: no such file or folder"),
        (["expected", "actual/same.png"], 2, "expected is a folder, but actual/same.png is not"),
        (["expected", "actual", "--pairs", "x.csv"], 2, "REFERENCE cannot be used with --pairs"),
        (["--pairs", "x.csv"], 2, "x.csv: cannot be read: No such file or directory"),
        (["--pairs", "expected"], 2, "expected is a folder, not a list of pairs"),
        (["--pairs", "empty.csv"], 3, "nothing was compared"),
        (["--pairs", "headerless.csv"], 2, "must name the columns reference and candidate, but it has: a.png"),
        (["--pairs", "misspelt.csv"], 2, "unknown column 'treshold'"),
        (["expected", "actual", "--batch-size", "0"], 2, "'0' is neither 'auto' nor an integer of at least 1."),
        (["expected", "actual", "--workers", "0"], 2, "--workers"),
        (["expected", "actual", "--top", "few"], 2, "'few' is neither 'all' nor an integer of at least 0."),
        (["expected", "actual", "-o", "r.json", "-o", "r.json"], 2, "r.json: given twice"),
        (["expected", "actual", "-o", "expected/same.png", "--format", "json"], 2, "would overwrite the input"),
        (["expected", "actual", "-o", "r.docx"], 2, 'cannot infer a report format from ".docx"'),
        (["expected", "actual", "--resume", "misspelt.csv"], 2, "line 1: not a result of percept"),
        (["expected", "actual", "--resume", "expected"], 2, "the output is a folder"),
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


def test_ctrl_c_while_nothing_comes(folders: Path) -> None:
    with stream(folders) as process:
        assert (
            answer(process, '{"reference": "expected/same.png", "candidate": "actual/same.png"}')["distance"] == 0
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


def test_a_stream_may_begin_with_bad_lines(folders: Path) -> None:
    good = json.dumps({"reference": "expected/same.png", "candidate": "actual/same.png"})
    for first in ("\ngarbage", "[1, 2]", "ref,cand"):
        with stream(folders) as process:
            assert answer(process, first)["status"] == "error"
            assert answer(process, good)["status"] == "measured"
            assert process.stdin is not None
            process.stdin.close()
        assert process.returncode == 3


def test_a_stream_of_csv_answers_a_line_with_an_open_quote(folders: Path) -> None:
    with stream(folders) as process:
        assert process.stdin is not None
        process.stdin.write("reference,candidate\n")
        for line, status in (
            ("expected/same.png,actual/same.png", "measured"),
            ('expected/same.png,"actual/same.png', "error"),
            ("\n  \n,", "error"),  # of which the blank lines are nothing
            ("expected/same.png,actual/same.png", "measured"),
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
        "  actual/same.png: pipe.png is a pipe or a device, not a file; save the image as a file first."
        in done.stderr
    )


def test_a_list_of_this_machine_makes_no_requests_unless_asked(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    save("a.png", 24, 20)
    place = bucket.put("a.png", tmp_path / "a.png")
    (tmp_path / "pairs.csv").write_text(f"reference,candidate\n{place},a.png\n")
    done = percept("batch", "--pairs", "pairs.csv", *CHEAP, "--format", "jsonl")
    assert done.returncode == 3 and "is not on this machine" in " ".join(done.stdout.split())
    assert percept("batch", "--pairs", "pairs.csv", "--remote", *CHEAP).returncode == 0
    bucket.put("lists/pairs.csv", b"reference,candidate\n../a.png,a.png\n")
    bucket.put("pairs.csv", b"reference,candidate\na.png,a.png\n")
    assert percept("batch", "--pairs", f"s3://{bucket.name}/pairs.csv", *CHEAP).returncode == 0
    assert percept("batch", "a.png", "a.png", "--remote").returncode == 2


def test_one_object_that_cannot_be_read_is_one_error(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    save("a.png", 24, 20)
    for name in ("left/a.png", "left/b.png", "right/a.png"):
        bucket.put(name, tmp_path / "a.png")
    bucket.put("right/b.png", b"")
    root = f"s3://{bucket.name}"
    done = percept("batch", f"{root}/left", f"{root}/right", *CHEAP, "-o", "r.json")
    run = json.loads((tmp_path / "r.json").read_text())
    assert done.returncode == 3
    assert [result["status"] for result in run["results"]] == ["measured", "error"]
    assert run["results"][1]["reason"].startswith(f"{root}/right/b.png: empty")


@pytest.mark.slow
def test_a_run_of_images_elsewhere_is_resumed_by_their_etags(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    for name, seed in (("a.png", 1), ("b.png", 2)):
        save(name, 24, 20, seed)
        for side in ("left", "right"):
            bucket.put(f"{side}/{name}", tmp_path / name)
    command = (
        "batch",
        f"s3://{bucket.name}/left",
        f"s3://{bucket.name}/right",
        *CHEAP,
        "--resume",
        "r.jsonl",
        "-v",
    )
    assert "0 results reused" in percept(*command).stderr
    again = percept(*command)
    assert "2 results reused" in again.stderr and "0 objects fetched" in again.stderr
    bucket.put("right/b.png", tmp_path / "a.png")
    assert "1 result reused" in percept(*command).stderr
