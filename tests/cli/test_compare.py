"""`percept compare` as a person meets it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import ROOT, Percept, Save, drawing
from tests.support.reported import SCHEMA
from tests.support.torch_loaded import with_torch_report
from tests.support.views import animation


def test_a_differing_pair(percept: Percept, save: Save) -> None:
    save("a.png")
    save("[red].png", seed=1)
    done = percept("compare", "a.png", "[red].png", "--format", "json", fresh=True)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    (result,) = document["results"]
    assert (result["name"], result["reference"], result["candidate"]) == ("[red].png", "a.png", "[red].png")
    assert (result["width"], result["height"], result["status"]) == (40, 30, "measured")
    assert result["distance"] == pytest.approx(sum(layer["contribution"] for layer in result["layers"]), rel=1e-15)
    distance = result["distance"]

    done = percept("compare", "a.png", "[red].png", "--threshold", distance)
    assert done.returncode == 0
    assert "candidate  [red].png\n" in done.stdout
    assert f"threshold    {distance:.6g} (command line)\n" in done.stdout
    assert "verdict      PASS: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80

    done = percept("compare", "a.png", "[red].png", "--threshold", distance * 0.999, "--format", "score")
    assert (done.returncode, done.stdout) == (1, f"{distance!r}\t[red].png\n")


def test_swapped_pictures_have_the_same_distance(percept: Percept, save: Save) -> None:
    save("a.png", 75, 61)
    save("b.png", 75, 61, seed=1)
    scores = [
        percept("compare", *names, "--format", "score").stdout
        for names in (("a.png", "b.png"), ("b.png", "a.png"))
    ]
    assert scores[0].split("\t")[0] == scores[1].split("\t")[0]


def test_equal_pictures_are_at_zero_without_torch(tmp_path: Path, save: Save) -> None:
    save("a.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    save("reencoded.bmp")
    for candidate in ("a.png", "copy.png", "reencoded.bmp"):
        done = with_torch_report("compare", "a.png", candidate, "--format", "json", "--threshold", 0, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "False\n")
        document = json.loads(done.stdout)
        assert document["device"] == "none"
        assert document["results"][0]["distance"] == 0
        assert [layer["distance"] for layer in document["results"][0]["layers"]] == [0] * 3


def test_public_names_are_listed_before_they_are_used() -> None:
    code = "import percept_cli as p; assert set(p.__all__) <= set(dir(p)); print(*vars(p))"
    names = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "PerceptualDistance" not in names


# What is typed (in a folder with a.png 40×30, b.png that differs, big.png 50×30), the exit code, and what the
# message must hold.
TROUBLE = {
    "missing file": (["a.png", "missing.png"], 3, "missing.png: no such file"),
    "directory": (["folder", "b.png"], 3, "folder is a folder"),
    "empty file": (["a.png", "empty.png"], 3, "empty.png: empty (0 bytes)"),
    "text called png": (["text.png", "b.png"], 3, "text.png: not an image"),
    "equal text files": (["text.png", "text.png"], 3, "text.png: not an image"),
    "truncated png": (["a.png", "truncated.png"], 3, "truncated.png: the image is damaged or truncated"),
    "equal truncated files": (["truncated.png", "truncated.png"], 3, "truncated.png: the image is damaged"),
    "zero-size": (["zero.png", "b.png"], 3, "zero.png: "),
    "sizes differ": (["a.png", "big.png"], 3, "a.png is 40×30 pixels, big.png is 50×30"),
    "light": (["light.npy", "b.png"], 3, "light.npy holds scene-linear values, but b.png"),
    "name with escape codes": (["a.png", "\x1b[31mred.png"], 3, "\\x1b[31mred.png: no such file"),
    "name through a missing folder": (["a.png", "sub/../missing.png"], 3, "missing.png: no such file"),
    "unknown layer": (["a.png", "b.png", "--layers", "relu3_9"], 2, "unknown layer 'relu3_9'"),
    "negative weight": (["a.png", "b.png", "--layers", "relu3_3=-2"], 2, "weight of layer relu3_3"),
    "NaN weight": (["a.png", "b.png", "--layers", "relu3_3=nan"], 2, "weight of layer relu3_3"),
    "empty layer list": (["a.png", "b.png", "--layers", ""], 2, "the list of layers is empty"),
    "unknown distance that no layer takes": (
        ["a.png", "b.png", "--layers", "relu1_2:mse", "--distance", "nope"],
        2,
        "unknown distance 'nope'",
    ),
    "name with a line break": (["a.png", "new\nline.png"], 3, "Error: new\\nline.png: no such file"),
    "device number absurd": (["a.png", "b.png", "--device", "cuda:99999999999999999999"], 2, "unknown device"),
    "config name empty": (["a.png", "b.png", "--config", ""], 2, "cannot be read"),
    "unknown distance": (["a.png", "b.png", "--distance", "cosin"], 2, "did you mean cosine?"),
    "unknown preset": (["a.png", "b.png", "--preset", "jonson-style"], 2, "did you mean johnson-style?"),
    "threshold NaN": (["a.png", "b.png", "--threshold", "nan"], 2, "the threshold must be a finite number"),
    "threshold negative": (["a.png", "b.png", "--threshold", "-1"], 2, "the threshold must be a finite number"),
    "threshold no number": (["a.png", "b.png", "--threshold", "low"], 2, "'low' is not a valid float"),
    "unknown device": (["a.png", "b.png", "--device", "gpu"], 2, "unknown device 'gpu'"),
    "unknown precision": (["a.png", "b.png", "--precision", "fp8"], 2, "unknown precision 'fp8'"),
    "unknown format": (["a.png", "b.png", "--format", "xml"], 2, "'xml' is not one of"),
    "unknown option": (["a.png", "b.png", "--treshold", "1"], 2, "--threshold"),
    "one picture": (["a.png"], 2, "Missing argument 'CANDIDATE'"),
    "output is an input": (["a.png", "b.png", "--output", "b.png", "--format", "json"], 2, "overwrite the input"),
    "output is a folder": (["a.png", "b.png", "--output", "folder"], 2, "the output is a folder"),
    "output folder missing": (["a.png", "b.png", "-o", "no/r.json"], 2, "/no does not exist"),
    "output ending unknown": (["a.png", "b.png", "-o", "r.xyz"], 2, 'cannot infer a report format from ".xyz"'),
    "config missing": (["a.png", "b.png", "--config", "no.toml"], 2, "no.toml: cannot be read: No such file"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_has_a_message_and_a_code_and_leaves_nothing(troubled: Path, percept: Percept, case: str) -> None:
    arguments, code, message = TROUBLE[case]
    before = {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()}
    done = percept("compare", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()} == before


def test_missing_weights_are_exit_code_4(troubled: Path, percept: Percept) -> None:
    """A copy of the package whose weights file is cut short, as a broken download leaves it."""
    package = troubled / "copy" / "percept_cli"
    package.mkdir(parents=True)
    (package.parent / "configs").symlink_to(ROOT / "configs")
    for entry in (ROOT / "percept_cli").iterdir():
        if entry.name != "networks":
            (package / entry.name).symlink_to(entry)
    (package / "networks" / "data").mkdir(parents=True)
    for entry in (ROOT / "percept_cli" / "networks").glob("*.py"):
        (package / "networks" / entry.name).write_text(entry.read_text(encoding="utf-8"), encoding="utf-8")
    (package / "networks" / "data" / "vgg16-oxford.safetensors").write_bytes(b"\0" * 1000)
    done = percept("compare", "a.png", "b.png", env={"PYTHONPATH": str(package.parent)})
    assert (done.returncode, done.stdout) == (4, "")
    assert str(package / "networks") in done.stderr
    assert "the weights file is truncated or damaged" in done.stderr


def test_pictures_smaller_than_the_deepest_tap_are_extended_and_said_to_be(percept: Percept, save: Save) -> None:
    save("a.png", 8, 5)
    save("b.png", 8, 5, seed=1)
    note = (
        "8×5 pixels are too few for relu4_3: both images were extended to 8×8 by repeating their last column "
        "and row"
    )
    done = percept("compare", "a.png", "b.png", "--format", "json")
    assert (done.returncode, done.stderr) == (0, f"Note: {note}\n")
    (result,) = json.loads(done.stdout)["results"]
    assert (result["width"], result["height"]) == (8, 5)
    assert note in result["reason"]
    assert result["distance"] > 0
    done = percept("compare", "a.png", "a.png", "--threshold", 0)
    assert done.returncode == 0
    assert "note       8×5 pixels are too few" in done.stdout
    done = percept("compare", "a.png", "a.png", "--layers", "relu1_2")
    assert "too few" not in done.stdout


def test_a_distance_that_overflows_is_trouble_and_no_pass(percept: Percept, save: Save) -> None:
    save("a.png")
    save("b.png", seed=1)
    done = percept(
        "compare", "a.png", "b.png", "--layers", "input:mse=1e308,conv1_1:mse=1e308", "--format", "json"
    )
    assert done.returncode == 3
    (result,) = json.loads(done.stdout)["results"]
    assert (result["status"], result["distance"]) == ("error", None)
    assert result["reason"].startswith("the distance is inf: the arithmetic overflowed")


def test_reports_name_the_views(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(animation([0, 1]))
    (tmp_path / "b.gif").write_bytes(animation([0, 2]))
    done = percept("compare", "a.gif", "b.gif", "--layers", "relu1_2", "-o", "r.json", "--format", "table", "-v")
    assert done.returncode == 0
    (row,) = json.loads((tmp_path / "r.json").read_text())["results"]
    assert row["view"] == {"frame": 2, "ground": None, "exposure": None}
    assert [one["frame"] for one in row["views"]] == [1, 2]
    assert row["distance"] == row["views"][1]["distance"] > row["views"][0]["distance"] == 0
    assert "the worst of 2 views: frame 2 (mean distance" in row["reason"]
    lines = done.stdout.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("view"))
    assert lines[place].split() == ["view", "distance", "verdict"]
    assert lines[place + 1].split() == ["frame", "2", f"{row['distance']:.6g}", "MEASURED"]
    assert lines[place + 2].split() == ["frame", "1", "0", "MEASURED"]
    assert "frame 1: plan: the pixels are equal, nothing to compute" in done.stderr


def test_tables_name_the_view(percept: Percept, tmp_path: Path) -> None:
    """A line for a pair of two frames, and one for a pair of a single view, which has nothing to name."""
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
        drawing(40, 30).save(tmp_path / name / "one.png")
    (tmp_path / "r" / "two.gif").write_bytes(animation([0, 1]))
    (tmp_path / "c" / "two.gif").write_bytes(animation([0, 2]))
    reports = ("-o", "r.csv", "-o", "r.parquet", "--resume", "rows.jsonl")
    for wide in ((), ("--wide",)):  # the second time without comparing again
        percept("batch", "r", "c", "--layers", "relu1_2", *wide, *reports)
        lines = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
        assert {line["name"]: line["view"] for line in lines} == {"one.png": "", "two.gif": "frame 2"}
        columns = parquet.read_table(tmp_path / "r.parquet").to_pydict()
        assert dict(zip(columns["name"], columns["view"], strict=True)) == {"one.png": None, "two.gif": "frame 2"}
