"""Ladders: those that percept ships, those of one's own and what is wrong with them, and where a value stands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from percept_cli import check, compare
from percept_cli.errors import InvalidSetting
from percept_cli.recipes.ladder import (
    Found,
    Ladder,
    Step,
    fingerprint_of,
    ladder_file,
    place_in_words,
    read_ladder,
    stands,
    whole_in_words,
)
from percept_cli.recipes.presets import ladder_of, load_preset, preset_names, presets_folder
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from tests.conftest import ROOT, Percept, Save

SHIPPED = sorted(presets_folder().glob("*.ladder.json"))
ALWAYS = ("default", "five-taps", "st-lpips")
"""Whose kernels are here, or come with a package."""


def test_presets_with_kernels_have_a_ladder() -> None:
    assert {f"{name}.ladder.json" for name in ALWAYS} <= {path.name for path in SHIPPED}
    assert not any("ladder" in name for name in preset_names())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_ladder_is_of_its_preset_and_of_enough_images(path: Path) -> None:
    ladder = read_ladder(path)
    assert ladder is not None
    preset = load_preset(path.name.removesuffix(".ladder.json"))
    assert ladder.belongs_to(preset.spec)
    assert preset.ladder == ladder_of(preset.spec) == ladder
    assert (int(ladder.made["photographs"]) >= 20, int(ladder.made["interfaces"]) >= 10) == (True, True)
    assert path.read_text(encoding="utf-8") == ladder.as_json()
    assert path.stat().st_size < 1 << 14
    for steps in (ladder.whole, ladder.place):
        words = [step.words for step in steps]
        assert len(set(words)) == len(words) >= 10


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_more_of_a_distortion_is_a_larger_distance(path: Path) -> None:
    ladder = read_ladder(path)
    assert ladder is not None
    kinds = {step.kind for step in ladder.whole}
    assert kinds == {"JPEG", "blur", "noise", "shift", "gamma"}
    for kind in kinds:
        medians = [step.median for step in ladder.whole if step.kind == kind]
        assert len(medians) >= 4
        assert all(one < other for one, other in pairwise(medians)), kind


def test_any_recipe_that_is_equal_to_a_built_in_one_has_its_ladder(tmp_path: Path) -> None:
    default = load_preset("default")
    spelled = make_recipe("default", layers="relu4_3,relu2_2,relu3_3", pictures={"frame": 1}).spec
    assert ladder_of(spelled) == default.ladder is not None
    mine = tmp_path / "mine.toml"
    mine.write_text('layers = ["relu2_2", "relu3_3", "relu4_3"]\n')
    preset = load_preset(str(mine))
    assert (preset.ladder, preset.notes) == (None, ())  # it has none of its own
    assert ladder_of(preset.spec) == default.ladder
    other = (
        replace(default.spec, precision="bf16"),
        replace(default.spec, layers=default.spec.layers[:2]),
        DistanceSpec((LayerSpec("relu1_2"),)),
    )
    assert [ladder_of(spec) for spec in other] == [None, None, None]


STEP = {"kind": "JPEG", "words": "JPEG quality 50", "lower": 0.3, "median": 0.4, "upper": 0.5}
GOOD: dict[str, Any] = {
    "ladder": 1,
    "fingerprint": "0123456789ab",
    "made": {"command": "by hand", "percept": "0.1.0", "photographs": 20, "interfaces": 10},
    "whole": [STEP],
    "place": [],
}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "mine.ladder.json"
    assert read_ladder(path) is None
    path.write_text(json.dumps(GOOD))
    ladder = read_ladder(path)
    assert ladder is not None
    assert ladder.whole == (Step("JPEG", "JPEG quality 50", 0.3, 0.4, 0.5),)
    assert ladder.place == ()
    ladder = replace(ladder, place=(Step("blur", "a blur of 1 px, σ", 1.0, 2.0, 3.0), *ladder.whole))
    path.write_text(ladder.as_json(), encoding="utf-8")
    assert read_ladder(path) == ladder
    path.write_text(replace(ladder, whole=(Step("a", "a", 1 / 3, 2 / 3, 1.0),)).as_json(), encoding="utf-8")
    assert read_ladder(path).whole[0].lower == 0.3333  # type: ignore[union-attr] # it is there


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ladder": 2}, "its format is 2, but this percept reads 1"),
        ({"ladder": None}, "its format is None"),
        ({"fingerprint": "0123456789AB"}, "'0123456789AB' is not a fingerprint"),
        ({"fingerprint": 7}, "7 is not a fingerprint"),
        ({"made": []}, r"made is not an object but \[\]"),
        ({"made": {}}, "'command' is missing"),
        ({"made": {**GOOD["made"], "photographs": "many"}}, "photographs of made has the wrong type: 'many'"),
        ({"whole": []}, "whole has no steps"),
        ({"whole": {}}, "whole is not a list"),
        ({"place": [STEP] * 101}, "place is not a list of at most 100 steps"),
        ({"place": [STEP, 7]}, "step 2 of place is not an object"),
        (
            {"whole": [{**STEP, "words": "x" * 61}]},
            "words of step 1 of whole is not a text of at most 60 characters",
        ),
        ({"whole": [{**STEP, "words": "\x1b[31m"}]}, "words of step 1 of whole is not a text"),
        ({"whole": [{**STEP, "kind": ""}]}, "kind of step 1 of whole is not a text"),
        ({"whole": [{**STEP, "median": "0.4"}]}, "median of step 1 of whole is not a distance: '0.4'"),
        ({"whole": [{**STEP, "median": True}]}, "median of step 1 of whole is not a distance: True"),
        ({"whole": [{**STEP, "upper": 1e999}]}, "Infinity is not a number"),
        ({"whole": [{**STEP, "lower": -1}]}, "lower of step 1 of whole is not a distance: -1"),
        (
            {"whole": [{**STEP, "lower": 0.45}]},
            "lower, median and upper of step 1 of whole are not in ascending order above 0",
        ),
        ({"whole": [{**STEP, "lower": 0, "median": 0}]}, "not in ascending order above 0"),
        ({"whole": [{"kind": "JPEG", "words": "JPEG"}]}, "'lower' is missing"),
    ],
)
def test_a_damaged_ladder_is_refused_with_its_name(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    path = tmp_path / "mine.ladder.json"
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(InvalidSetting, match=why) as error:
        read_ladder(path)
    assert str(path) in str(error.value)
    assert "python -m scripts.make_ladder" in error.value.hint


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a ladder: "),
        (b"[]", "it is not a JSON object"),
        (b'{"ladder": 1', "not a ladder: "),
        (b"{}", "'ladder' is missing"),
        (b"\xff\xfe{}", "it is not UTF-8 text"),
        (b"[" * 60_000, "not a ladder: it is nested too deeply|not a ladder: maximum recursion"),
        (b" " * 70_000, "it has more than 65,536 bytes, too many for a ladder"),
        (b'{"ladder": 1' + b"0" * 5000 + b"}", "not a ladder: "),
    ],
)
def test_a_file_that_is_no_ladder_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "mine.ladder.json"
    path.write_bytes(content)
    with pytest.raises(InvalidSetting, match=why):
        read_ladder(path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_nothing_but_a_file_is_a_ladder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "mine.ladder.json"
    make(path)
    with pytest.raises(InvalidSetting, match=r"cannot be read: (it is not a regular file|Is a directory)"):
        read_ladder(path)


def own_preset(folder: Path, **changes: Any) -> Path:
    """A recipe that no built-in one is, with a ladder beside it."""
    preset = folder / "mine.toml"
    preset.write_text('layers = ["relu1_2"]\n')
    mine = GOOD | {"fingerprint": fingerprint_of(DistanceSpec((LayerSpec("relu1_2"),)))} | changes
    ladder_file(preset).write_text(json.dumps(mine))
    return preset


def test_a_ladder_beside_a_preset_is_its_own_if_it_is_of_its_recipe(tmp_path: Path) -> None:
    preset = load_preset(str(own_preset(tmp_path)))
    assert preset.ladder is not None
    assert preset.notes == ()
    file = own_preset(tmp_path, fingerprint="0" * 12)
    preset = load_preset(str(file))
    assert preset.ladder is None
    (note,) = preset.notes
    assert str(ladder_file(file)) in note
    assert "not used, because it belongs to the recipe 000000000000" in note


@pytest.mark.slow
def test_the_command_uses_refuses_and_tells_of_a_ladder_of_ones_own(percept: Percept, save: Save) -> None:
    pair = save("a.png"), save("b.png", seed=1)
    mine = own_preset(pair[0].parent)
    asked = ("compare", *pair, "--preset", "mine.toml")
    assert "\nlike         about as different as JPEG quality 50 (0.4)\n" in percept(*asked).stdout
    checked = percept("check", *pair, "--preset", "mine.toml", "--fail", "overall=0.1").stdout
    assert "like     about as different as JPEG quality 50 (0.4)" in " ".join(checked.splitlines())
    shown = percept("presets", "show", "mine.toml").stdout
    assert "JPEG quality 50  0.4       0.3 to 0.5" in shown
    own_preset(mine.parent, fingerprint="0" * 12)
    done = percept(*asked)
    assert done.returncode == 0
    assert done.stderr.startswith(
        "Note: mine.ladder.json: not used, because it belongs to the recipe 000000000000"
    )
    assert "\nlike" not in done.stdout
    assert percept(*asked, "--quiet").stderr == ""
    (mine.parent / "percept.toml").write_text("[[override]]\nmatch = 'b.png'\npreset = 'mine.toml'\n")
    assert "mine.ladder.json: not used" in percept("check", *pair).stderr
    (mine.parent / "percept.toml").unlink()
    for compared in (compare, check):
        with pytest.warns(UserWarning, match=r"mine\.ladder\.json: not used"):
            compared(*pair, preset=mine)
    assert "not used" in percept("presets", "show", "mine.toml").stdout
    own_preset(mine.parent, whole=7)
    for command in (asked, ("check", *asked[1:]), ("presets", "show", "mine.toml")):
        done = percept(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            "Error: mine.ladder.json: not a ladder: whole is not a list of at most 100 steps\n"
        )


def steps(*values: tuple[float, float, float]) -> tuple[Step, ...]:
    return tuple(Step("k", f"s{number}", *each) for number, each in enumerate(values, start=1))


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (0.0, None, 1),
        (0.79, None, 1),
        (0.8, 1, 1),  # between its quartiles, and near enough to its median
        (1.0, 1, 1),
        (1.2, 1, 1),
        (1.21, 1, 2),
        (3.5, 1, 2),  # between the quartiles of the second, but far from its median
        (3.7, 2, 2),
        (4.6, 4, 4),  # near the second as well, whose quartiles are farther from it
        (5.5, 4, 4),  # beyond its quartiles, but within a tenth of its median
        (5.6, 2, 2),
        (5.7, 4, 3),
        (10.0, 3, None),  # of the spread of the third nothing is about it
    ],
)
def test_where_a_value_stands(value: float, below: int | None, above: int | None) -> None:
    ladder = steps((0.8, 1.0, 1.2), (3.0, 4.5, 8.0), (1.0, 10.0, 40.0), (4.8, 5.0, 5.2))
    found = stands(ladder, value)
    named = [None if step is None else int(step.words[1:]) for step in (found.below, found.above)]
    assert named == [below, above]
    assert len(found.steps) == len({below, above} - {None})


def test_a_step_that_comes_to_nothing_at_times_is_no_step_to_be_about() -> None:
    assert stands(steps((0.0, 1.0, 1.1)), 1.0).above is None


def test_in_words() -> None:
    low, high = Step("k", "JPEG quality 95", 0.01, 0.0234, 0.03), Step("k", "a blur of 4 px", 3.0, 4.567, 5.0)
    wholes = [
        whole_in_words(found) for found in (Found(low, low), Found(low, high), Found(None, low), Found(high, None))
    ]
    assert wholes == [
        "about as different as JPEG quality 95 (0.023)",
        "between JPEG quality 95 (0.023) and a blur of 4 px (4.6)",
        "less different than JPEG quality 95 (0.023)",
        "more different than a blur of 4 px (4.6)",
    ]
    places = [
        place_in_words(found) for found in (Found(low, low), Found(low, high), Found(None, low), Found(high, None))
    ]
    assert places == [
        "about like JPEG quality 95",
        "more than JPEG quality 95, less than a blur of 4 px",
        "less than JPEG quality 95",
        "more than a blur of 4 px",
    ]


def test_the_package_ships_what_lies_in_configs() -> None:
    assert '"configs" = "percept_cli/configs"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_ladders_are_compared_and_hashed_by_what_they_say() -> None:
    made = GOOD["made"]
    one, other = (Ladder("0" * 12, dict(made), steps((1, 2, 3)), ()) for _ in range(2))
    assert (one, hash(one)) == (other, hash(other))
    assert one != replace(one, fingerprint="1" * 12)
