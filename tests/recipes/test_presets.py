"""Presets: built-in ones all run, a user's own are read strictly."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from percept_cli import compare
from percept_cli.errors import InvalidSetting, OldName
from percept_cli.recipes.presets import (
    check_threshold,
    load_preset,
    preset_file,
    preset_names,
    presets_folder,
    read_toml,
)
from percept_cli.recipes.spec import LayerSpec
from tests.conftest import ROOT, Save


def test_presets_live_once_and_the_default_comes_first() -> None:
    assert presets_folder() == ROOT / "configs"
    assert preset_names() == (
        *("default", "contextual", "dists", "esrgan", "five-taps", "gatys-content", "gatys-style"),
        *("johnson-content", "johnson-style", "lpips", "pix2pixhd", "real-esrgan", "srgan", "st-lpips"),
    )


def test_a_preset_by_its_old_name_is_understood_with_a_warning() -> None:
    with pytest.warns(OldName, match="the preset render is called default now: write default"):
        old = load_preset("render")
    assert old == load_preset("default")


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("name", preset_names())
def test_every_preset_tells_its_story_and_runs(name: str, save: Save) -> None:
    preset = load_preset(name)
    for story in (preset.description, preset.application, preset.source, preset.differs, preset.cite):
        assert story
    header = "".join(re.findall(r"^# (.*\n)", preset_file(name).read_text(encoding="utf-8"), re.MULTILINE))
    assert "Reference implementation:" in header
    assert re.search(r"20\d\d|labelled corpus", header)
    result = compare(save("a.png"), save("b.png", seed=1), preset=name)
    assert math.isfinite(result.distance)
    assert result.distance > 0
    assert [layer.name for layer in result.layers] == list(preset.spec.taps)
    assert sum(layer.share for layer in result.layers) == pytest.approx(1)


def test_the_published_recipes_are_as_published() -> None:
    assert load_preset("five-taps").spec.layers == tuple(
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


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf, -1e-9])
def test_thresholds_that_judge_nothing_are_refused(threshold: float) -> None:
    with pytest.raises(InvalidSetting, match="the threshold must be a finite number of at least 0"):
        check_threshold(threshold)


@pytest.mark.parametrize("text", [r"C:\images", r"C:\users", r"C:\xmas", r"C:\U12345678", "C:\\"])
def test_a_backslash_in_a_toml_string_has_a_hint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "percept.toml"
    path.write_text(f'a = "{text}"\n')
    with pytest.raises(InvalidSetting, match="cannot be read as TOML") as error:
        read_toml(path)
    assert "write / in paths, or single quotes" in error.value.hint
    path.write_text("a = b\n")
    with pytest.raises(InvalidSetting) as error:
        read_toml(path)
    assert "toml.io" in error.value.hint
