"""Rules of a check and the tables they are read from, gates and their levels. No pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.geometry import Box, parse_box
from percept_cli.judging.checks import check_levels, has_own_levels
from percept_cli.judging.gates import AUTO, AUTO_PEAK, FIXED, Measures, in_words, judge_gates, verdict_of
from percept_cli.judging.rulebook import RuleBook, changed, from_arguments, read_check, read_overrides
from percept_cli.judging.rules import NOISES, OFF, Levels, Percent, Rules, parse_level
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import Gate

HERE = Path()
NOTHING = Measures(0.0, 0.0, None, 0.0, None, 0, 0.0)


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "-1,0,1,1", "0,0,0,5", "1,2,3,4,5", "", "9" * 12 + ",0,1,1"])
def test_what_is_no_rectangle(text: str) -> None:
    with pytest.raises(InvalidSetting, match="rectangle"):
        parse_box(text)


def test_a_warning_leaves_the_failure_as_it_was() -> None:
    """As does one in a file, above the gate's own; and `off` is a word for never."""
    found = Measures(0.01, 0.5, Box(8, 0, 8, 8), 1.0, Box(0, 0, 8, 8), 12, 0.0)

    def peak(levels: Levels, rules: Rules | None = None) -> Gate:
        rules = changed(rules or Rules(), {"levels": {"peak": levels}})
        return next(gate for gate in judge_gates(found, rules) if gate.name == "peak")

    warned = peak(Levels(warn=0.05, source="mine"))
    assert (warned.status, warned.warn, warned.fail) == ("fail", 0.05, AUTO_PEAK[0])
    assert warned.source == "the warning by mine, the failure by auto, by the noise floor 0 of this pair"
    of_file = changed(Rules(), {"levels": {"peak": Levels(fail=0.3, source="percept.toml")}})
    both = peak(Levels(warn=0.1, source="command line"), of_file)
    assert (both.status, both.warn, both.fail) == ("fail", 0.1, 0.3)
    off = peak(Levels(fail=OFF, source="mine"))
    assert (off.status, off.warn, off.fail) == ("pass", None, None)
    assert peak(Levels(warn=0.05, fail=OFF)).status == "warn"
    assert peak(Levels(warn=OFF)).status == "fail"


def test_levels_of_distance_and_peak_belong_to_render() -> None:
    found = Measures(50.0, 200.0, None, 0.5, None, 12, 60.0, by_render=False)
    assert [gate.name for gate in judge_gates(found, Rules())] == ["colour"]
    gates = judge_gates(found, Rules(levels={"distance": Levels(fail=20.0)}))
    assert [(gate.name, gate.status) for gate in gates] == [("distance", "fail"), ("colour", "pass")]
    assert has_own_levels(load_preset("render").spec)
    assert not has_own_levels(load_preset("default").spec)


def test_a_level_of_the_peak_for_a_recipe_without_places() -> None:
    with pytest.raises(InvalidSetting, match="the gate peak has no value"):
        check_levels(Rules(levels={"peak": Levels(fail=1.0)}), load_preset("johnson-style").spec)


def test_rectangles_and_levels() -> None:
    assert parse_box(" 0, 1,20,3") == Box(0, 1, 20, 3)
    assert str(parse_box("0,1,20,3")) == "0,1,20,3"
    assert parse_level("changed-pixels=3") == ("changed-pixels", 3.0)
    assert parse_level("peak=off") == ("peak", OFF)
    for text in ("changed-pixels=0.5%", "changed-pixels = 0.5 %"):
        gate, level = parse_level(text)
        assert (gate, level, type(level)) == ("changed-pixels", 0.5, Percent)
    for text in ("peak", "peak=x", "peek=1", "=1", "peak=1%", "colour=1%"):
        with pytest.raises(InvalidSetting):
            parse_level(text)
    for text in ("101%", "-1%", "nan%", "%", "1%%", "off%"):
        with pytest.raises(InvalidSetting):
            parse_level(f"changed-pixels={text}")


def test_per_cent_is_of_the_pixels_that_are_compared() -> None:
    """Exactly the level is within it; pixels that are left out are not among the hundred."""
    for count, compared, status in ((10, 1000, "pass"), (11, 1000, "fail"), (10, 999, "fail"), (0, 0, "pass")):
        found = Measures(0.0, 0.0, None, 0.0, None, count, 0.0, pixels=compared)
        rules = Rules(levels={"changed-pixels": Levels(None, Percent(1), "command line")})
        gate = next(gate for gate in judge_gates(found, rules) if gate.name == "changed-pixels")
        assert (gate.status, gate.unit, gate.fail) == (status, "%", 1.0)
    assert (
        in_words(replace(gate, value=1.5, status="fail")) == "changed-pixels 1.5 % is above 1.0 % (command line)"
    )
    with pytest.raises(InvalidSetting, match="one level is in per cent"):
        Levels(Percent(1), 100.0)
    with pytest.raises(InvalidSetting, match="one level is in per cent"):
        Levels(Percent(1)).above(Levels(None, 100.0))
    assert Levels(Percent(1), OFF).in_per_cent


