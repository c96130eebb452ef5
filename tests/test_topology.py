"""The network's shape as data, checked against torchvision's own and against the arithmetic of pooling."""

from __future__ import annotations

import pytest
import torchvision
from torch import nn

from percept_cli.engine.topology import NETWORKS, layers_up_to, smallest_side, tap_names, tap_shape


def test_vgg16_taps_are_the_fields_names_in_network_order() -> None:
    assert tap_names("vgg16") == (
        "input",
        *("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"),
        *("conv2_1", "relu2_1", "conv2_2", "relu2_2", "pool2"),
        *("conv3_1", "relu3_1", "conv3_2", "relu3_2", "conv3_3", "relu3_3", "pool3"),
        *("conv4_1", "relu4_1", "conv4_2", "relu4_2", "conv4_3", "relu4_3", "pool4"),
        *("conv5_1", "relu5_1", "conv5_2", "relu5_2", "conv5_3", "relu5_3"),
    )


def test_vgg16_is_torchvisions_vgg16_without_its_last_pool() -> None:
    kinds = {nn.Conv2d: "conv", nn.ReLU: "relu", nn.MaxPool2d: "pool"}
    modules = list(torchvision.models.vgg16(weights=None).features)[:-1]
    assert [layer.kind for layer in NETWORKS["vgg16"]] == [kinds[type(module)] for module in modules]
    convolutions = [layer for layer in NETWORKS["vgg16"] if layer.kind == "conv"]
    assert [(layer.in_channels, layer.out_channels) for layer in convolutions] == [
        (module.in_channels, module.out_channels) for module in modules if isinstance(module, nn.Conv2d)
    ]


@pytest.mark.parametrize(
    ("taps", "deepest"), [(["input"], None), (["relu3_3", "relu1_2"], "relu3_3"), (["pool4"], "pool4")]
)
def test_nothing_below_the_deepest_tap_runs(taps: list[str], deepest: str | None) -> None:
    layers = layers_up_to("vgg16", taps)
    assert (layers[-1].name if layers else None) == deepest


@pytest.mark.parametrize("side", [1, 2, 15, 16, 17, 33, 100])
def test_shapes_follow_repeated_halving(side: int) -> None:
    expected = side
    for block in range(1, 6):
        assert tap_shape("vgg16", f"relu{block}_1", side, side)[1:] == (expected, expected)
        expected //= 2  # a pool drops an odd last row


def test_smallest_side_is_where_the_deepest_tap_gets_its_first_position() -> None:
    for tap in tap_names("vgg16"):
        side = smallest_side("vgg16", [tap])
        assert tap_shape("vgg16", tap, side, side)[1:] == (1, 1)
        if side > 1:
            assert tap_shape("vgg16", tap, side - 1, side)[1] == 0
