"""`percept heatmap` as a person meets it: real processes and real files."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.drawing.colours import SCALE
from tests.conftest import Percept, Save
from tests.support.heat_maps import pixels
from tests.support.torch_loaded import with_torch_report
from tests.support.views import icon

# What is measured.


def test_equal_pictures_are_drawn_without_torch(tmp_path: Path, save: Save) -> None:
    save("a.png")
    done = with_torch_report(
        "heatmap", "a.png", "a.png", "-o", "h.png", "--style", "alone", "--no-scale", cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "The images are equal: the map is 0 everywhere.\nThe heat map is in h.png.\nFalse\n"
    assert pixels(tmp_path / "h.png").shape == (30, 40, 3)
    assert (pixels(tmp_path / "h.png") == SCALE[0]).all()
    done = with_torch_report("heatmap", "a.png", "a.png", "-o", "h.webp", "--style", "layers", "-q", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "False\n")


# The command.

TROUBLE = {
    "no output": (["a.png", "b.png"], 2, "Missing option '--output'"),
    "ending of no picture": (
        ["a.png", "b.png", "-o", "h.gif"],
        2,
        'h.gif: cannot infer an image format from ".gif"',
    ),
    "no ending": (["a.png", "b.png", "-o", "h"], 2, "use one of .png, .jpg, .jpeg, .webp."),
    "output is an input": (["a.png", "b.png", "-o", "b.png"], 2, "overwrite the input b.png"),
    "output is a folder": (["a.png", "b.png", "-o", "folder.png"], 2, "the output is a folder"),
    "output folder missing": (["a.png", "b.png", "-o", "no/h.png"], 2, "/no does not exist"),
    "missing file": (["a.png", "gone.png", "-o", "h.png"], 3, "gone.png: no such file"),
    "folder": (["folder", "b.png", "-o", "h.png"], 3, "folder is a folder"),
    "sizes differ": (["a.png", "big.png", "-o", "h.png"], 3, "a.png is 40×30 pixels, big.png is 50×30"),
    "no places": (
        ["a.png", "b.png", "-o", "h.png", "--preset", "johnson-style"],
        2,
        "relu1_2 uses the distance gram",
    ),
    "unknown layer": (["a.png", "b.png", "-o", "h.png", "--layer", "relu3_2"], 2, "did you mean relu3_3?"),
    "unknown style": (["a.png", "b.png", "-o", "h.png", "--style", "glow"], 2, "'glow' is not one of"),
    "a threshold": (["a.png", "b.png", "-o", "h.png", "--threshold", "1"], 2, "No such option"),
    "unknown preset": (["a.png", "b.png", "-o", "h.png", "--preset", "five-tap"], 2, "did you mean five-taps?"),
    "overflow": (
        ["a.png", "b.png", "-o", "h.png", "--layers", "input:mse=1e308,conv1_1:mse=1e308"],
        3,
        "overflowed",
    ),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_has_a_message_and_a_code_and_leaves_nothing(troubled: Path, percept: Percept, case: str) -> None:
    (troubled / "folder.png").mkdir()
    arguments, code, message = TROUBLE[case]
    before = {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()}
    done = percept("heatmap", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in troubled.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_standard_output_gets_the_picture_alone(save: Save, tmp_path: Path, output: str) -> None:
    save("a.png", 200, 100)
    command = [sys.executable, "-m", "percept_cli", "heatmap", "a.png", "a.png", "-o", output]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.width) == ("PNG", 200)
    assert done.stderr.decode() == "The images are equal: the map is 0 everywhere.\n"


def test_verbose_says_what_is_done(percept: Percept, save: Save) -> None:
    save("a.png", 96, 64)
    save("b.png", 96, 64, seed=1)
    options = ("--layer", "relu2_2", "--style", "triptych", "-v")
    done = percept("heatmap", "a.png", "b.png", "-o", "h.png", *options, fresh=True)
    assert done.returncode == 0
    assert "preset default; no settings file; fingerprint " in done.stderr
    assert "plan: 18 of 24 cells" in done.stderr
    assert "torch " in done.stderr


def test_a_heat_map_is_of_the_worst_view(percept: Percept, tmp_path: Path) -> None:
    icon((255, 255, 255)).save(tmp_path / "a.png")
    Image.new("RGBA", (40, 40)).save(tmp_path / "b.png")
    done = percept("heatmap", "a.png", "b.png", "-o", "h.png", "--style", "alone", "--no-scale")
    assert done.returncode == 0
    assert "the worst of 2 views: on black" in done.stderr
    drawn = np.asarray(Image.open(tmp_path / "h.png").convert("RGB")).astype(int)
    assert drawn[20, 20].sum() != drawn[1, 1].sum()