def test_per_cent_in_python_and_in_settings(tmp_path: Path) -> None:
    assert from_arguments(fail={"changed-pixels": "2%"})["levels"]["changed-pixels"].in_per_cent
    for value in ("1%", {"warn": "0.5%", "fail": "1 %"}):
        changes, _ = read_check({"changed-pixels": value}, "percept.toml", tmp_path)
        levels = changes["levels"]["changed-pixels"]
        assert (levels.fail, levels.in_per_cent) == (1.0, True)
    with pytest.raises(InvalidSetting, match="the level of peak cannot be in per cent"):
        read_check({"peak": "1%"}, "percept.toml", tmp_path)


@pytest.mark.parametrize("level", [math.nan, math.inf, -0.1])
def test_levels_that_would_let_everything_pass_or_fail(level: float) -> None:
    with pytest.raises(InvalidSetting, match="finite number of at least 0"):
        parse_level(f"peak={level}")
    if level != OFF:
        for levels in ((level, None), (None, level)):
            with pytest.raises(InvalidSetting, match="finite number of at least 0"):
                Levels(*levels)
    with pytest.raises(InvalidSetting, match="is above the one that fails"):
        Levels(warn=2, fail=1)


def test_levels_above_what_there_can_be() -> None:
    spec = load_preset("render").spec
    check_levels(Rules(levels={"peak": Levels(fail=6.0), "changed-pixels": Levels(fail=1e9)}), spec)
    with pytest.raises(InvalidSetting, match=r"the level 6.5 of the gate peak \(mine\) is above .* 6\.0"):
        check_levels(Rules(levels={"peak": Levels(fail=6.5, source="mine")}), spec)
    with pytest.raises(InvalidSetting, match="gate colour"):
        check_levels(Rules(levels={"colour": Levels(warn=301.0)}), spec)


def test_a_shift_that_is_no_shift() -> None:
    for shift in (-1, 65):
        with pytest.raises(InvalidSetting, match="max-shift must be 0 to 64"):
            Rules(max_shift=shift)


@pytest.mark.parametrize("noise", NOISES)
def test_equal_pictures_pass_every_gate(noise: str) -> None:
    gates = judge_gates(NOTHING, Rules(noise=noise))  # type: ignore[arg-type] # one of them
    assert [gate.name for gate in gates] == ["distance", "peak", "colour"]
    assert verdict_of(gates) == ("pass", "within the levels of distance, peak, colour")


def test_levels_follow_the_noise_of_the_pair() -> None:
    def peak_level(noise: float) -> float | None:
        found = Measures(0.0, 0.5, Box(8, 0, 8, 8), 0.0, None, 0, noise)
        return next(gate.fail for gate in judge_gates(found, Rules()) if gate.name == "peak")

    least, times, most = AUTO_PEAK
    assert peak_level(0.0) == least
    assert peak_level(0.1) == pytest.approx(least + times * 0.1)
    assert peak_level(100.0) == most


def test_a_gate_says_what_it_was_held_to() -> None:
    found = Measures(0.01, 0.5, Box(8, 0, 8, 8), 1.0, Box(0, 0, 8, 8), 12, 0.0)
    rules = Rules(levels={"changed-pixels": Levels(3, 20, "percept.toml"), "colour": Levels(None, 1.0, "mine")})
    gates = {gate.name: gate for gate in judge_gates(found, rules)}
    assert gates["changed-pixels"].status == "warn"
    assert gates["colour"].status == "pass"  # a value equal to the level is within it
    assert gates["peak"].status == "fail"
    status, reason = verdict_of(tuple(gates.values()))
    assert status == "fail"
    level = AUTO_PEAK[0]
    assert reason == f"peak 0.5 at 8,0,8,8 is above {level} (auto, by the noise floor 0 of this pair)"
    gates.pop("peak")
    status, reason = verdict_of(tuple(gates.values()))
    assert (status, reason) == ("warn", "changed-pixels 12 pixels is above 3 (percept.toml)")


def test_what_is_no_number_passes_no_gate() -> None:
    found = Measures(math.nan, math.nan, None, math.nan, None, 0, 0.0)
    assert {gate.status for gate in judge_gates(found, Rules())} == {"fail"}


