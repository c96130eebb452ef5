"""Verdicts by gates, on pictures, and levels that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

import percept_cli
from percept_cli.errors import InvalidSetting
from percept_cli.judging.checks import check_levels
from percept_cli.judging.rules import Levels, Rules
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import Region
from tests.conftest import Percept


def test_a_thing_that_was_added_is_no_displacement(percept: Percept, tmp_path: Path) -> None:
    plain = Image.new("RGB", (120, 80), "white")
    plain.save(tmp_path / "a.png")
    plain.putpixel((60, 40), (255, 0, 0))
    plain.save(tmp_path / "b.png")
    assert percept("check", "a.png", "b.png", "--max-shift", 2, "-q").returncode == 1


@pytest.mark.slow
def test_text_in_another_colour_fails(tmp_path: Path) -> None:
    """Thin letters move no blurred colour, and where all of them change the peak takes it for noise."""

    def text(colour: tuple[int, int, int], name: str) -> Path:
        image = Image.new("RGB", (320, 200), "white")
        draw = ImageDraw.Draw(image)
        for line in range(11):
            draw.text((10, 8 + 17 * line), f"The quick brown fox jumps over {line} lazy dogs", colour)
        image.save(tmp_path / name)
        return tmp_path / name

    black = text((0, 0, 0), "a.png")
    for colour in ((100, 100, 100), (150, 30, 30)):
        result = percept_cli.check(black, text(colour, "b.png"))
        assert (result.status, result.evidence is None) == ("fail", False)
        assert "colour" in result.reason
    assert percept_cli.check(black, text((12, 12, 12), "b.png")).status == "pass"


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (8, 8), (17, 9)])
def test_tiny_pictures_have_gates_and_places(tmp_path: Path, size: tuple[int, int]) -> None:
    for name, colour in (("a.png", 0), ("b.png", 255)):
        Image.new("RGB", size, (colour, 128, 128)).save(tmp_path / name)
    result = percept_cli.check(tmp_path / "a.png", tmp_path / "b.png")
    assert result.status == "fail"
    assert result.evidence is not None
    (region,) = result.evidence.regions
    assert str(region.box) == f"0,0,{size[0]},{size[1]}"
    assert region.share == pytest.approx(1)
    assert result.evidence.heat is not None
    assert (result.evidence.heat.width, result.evidence.heat.height) == size
    for gate in result.evidence.gates:
        if gate.at is not None:
            assert gate.at.x + gate.at.width <= size[0]
            assert gate.at.y + gate.at.height <= size[1]


def test_a_level_of_the_peak_for_a_recipe_without_places() -> None:
    with pytest.raises(InvalidSetting, match="the gate peak has no value"):
        check_levels(Rules(levels={"peak": Levels(fail=1.0)}), load_preset("johnson-style").spec)


def test_levels_above_what_there_can_be() -> None:
    spec = load_preset("default").spec
    check_levels(Rules(levels={"peak": Levels(fail=6.0), "changed-pixels": Levels(fail=1e9)}), spec)
    with pytest.raises(InvalidSetting, match=r"the limit 6.5 of the gate peak \(mine\) is above .* 6\.0"):
        check_levels(Rules(levels={"peak": Levels(fail=6.5, source="mine")}), spec)
    with pytest.raises(InvalidSetting, match="gate colour"):
        check_levels(Rules(levels={"colour": Levels(warn=301.0)}), spec)


def test_regions_say_what_happened(tmp_path: Path) -> None:
    stays = Image.new("RGB", (160, 96), "white")
    ImageDraw.Draw(stays).rectangle((110, 60, 150, 85), "navy")
    stays.save(tmp_path / "empty.png")
    for name, x, colour in (("a.png", 40, "red"), ("moved.png", 47, "red"), ("green.png", 40, "green")):
        image = stays.copy()
        draw = ImageDraw.Draw(image)
        draw.rectangle((x, 30, x + 24, 50), colour)
        draw.rectangle((x + 6, 36, x + 12, 44), "white")
        image.save(tmp_path / name)

    def region_of(one: str, other: str, **rules: Any) -> Region:
        result = percept_cli.check(tmp_path / one, tmp_path / other, **rules)
        assert result.evidence is not None
        assert result.evidence.has_moved is bool(rules)
        (region,) = result.evidence.regions
        return region

    found = [region_of("empty.png", "a.png"), region_of("a.png", "empty.png"), region_of("a.png", "green.png")]
    assert [(region.kind, region.shift) for region in found] == [
        ("added", None),
        ("removed", None),
        ("recoloured", None),
    ]
    for one, other, shift in (("a.png", "moved.png", (7, 0)), ("moved.png", "a.png", (-7, 0))):
        region = region_of(one, other)
        assert (region.kind, region.shift, region.allowed, region.status) == ("moved", shift, False, "fail")
    region = region_of("a.png", "moved.png", max_shift=8)
    assert (region.kind, region.shift, region.allowed, region.status) == ("moved", (7, 0), True, "pass")
