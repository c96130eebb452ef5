"""What commands say of what was asked and where reports are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.cli.words import say_plans, what_ran, where_reports_are, worst_in_lines
from percept_cli.geometry import View
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.run import Run
from percept_cli.scoring.scorer import Scorer
from tests.support.reported import MANY

SPEC = DistanceSpec((LayerSpec("input", "mse"),))


def test_one_report_or_several() -> None:
    assert where_reports_are([Path("a.json")]) == "The report is in a.json."
    assert where_reports_are([Path("out/a.json"), Path("b.html")]) == "The reports are in out/a.json, b.html."


def test_what_did_not_pass_is_a_line_each() -> None:
    lines = list(worst_in_lines(MANY, None))
    assert [line.split()[0] for line in lines] == ["ERROR", "FAIL", "MISSING", "NEW"]
    assert list(worst_in_lines(MANY, 1)) == [lines[0], "  … and 3 more; list them with --top all"]


def test_names_of_reports_are_harmless() -> None:
    assert "\x1b" not in where_reports_are([Path("a\x1b[2J.json")])


def test_a_plan_has_the_name_of_its_view_where_there_are_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    reading = Scorer(SPEC).read(pair_of_files(tmp_path / "a.png", tmp_path / "a.png"))
    (sight,) = reading.sights
    say_plans(replace(reading, sights=(sight, replace(sight, view=View(frame=2)))))
    said = capsys.readouterr()
    assert said.out == ""
    plan = "plan: the pixels are equal, nothing to compute"
    assert said.err.splitlines() == [plan, f"{View(frame=2)}: {plan}"]


def test_what_needed_no_network_says_so() -> None:
    run = Run("1.0", SPEC, "none", ())
    assert what_ran(run, 0.25) == "network not loaded, because it was not needed; 0.250 s"


def test_what_ran_says_on_what() -> None:
    import torch

    said = what_ran(Run("1.0", SPEC, "cpu", ()), 1.5)
    assert said.splitlines()[0] == f"vgg16 from {SPEC.record.path}"
    assert f"torch {torch.__version__} on cpu, {torch.get_num_threads()} threads, fp32; 1.500 s" in said
