"""Options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from percept_cli import compare
from percept_cli.reports.data.reading import read_run
from tests.conftest import Percept, drawing
from tests.support.colour_files import IGNORE, P3, PICTURE


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [
        ("cuda", "fp32", "device cuda is not available"),
        ("cuda:7", "fp32", "device cuda:7 is not available"),
        ("mps", "fp32", "device mps is not available"),
        ("cpu", "tf32", "precision tf32 is not available on device cpu"),
    ],
)
@pytest.mark.usefixtures("troubled")
def test_devices_that_are_not_there(percept: Percept, device: str, precision: str, message: str) -> None:
    import torch

    if device != "cpu" and (
        torch.backends.mps.is_available() if device == "mps" else torch.cuda.device_count() > 7
    ):
        pytest.skip(f"this machine has {device}")
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has cuda")
    done = percept("compare", "a.png", "b.png", "--device", device, "--precision", precision)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"Error: {message}" in done.stderr
    assert "Hint: " in done.stderr


IGNORING = "6453b6484200"  # of the default preset
IGNORING_OF_FIVE = "49f1f57a9073"
"""The fingerprint of the default recipe without profiles."""


@pytest.fixture
def two_spaces(tmp_path: Path) -> Path:
    """Equal levels with and without a profile, in two folders."""
    for folder, profile in (("r", b""), ("c", P3)):
        (tmp_path / folder).mkdir()
        PICTURE.save(tmp_path / folder / "a.png", icc_profile=profile)
    return tmp_path


@pytest.mark.usefixtures("two_spaces")
def test_every_command_takes_the_option(percept: Percept, tmp_path: Path) -> None:
    files = ("r/a.png", "c/a.png")
    assert float(percept("compare", *files, "--format", "score").stdout.split()[0]) > 0.1
    done = percept("compare", *files, "--ignore-icc")
    assert "fp32, profiles ignored, network not needed" in done.stdout
    assert IGNORING in done.stdout
    assert percept("batch", "r", "c", "--threshold", 0.01, "-q").returncode == 1
    assert percept("batch", "r", "c", "--threshold", 0.01, "-q", "--ignore-icc").returncode == 0
    assert percept("check", "r", "c", "-q").returncode == 1
    assert percept("check", "r", "c", "-q", "--ignore-icc").returncode == 0
    done = percept("heatmap", *files, "-o", "h.png", "--ignore-icc")
    assert "The images are equal" in done.stderr
    (tmp_path / "percept.toml").write_text("ignore-icc = true\n")
    assert percept("check", "r", "c", "-q").returncode == 0
    assert percept("check", "r", "c", "-q", "--no-ignore-icc").returncode == 1
    (tmp_path / "percept.toml").write_text('ignore-icc = "yes"\n')
    done = percept("compare", *files)
    assert done.returncode == 2
    assert "ignore-icc must be true or false, not 'yes'" in done.stderr


@pytest.mark.usefixtures("two_spaces")
def test_a_report_keeps_the_choice(percept: Percept, tmp_path: Path) -> None:
    drawing(64, 48, seed=1).save(tmp_path / "c" / "a.png", icc_profile=P3)
    assert percept("check", "r", "c", "-q", "--ignore-icc", "-o", "run.json").returncode == 1
    run = read_run(tmp_path / "run.json")
    assert run.spec.pictures == IGNORE
    done = percept("report", "run.json")
    assert "percept heatmap r/a.png c/a.png --ignore-icc -o heat.png" in done.stdout
    stored = json.loads((tmp_path / "run.json").read_text())
    stored["spec"]["picture"]["ignore_icc"] = False
    (tmp_path / "run.json").write_text(json.dumps(stored))  # another policy than the fingerprint's
    assert percept("report", "run.json").returncode == 3


@pytest.mark.usefixtures("two_spaces")
def test_an_override_with_a_preset_reads_as_the_run_does(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "percept.toml").write_text(
        'ignore-icc = true\n[[override]]\nmatch = "a.png"\npreset = "five-taps"\n'
    )
    drawing(64, 48, seed=1).save(tmp_path / "c" / "a.png", icc_profile=P3)
    percept("check", "r", "c", "-q", "-o", "run.json")
    (row,) = json.loads((tmp_path / "run.json").read_text())["results"]
    assert row["fingerprint"] == IGNORING_OF_FIVE
    assert row["distance"] == pytest.approx(
        compare(PICTURE, drawing(64, 48, seed=1), preset="five-taps").distance, rel=1e-6
    )
