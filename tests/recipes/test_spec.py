"""Recipes: how they are written, what is refused, and what moves a fingerprint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec, LayerSpec, check_places, parse_layers, recipe_of_layer

SPEC = load_preset("five-taps").spec


def test_layers_as_they_are_typed() -> None:
    assert parse_layers("relu1_2, relu3_3=2.5,relu4_3:gram=5,input:mse", "l1") == (
        LayerSpec("relu1_2", "l1", 1.0),
        LayerSpec("relu3_3", "l1", 2.5),
        LayerSpec("relu4_3", "gram-chw", 5.0),
        LayerSpec("input", "mse", 1.0),
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "the list of layers is empty", "write it as"),
        ("  ", "the list of layers is empty", "write it as"),
        ("relu1_2,,relu2_2", "'' in the list of layers names no layer", "write it as"),
        ("relu1_2:=2", "names no layer", "write it as"),
        ("relu3_4", "unknown layer 'relu3_4'", "did you mean relu3_"),
        ("Relu3_3", "unknown layer 'Relu3_3'", "did you mean relu3_3?"),
        ("zebra", "unknown layer 'zebra'", "choose from input, conv1_1"),
        ("relu3_3=-1", "the weight of layer relu3_3 must be a finite number of at least 0, not -1.0", "=2.5"),
        ("relu3_3=nan", "must be a finite number of at least 0, not nan", "=2.5"),
        ("relu3_3=inf", "must be a finite number of at least 0, not inf", "=2.5"),
        ("relu3_3=two", "must be a number, not 'two'", "=2.5"),
        ("relu3_3=", "must be a number, not ''", "=2.5"),
        ("relu3_3:unti", "unknown distance 'unti'", "did you mean unit?"),
        ("relu3_3,relu3_3", "layer relu3_3 is given twice", "once"),
        ("relu3_3=0", "every layer weight is 0", "above 0"),
    ],
)
def test_layers_that_are_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidSetting) as error:
        DistanceSpec(parse_layers(text))
    assert message in str(error.value)
    assert hint in error.value.hint
    assert error.value.exit_code == 2


def test_learned_channel_weights_are_for_one_network_and_its_taps() -> None:
    spec = load_preset("dists").spec
    with pytest.raises(InvalidSetting, match="do not apply to vgg16-oxford") as error:
        replace(spec, backbone="vgg16-oxford")
    assert error.value.hint == "use --backbone vgg16-oxford-l2pool or vgg16-imagenet1k-v1-l2pool."
    with pytest.raises(InvalidSetting, match=r"no weights for the channels of layer conv1_1") as error:
        replace(spec, layers=(LayerSpec("conv1_1", "dists"),))
    assert "input, relu1_2" in error.value.hint


def test_learned_channel_weights_move_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load_preset("dists").spec
    record, before = CHANNEL_WEIGHTS["dists"], spec.fingerprint
    assert spec.as_dict()["channel_weights_sha256"] == {"dists": record.sha256}
    assert "channel_weights_sha256" not in replace(spec, layers=(LayerSpec("relu1_2", "mse"),)).as_dict()
    monkeypatch.setitem(CHANNEL_WEIGHTS, "dists", replace(record, sha256="0" * 64))
    assert replace(spec).fingerprint != before


@pytest.mark.parametrize(("field", "value"), [("backbone", "vgg17"), ("precision", "fp8")])
def test_unknown_names_are_refused(field: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"unknown {field} '{value}'"):
        replace(SPEC, **{field: value})  # type: ignore[arg-type] # a wrong value is the point


def test_the_default_fingerprint_is_known() -> None:
    """Numbers stored by users carry it. If the arithmetic changed, count `_ARITHMETIC` up and update this."""
    assert SPEC.fingerprint == "fe59aeee3e2f"


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, precision="bf16"),
        replace(SPEC, layers=SPEC.layers[:4]),
        replace(SPEC, layers=(*SPEC.layers[:4], replace(SPEC.layers[4], weight=2))),
        replace(SPEC, layers=(*SPEC.layers[:4], replace(SPEC.layers[4], distance="mse"))),
        replace(SPEC, layers=(*SPEC.layers[:4], replace(SPEC.layers[4], tap="conv5_3"))),
    ],
)
def test_whatever_moves_the_number_moves_the_fingerprint(other: DistanceSpec) -> None:
    assert other.fingerprint != SPEC.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, layers=SPEC.layers[::-1]),
        replace(SPEC, layers=tuple(replace(layer, weight=1) for layer in SPEC.layers)),
    ],
)
def test_whatever_does_not_move_the_number_does_not_move_the_fingerprint(other: DistanceSpec) -> None:
    assert other.fingerprint == SPEC.fingerprint


def test_distances_without_places_are_refused() -> None:
    gram = make_recipe("default", layers="relu1_2:gram,relu3_3:mse").spec
    with pytest.raises(InvalidSetting, match="relu1_2 uses the distance gram-chw") as error:
        check_places(gram)
    assert "--distance unit" in error.value.hint
    assert "--layer relu3_3" in error.value.hint
    check_places(recipe_of_layer(gram, "relu3_3"))
    check_places(make_recipe("default", layers="relu1_2:gram=0,relu3_3:mse").spec)
    with pytest.raises(InvalidSetting, match="no layer 'relu3_2'"):
        recipe_of_layer(gram, "relu3_2")
    with pytest.raises(InvalidSetting, match="weight 0"):
        recipe_of_layer(make_recipe("default", layers="relu1_2=0,relu3_3").spec, "relu1_2")
