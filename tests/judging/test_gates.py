"""Gates and their levels. No pictures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.evidence.noise import NO_NOISE, NoiseFloor
from percept_cli.geometry import Box
from percept_cli.judging.checks import has_own_levels
from percept_cli.judging.gates import (
    AUTO,
    AUTO_PEAK,
    AUTO_REDRAWN,
    FIXED,
    Measures,
    in_words,
    judge_gates,
    verdict_of,
)
from percept_cli.judging.rulebook import changed
from percept_cli.judging.rules import NOISES, OFF, Levels, Percent, Rules
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import Gate

NOTHING = Measures(0.0, 0.0, None, 0.0, None, 0, NO_NOISE)


def test_a_warning_leaves_the_failure_as_it_was() -> None:
    """As does one in a file, above the gate's own; and `off` is a word for never."""
    found = Measures(0.01, 0.5, Box(8, 0, 8, 8), 1.0, Box(0, 0, 8, 8), 12, NO_NOISE)

    def peak(levels: Levels, rules: Rules | None = None) -> Gate:
        rules = changed(rules or Rules(), {"levels": {"peak": levels}})
        return next(gate for gate in judge_gates(found, rules) if gate.name == "peak")

    warned = peak(Levels(warn=0.05, source="mine"))
    assert (warned.status, warned.warn, warned.fail) == ("fail", 0.05, AUTO_PEAK[0])
    assert warned.source == "warn limit: mine; fail limit: automatic limit; noise floor 0"
    of_file = changed(Rules(), {"levels": {"peak": Levels(fail=0.3, source="percept.toml")}})
    both = peak(Levels(warn=0.1, source="command line"), of_file)
    assert (both.status, both.warn, both.fail) == ("fail", 0.1, 0.3)
    off = peak(Levels(fail=OFF, source="mine"))
    assert (off.status, off.warn, off.fail) == ("pass", None, None)
    assert peak(Levels(warn=0.05, fail=OFF)).status == "warn"
    assert peak(Levels(warn=OFF)).status == "fail"


def test_limits_of_overall_and_peak_belong_to_the_default_preset() -> None:
    found = Measures(50.0, 200.0, None, 0.5, None, 12, NoiseFloor(60.0), by_default=False)
    assert [gate.name for gate in judge_gates(found, Rules())] == ["colour"]
    gates = judge_gates(found, Rules(levels={"overall": Levels(fail=20.0)}))
    assert [(gate.name, gate.status) for gate in gates] == [("overall", "fail"), ("colour", "pass")]
    assert has_own_levels(load_preset("default").spec)
    assert not has_own_levels(load_preset("five-taps").spec)


def test_per_cent_is_of_the_pixels_that_are_compared() -> None:
    """Exactly the level is within it; pixels that are left out are not among the hundred."""
    for count, compared, status in ((10, 1000, "pass"), (11, 1000, "fail"), (10, 999, "fail"), (0, 0, "pass")):
        found = Measures(0.0, 0.0, None, 0.0, None, count, NO_NOISE, pixels=compared)
        rules = Rules(levels={"changed-pixels": Levels(None, Percent(1), "command line")})
        gate = next(gate for gate in judge_gates(found, rules) if gate.name == "changed-pixels")
        assert (gate.status, gate.unit, gate.fail) == (status, "%", 1.0)
    assert in_words(replace(gate, value=1.5, status="fail")) == "changed-pixels 1.5 % exceeds 1 % (command line)"
    with pytest.raises(InvalidSetting, match="one limit is in per cent"):
        Levels(Percent(1), 100.0)
    with pytest.raises(InvalidSetting, match="one limit is in per cent"):
        Levels(Percent(1)).above(Levels(None, 100.0))
    assert Levels(Percent(1), OFF).in_per_cent


@pytest.mark.parametrize("noise", NOISES)
def test_equal_pictures_pass_every_gate(noise: str) -> None:
    gates = judge_gates(NOTHING, Rules(noise=noise))  # type: ignore[arg-type] # one of them
    assert [gate.name for gate in gates] == ["overall", "peak", "colour"]
    assert verdict_of(gates) == ("pass", "within the limits of overall, peak, colour")


def test_levels_follow_the_noise_of_the_pair() -> None:
    def peak_level(noise: float, redrawn: bool = False) -> float | None:
        found = Measures(0.0, 0.5, Box(8, 0, 8, 8), 0.0, None, 0, NoiseFloor(noise, redrawn))
        return next(gate.fail for gate in judge_gates(found, Rules()) if gate.name == "peak")

    least, times, most = AUTO_PEAK
    assert peak_level(0.0) == least
    assert peak_level(0.1) == pytest.approx(least + times * 0.1)
    assert peak_level(100.0) == most
    assert peak_level(0.1, redrawn=True) == peak_level(0.1)
    assert peak_level(100.0, redrawn=True) == AUTO_REDRAWN > most


def test_a_gate_says_what_it_was_held_to() -> None:
    found = Measures(0.01, 0.5, Box(8, 0, 8, 8), 1.0, Box(0, 0, 8, 8), 12, NO_NOISE)
    rules = Rules(levels={"changed-pixels": Levels(3, 20, "percept.toml"), "colour": Levels(None, 1.0, "mine")})
    gates = {gate.name: gate for gate in judge_gates(found, rules)}
    assert gates["changed-pixels"].status == "warn"
    assert gates["colour"].status == "pass"  # a value equal to the level is within it
    assert gates["peak"].status == "fail"
    status, reason = verdict_of(tuple(gates.values()))
    assert status == "fail"
    level = AUTO_PEAK[0]
    assert reason == f"peak 0.5 at 8,0,8,8 exceeds {level} (automatic limit; noise floor 0)"
    gates.pop("peak")
    status, reason = verdict_of(tuple(gates.values()))
    assert (status, reason) == ("warn", "changed-pixels 12 pixels exceeds 3 (percept.toml)")


def test_what_is_no_number_passes_no_gate() -> None:
    found = Measures(math.nan, math.nan, None, math.nan, None, 0, NO_NOISE)
    assert {gate.status for gate in judge_gates(found, Rules())} == {"fail"}


def test_distances_without_places_have_no_peak() -> None:
    found = Measures(0.0, None, None, 0.0, None, 0, NO_NOISE)
    assert [gate.name for gate in judge_gates(found, Rules())] == ["overall", "colour"]


def test_named_settings_are_ordered() -> None:
    for gate in ("peak", "colour", "overall"):
        assert FIXED["same-machine"][gate] <= FIXED["cross-machine"][gate]
    assert FIXED["same-machine"]["peak"] < AUTO_PEAK[0] < AUTO_PEAK[2] <= FIXED["cross-machine"]["peak"]
    assert AUTO["colour"] == FIXED["cross-machine"]["colour"]