def test_distances_without_places_have_no_peak() -> None:
    found = Measures(0.0, None, None, 0.0, None, 0, 0.0)
    assert [gate.name for gate in judge_gates(found, Rules())] == ["distance", "colour"]


def test_named_settings_are_ordered() -> None:
    for gate in ("peak", "colour", "distance"):
        assert FIXED["same-machine"][gate] <= FIXED["cross-machine"][gate]
    assert FIXED["same-machine"]["peak"] < AUTO_PEAK[0] < AUTO_PEAK[2] <= FIXED["cross-machine"]["peak"]
    assert AUTO["colour"] == FIXED["cross-machine"]["colour"]


def test_a_table_becomes_rules() -> None:
    changes, folders = read_check(
        {
            "baseline": "expected",
            "current": "actual",
            "noise": "same-machine",
            "peak": 1,
            "colour": {"warn": 1, "fail": 2},
            "ignore": "0,0,5,5",
            "mask": "mask.png",
            "max-shift": 2,
            "size-mismatch": "warn",
            "references": ["alt/{name}"],
        },
        "percept.toml",
        HERE / "conf",
    )
    rules = RuleBook(Rules(**changes)).base
    assert folders == {"baseline": "conf/expected", "current": "conf/actual"}
    assert rules.levels == {"peak": Levels(None, 1.0, "percept.toml"), "colour": Levels(1.0, 2.0, "percept.toml")}
    assert (rules.noise, rules.max_shift, rules.size_mismatch) == ("same-machine", 2, "warn")
    assert (rules.ignore, rules.mask) == ((Box(0, 0, 5, 5),), HERE / "conf/mask.png")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"peek": 1}, "unknown key 'peek'"),
        ({"peak": "1"}, "peak must be a number, not '1'"),
        ({"peak": math.nan}, "peak must be a finite number"),
        ({"peak": math.inf}, "peak must be a finite number"),
        ({"references": "x/{nam}"}, "unknown word {nam}"),
        ({"colour": {"wran": 1}}, "unknown key 'wran'"),
        ({"noise": "loud"}, "noise must be one of auto, same-machine, cross-machine, not 'loud'"),
        ({"new": True}, "new must be one of pass, warn, fail, not True"),
        ({"ignore": [1]}, "ignore must be a string, not 1"),
        ({"max-shift": 1.5}, "max-shift must be a whole number"),
        ({"max-shift": 99}, "max-shift must be 0 to 64"),
        ({"match": "*"}, "unknown key 'match'"),
        ([], "check must be a table"),
    ],
)
def test_a_table_that_is_wrong(table: object, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        read_check(table, "percept.toml", HERE)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([{"peak": 1}], "override 1: it matches nothing"),
        ([{"match": "a"}, {"match": "b", "peek": 1}], "override 2: unknown key 'peek'"),
        ([{"match": "*", "preset": "nonsense"}], "override 1: unknown preset 'nonsense'"),
        ({"match": "a"}, "override must be a list of tables"),
        ([{"match": "# only a comment"}], "override 1: .* match nothing"),
    ],
)
def test_overrides_that_are_wrong(tables: object, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        read_overrides(tables, "percept.toml", HERE)


def test_overrides_add_up_and_the_last_counts() -> None:
    book = RuleBook(
        Rules(levels={"colour": Levels(fail=1.0)}),
        read_overrides(
            [
                {"match": "charts/**", "peak": 1, "max-shift": 1},
                {"match": ["*.png", "!b.png"], "peak": 2},
                {"match": "nowhere/**", "peak": 3},
            ],
            "percept.toml",
            HERE,
        ),
    )
    found = {name: book.rules_of(name) for name in ("charts/a.png", "charts/b.png", "c.png", "d.gif")}
    for name in found:
        book.count(name)
    peaks = {name: rules.levels["peak"].fail if "peak" in rules.levels else None for name, rules in found.items()}
    assert peaks == {"charts/a.png": 2.0, "charts/b.png": 1.0, "c.png": 2.0, "d.gif": None}
    assert [rules.max_shift for rules in found.values()] == [1, 1, 0, 0]
    assert {rules.levels["colour"].fail for rules in found.values()} == {1.0}
    assert found["c.png"].levels["peak"].source == "percept.toml, override 2 (*.png, !b.png)"
    assert book.notes == [
        "override 3 (nowhere/**) matches no picture",
        "override 1 (charts/**) and override 2 (*.png, !b.png) both set peak for 1 picture; the last one counts",
    ]
