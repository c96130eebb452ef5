"""Presets and settings files: built-in ones all run, a user's own are read strictly."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli import compare
from percept_cli.errors import InvalidSetting
from percept_cli.recipes.presets import load_preset, preset_file, preset_names, presets_folder
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.settings import find_settings, read_settings
from percept_cli.recipes.spec import LayerSpec
from tests.conftest import ROOT, Save


def test_presets_live_once_and_the_default_comes_first() -> None:
    assert presets_folder() == ROOT / "configs"
    assert preset_names() == (
        *("default", "contextual", "dists", "esrgan", "gatys-content", "gatys-style", "johnson-content"),
        *("johnson-style", "lpips", "pix2pixhd", "real-esrgan", "render", "srgan", "st-lpips"),
    )


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("name", preset_names())
def test_every_preset_tells_its_story_and_runs(name: str, save: Save) -> None:
    preset = load_preset(name)
    for story in (preset.description, preset.application, preset.source, preset.differs, preset.cite):
        assert story
    header = "".join(re.findall(r"^# (.*\n)", preset_file(name).read_text(encoding="utf-8"), re.MULTILINE))
    assert "Reference implementation:" in header
    assert re.search(r"20\d\d|percept check", header)
    result = compare(save("a.png"), save("b.png", seed=1), preset=name)
    assert math.isfinite(result.distance)
    assert result.distance > 0
    assert [layer.name for layer in result.layers] == list(preset.spec.taps)
    assert sum(layer.share for layer in result.layers) == pytest.approx(1)


def test_the_published_recipes_are_as_published() -> None:
    assert load_preset("default").spec.layers == tuple(
        LayerSpec(f"relu{tap}", "unit", 1) for tap in ("1_2", "2_2", "3_3", "4_3", "5_3")
    )
    assert load_preset("johnson-content").spec.layers == (LayerSpec("relu3_3", "mse", 1),)
    assert load_preset("gatys-content").spec.layers == (LayerSpec("relu4_2", "mse", 1),)
    assert load_preset("gatys-style").spec.layers == tuple(
        LayerSpec(f"relu{block}_1", "gram-hw", 1e3 / channels**2)
        for block, channels in enumerate((64, 128, 256, 512, 512), start=1)
    )
    assert load_preset("srgan").spec.layers == (LayerSpec("relu5_4", "mse", (1 / 12.75) ** 2),)
    assert load_preset("esrgan").spec.layers == (LayerSpec("conv5_4", "l1", 1),)
    assert load_preset("real-esrgan").spec.layers == tuple(
        LayerSpec(f"conv{tap}", "l1", weight)
        for tap, weight in (("1_2", 0.1), ("2_2", 0.1), ("3_4", 1), ("4_4", 1), ("5_4", 1))
    )
    assert load_preset("pix2pixhd").spec.layers == tuple(
        LayerSpec(f"relu{block}_1", "l1", 1 / divisor) for block, divisor in enumerate((32, 16, 8, 4, 1), start=1)
    )
    assert load_preset("contextual").spec.layers == (LayerSpec("relu3_4", "contextual", 1),)
    for name in ("lpips", "st-lpips"):
        assert load_preset(name).spec.layers == tuple(
            LayerSpec(f"relu{tap}", name, 1) for tap in ("1_2", "2_2", "3_3", "4_3", "5_3")
        )
    backbones = {name: load_preset(name).spec.backbone for name in preset_names()}
    assert {name for name, backbone in backbones.items() if backbone == "vgg19-imagenet1k-v1"} == {
        *("contextual", "esrgan", "gatys-content", "gatys-style", "pix2pixhd", "real-esrgan", "srgan"),
    }
    assert backbones["lpips"] == "vgg16-imagenet1k-v1"
    assert backbones["dists"] == "vgg16-imagenet1k-v1-l2pool"
    assert backbones["st-lpips"] == "vgg16-st-lpips"
    assert load_preset("johnson-style").spec.layers == tuple(
        LayerSpec(f"relu{tap}", "gram-chw", 5) for tap in ("1_2", "2_2", "3_3", "4_3")
    )


def test_a_preset_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'distance = "l1"\nthreshold = 2\nprecision = "bf16"\n'
        '[layers]\nrelu1_2 = 1\nrelu4_3 = { weight = 2.5, distance = "gram" }\n'
    )
    preset = load_preset(str(path))
    assert preset.spec.layers == (LayerSpec("relu1_2", "l1", 1), LayerSpec("relu4_3", "gram-chw", 2.5))
    assert preset.threshold == 2
    assert preset.spec.precision == "bf16"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[layers]\nrelu9_9 = 1", "unknown layer 'relu9_9'", ""),
        ('distanse = "l1"\n[layers]\nrelu1_2 = 1', "unknown key 'distanse'", "did you mean distance?"),
        ("[layers]\nrelu1_2 = { wait = 1 }", "unknown key 'wait'", "did you mean weight?"),
        ("[layers]\nrelu1_2 = true", "the weight of layer relu1_2 must be a number, not True", ""),
        ("[layers]\n", "no layers are given", ""),
        ("distance = 'l1'", "no layers are given", "[layers]"),
        ("layers = 3", "layers must be a string, a list of strings or a table, not 3", ""),
        ("threshold = nan\n[layers]\nrelu1_2 = 1", "the threshold must be a finite number", ""),
        ("threshold = 'x'\n[layers]\nrelu1_2 = 1", "threshold must be a number, not 'x'", ""),
        ("backbone = 4\n[layers]\nrelu1_2 = 1", "backbone must be a string, not 4", ""),
        ("backbone = 'vgg99'\n[layers]\nrelu1_2 = 1", "unknown backbone 'vgg99'", ""),
        ("= broken", "cannot be read as TOML", ""),
        ("distance = 'nope'\n[layers]\nrelu1_2 = { distance = 'mse' }", "unknown distance 'nope'", ""),
        (f"threshold = 1{'0' * 400}\n[layers]\nrelu1_2 = 1", "threshold is too large", ""),
        (f"threshold = 1{'0' * 6000}", "cannot be read as TOML", ""),
        (f"layers = {'[' * 5000}", "cannot be read as TOML", ""),
    ],
)
def test_preset_files_that_are_refused_name_the_file(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InvalidSetting) as error:
        load_preset(str(path))
    assert str(error.value).startswith(f"{path.as_posix()}: {message}")
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("defalt", "unknown preset 'defalt'", "did you mean default?"),
        ("nowhere.toml", "nowhere.toml: no such preset file", "spelling"),
    ],
)
def test_presets_that_do_not_exist(name: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as error:
        load_preset(name)
    assert str(error.value) == message
    assert hint in error.value.hint


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
    with pytest.raises(InvalidSetting, match=r"has no relu3_4, and its relu3_3 would be compared twice"):
        make_recipe(both, backbone="vgg16-oxford")
    for preset in ("lpips", "st-lpips"):
        with pytest.raises(InvalidSetting, match="on vgg16-oxford they mean nothing, since other kernels see"):
            make_recipe(preset, backbone="vgg16-oxford")


def test_settings_of_the_nearest_folder_hold(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_settings(deep).values == {}
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n")
    assert find_settings(deep).values == {"threshold": 1}
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_settings(deep).values == {"threshold": 1}
    (tmp_path / "a" / "percept.toml").write_text("threshold = 2\n")
    assert find_settings(deep).values == {"threshold": 2}
    (deep / ".git").mkdir()
    assert find_settings(deep).values == {}


def test_a_preset_file_is_found_beside_the_settings_that_name_it(tmp_path: Path) -> None:
    path = tmp_path / "percept.toml"
    path.write_text('preset = "mine.toml"\n')
    assert read_settings(path).values == {"preset": (tmp_path / "mine.toml").as_posix()}


def test_a_broken_pyproject_is_none_of_percepts_business(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for text in ("= broken", "tool = 3", "[tool]\n", "tool = 5"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert find_settings(tmp_path).values == {}


def test_a_broken_pyproject_that_may_hold_settings_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n[broken")
    with pytest.raises(InvalidSetting, match="cannot be read as TOML"):
        find_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.percept]\nthreshold = 1\n", encoding="utf-8-sig")
    assert find_settings(tmp_path).values == {"threshold": 1}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("treshold = 1", "unknown key 'treshold'", "did you mean threshold?"),
        ("threshold = '1'", "threshold must be a number, not '1'", ""),
        ("threshold = true", "threshold must be a number, not True", ""),
        ("wide = 1", "wide must be true or false, not 1", ""),
        ("preset = 1", "preset must be a string, not 1", ""),
        ("[compare]\nthreshold = 1", "unknown key 'compare'", ""),
    ],
)
def test_settings_that_are_refused_name_the_file(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "percept.toml"
    path.write_text(text)
    with pytest.raises(InvalidSetting) as error:
        read_settings(path)
    assert str(error.value) == f"{path.as_posix()}: {message}"
    assert hint in error.value.hint
