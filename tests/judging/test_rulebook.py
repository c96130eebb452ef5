"""The tables that rules are read from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, OldName
from percept_cli.geometry import Box
from percept_cli.judging.rulebook import RuleBook, from_arguments, read_check, read_overrides
from percept_cli.judging.rules import Levels, Rules

HERE = Path()


def test_per_cent_in_python_and_in_settings(tmp_path: Path) -> None:
    assert from_arguments(fail={"changed-pixels": "2%"})["typed"]["changed-pixels"].in_per_cent
    for value in ("1%", {"warn": "0.5%", "fail": "1 %"}):
        changes, _ = read_check({"changed-pixels": value}, "percept.toml", tmp_path)
        levels = changes["levels"]["changed-pixels"]
        assert (levels.fail, levels.in_per_cent) == (1.0, True)
    with pytest.raises(InvalidSetting, match="the limit of peak cannot be in per cent"):
        read_check({"peak": "1%"}, "percept.toml", tmp_path)


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
        ({"peak": "1"}, "peak must be a number, \"off\" or a table { warn = …, fail = … }, not '1'"),
        ({"peak": math.nan}, "peak must be a finite number"),
        ({"peak": math.inf}, "peak must be a finite number"),
        ({"references": "x/{nam}"}, "unknown placeholder {nam}"),
        ({"colour": {"wran": 1}}, "unknown key 'wran'"),
        ({"noise": "loud"}, "noise must be one of auto, same-machine, cross-machine, not 'loud'"),
        ({"new": True}, "new must be one of pass, warn, fail, not True"),
        ({"ignore": [1]}, "ignore must be a string or a list of strings, not "),
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
        ([{"peak": 1}], "override 1: its match is missing or empty"),
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
        "override 3 (nowhere/**) matches no image",
        "override 1 (charts/**) and override 2 (*.png, !b.png) both set peak for 1 image; the last one counts",
    ]


@pytest.mark.parametrize("side", ["fail", "warn"])
def test_a_gate_by_both_of_its_names_is_refused(side: str) -> None:
    for limits in ({"overall": 1e-5, "distance": 1.0}, {"distance": 1.0, "overall": 1e-5}):
        with (
            pytest.warns(OldName, match="distance is called overall now"),
            pytest.raises(InvalidSetting, match="the limit of overall is given twice"),
        ):
            from_arguments(**{side: limits})  # type: ignore[arg-type] # one of both
    with pytest.warns(OldName):
        assert from_arguments(fail={"distance": 1.0})["typed"] == {"overall": Levels(None, 1.0, "argument")}
    with (
        pytest.warns(OldName),
        pytest.raises(InvalidSetting, match="distance is the old name of overall, and both are given"),
    ):
        read_check({"distance": 1.0, "overall": 0.5}, "percept.toml", Path())


def test_the_warning_of_an_old_name_leads_to_where_it_stands() -> None:
    with pytest.warns(OldName, match=r"^percept\.toml: the gate distance is called overall now"):
        read_check({"distance": 1.0}, "percept.toml", Path())
    with pytest.warns(OldName) as caught:
        from_arguments(fail={"distance": 1.0})
    assert [warning.filename for warning in caught] == [__file__]  # not a line of percept's own
