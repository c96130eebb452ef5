"""What was learned of an image, put over the limits that its gates have without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from percept_cli.evidence.noise import NO_NOISE
from percept_cli.evidence.sight import Sight
from percept_cli.geometry import Box, FileStamp
from percept_cli.judging.by_noise_file import ByPlace, NoiseFiles, by_place, excess_of
from percept_cli.judging.gates import AUTO_PEAK, Measures, judge_gates
from percept_cli.judging.learned import LearnedImage, Observed, learn_image, margin, observed_places
from percept_cli.judging.noise_file import UnreadableNoiseFile, written
from percept_cli.judging.rules import OFF, Levels, Percent, Rules
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import GateName
from tests.support.runs import PAIR

NOTHING = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE, pixels=1000)
ENTRY = LearnedImage("0" * 64, 128, 64, 2, 0.2, 0.5, 4.0, 3.0, 50)


def limits_of(rules: Rules, found: Measures = NOTHING) -> dict[GateName, tuple[float | None, str]]:
    held = by_place(ENTRY, found, rules, None, (128, 64)).measures
    return {gate.name: (gate.fail, gate.source) for gate in judge_gates(held, rules)}


def test_the_limits_of_an_image_are_its_own() -> None:
    limits = limits_of(Rules())
    assert {source for _, source in limits.values()} == {"noise file, 2 runs"}
    wanted = {"overall": 0.2, "peak": 0.5, "colour": 4.0}
    assert {name: fail for name, (fail, _) in limits.items()} == {
        name: float(f"{margin(2) * value:.4g}") for name, value in wanted.items()
    }


def test_gates_that_are_off_or_typed_keep_what_they_have() -> None:
    rules = Rules(
        levels={"colour": Levels(None, OFF), "changed-pixels": Levels(None, Percent(1))},
        typed={"peak": Levels(None, 0.7, "command line")},
    )
    limits = limits_of(rules)
    assert limits["peak"] == (0.7, "command line")
    assert limits["colour"][0] is None
    share, source = limits["changed-pixels"]
    assert share == pytest.approx(margin(2) * 5, rel=1e-3)
    assert source == "noise file, 2 runs"


def test_another_recipe_has_learned_limits_only_where_it_has_others() -> None:
    found = replace(NOTHING, by_default=False)
    assert limits_of(Rules(), found).keys() == {"colour"}
    assert limits_of(Rules(levels={"overall": Levels(None, 30.0)}), found)["overall"][0] == 30.0


def rendering(row: int, column: int, peak: float) -> Observed:
    grid = np.zeros((8, 16), np.float32)
    grid[row, column] = peak
    none = observed_places(np.zeros_like(grid), 128, 64)
    places = {"peak": observed_places(grid, 128, 64), "colour": none}
    return Observed("0" * 64, 128, 64, 0.0, 0.0, 1, places)  # type: ignore[arg-type] # by gate


def test_a_rendering_is_held_to_what_the_others_taught() -> None:
    others = learn_image([rendering(2, 2, 0.3), rendering(2, 2, 0.4)])
    inside, _ = excess_of(others, rendering(2, 3, 0.5), Rules(), by_default=True)
    assert inside == pytest.approx(0.5 / (margin(2) * 0.4), rel=1e-3)  # what was learned has four digits
    elsewhere, gate = excess_of(others, rendering(2, 9, 0.3), Rules(), by_default=True)
    assert (elsewhere, gate) == (float(np.float32(0.3) / np.float32(AUTO_PEAK[0])), "peak")
    off = Rules(levels={"peak": Levels(None, OFF)})
    assert excess_of(others, rendering(2, 9, 0.3), off, by_default=True) == (0.0, None)


def test_a_region_is_judged_by_its_places() -> None:
    shares = np.zeros((8, 16), np.float32)
    shares[1, 1], shares[3, 3] = 0.8, 1.1
    held = ByPlace(NOTHING, {"peak": shares})
    assert held.status_of("peak", Box(0, 0, 8, 8)) == "pass"
    assert held.status_of("peak", Box(4, 4, 8, 8)) == "warn"
    assert held.status_of("peak", Box(4, 4, 28, 28)) == "fail"
    assert held.status_of("colour", Box(0, 0, 8, 8)) is None


def test_a_run_keeps_the_file_that_it_began_with(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    fingerprint = load_preset("default").spec.fingerprint
    path.write_text("".join(written(fingerprint, [("a.png", ENTRY)])), encoding="utf-8")
    files, rules = NoiseFiles(), Rules(noise_file=path)
    result = replace(PAIR, name="a.png", reference_file=FileStamp(1, 1, "0" * 64))
    sight = Sight(None, None, None, 128, 64)  # type: ignore[arg-type] # of which only the size is asked

    spec = load_preset("default").spec

    def ask(rules: Rules) -> tuple[LearnedImage | None, tuple[str, ...]]:
        return files.entry_for(result, rules, sight, spec)

    assert ask(rules) == (ENTRY, ())
    path.unlink()
    assert ask(rules) == (ENTRY, ())
    assert ask(Rules()) == (None, ())
    with pytest.raises(UnreadableNoiseFile):
        NoiseFiles().entry_for(result, rules, sight, spec)
