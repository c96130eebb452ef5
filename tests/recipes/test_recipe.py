"""The one way to a recipe: settings in place of a preset's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import LayerSpec


def test_single_settings_replace_a_presets() -> None:
    style = load_preset("johnson-style")
    assert {layer.distance for layer in make_recipe(style, distance="l1").spec.layers} == {"l1"}
    assert [layer.weight for layer in make_recipe(style, distance="l1").spec.layers] == [5, 5, 5, 5]
    # Layers of one's own take the preset's distance unless another is named.
    assert make_recipe(style, layers="relu2_1=3").spec.layers == (LayerSpec("relu2_1", "gram-chw", 3),)
    assert make_recipe(style, layers="relu2_1:mse", distance="l1").spec.layers == (LayerSpec("relu2_1", "mse", 1),)
    assert make_recipe(style, layers=["relu1_1", "relu2_1=3"]).spec.taps == ("relu1_1", "relu2_1")
    assert make_recipe(style, layers={"relu2_1": 3}).spec.layers == (LayerSpec("relu2_1", "gram-chw", 3),)
    assert make_recipe(style, precision="bf16").spec.precision == "bf16"


def test_another_backbone_renames_the_layers_that_it_does_not_have() -> None:
    spec = make_recipe("real-esrgan", backbone="vgg16-oxford").spec
    assert spec.taps == ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
    assert [layer.weight for layer in spec.layers] == [0.1, 0.1, 1, 1, 1]
    assert spec.fingerprint != load_preset("real-esrgan").spec.fingerprint
    assert make_recipe("gatys-style", backbone="vgg16-oxford").spec.taps == load_preset("gatys-style").spec.taps
    with pytest.raises(InvalidSetting, match="unknown layer 'conv5_4'"):  # one's own layers are what they are
        make_recipe("esrgan", backbone="vgg16-oxford", layers="conv5_4")
    with pytest.raises(InvalidSetting, match="unknown backbone 'vgg16-oxfrd'") as error:
        make_recipe("esrgan", backbone="vgg16-oxfrd")
    assert error.value.hint == "did you mean vgg16-oxford?"
    both = load_preset("esrgan")
    both = replace(both, spec=replace(both.spec, layers=(LayerSpec("relu3_3"), LayerSpec("relu3_4"))))
    with pytest.raises(InvalidSetting, match=r"has no relu3_4, and relu3_3 in its place would be compared twice"):
        make_recipe(both, backbone="vgg16-oxford")
    for preset in ("lpips", "st-lpips"):
        with pytest.raises(InvalidSetting, match="do not apply to vgg16-oxford: its kernels"):
            make_recipe(preset, backbone="vgg16-oxford")
