"""A recipe in words, in all the ways in which reports and printed commands tell it."""

from __future__ import annotations

from dataclasses import replace

from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.recipes.told import in_words

RENDER = load_preset("default").spec


def test_a_preset_is_called_by_its_name_or_not_at_all() -> None:
    assert in_words(RENDER).options == ""
    assert in_words(load_preset("five-taps").spec).options == " --preset five-taps"
    other = in_words(replace(RENDER, precision="bf16", layers=(LayerSpec("relu1_2", "mse", 2.5),)))
    assert other.options == " --layers relu1_2:mse=2.5 --precision bf16"
    assert (other.distances, other.weighted, other.precision) == ("mse", "2.5 × mse of relu1_2", "bf16")


def test_several_distances_are_told_layer_by_layer() -> None:
    recipe = in_words(DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu2_2", "gram"))))
    assert recipe.distances == "relu1_2 unit, relu2_2 gram-chw"
    assert recipe.weighted == "1 × unit of relu1_2, 1 × gram-chw of relu2_2"
    assert recipe.terms == ("relu1_2:unit=1.0", "relu2_2:gram-chw=1.0")
    assert recipe.has_map is False
    assert (
        in_words(DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu2_2")))).weighted == "unit of relu1_2, relu2_2"
    )
