"""The network's shape as data, checked against torchvision's own and against the arithmetic of pooling."""

from __future__ import annotations

import itertools

import pytest
import torch
import torchvision
from torch import nn

from percept_cli.topology import (
    NETWORKS,
    layers_up_to,
    pixels_seen,
    positions_reached,
    smallest_side,
    stride_of,
    tap_names,
    tap_shape,
)
from tests.support.masks_through_layers import NETWORK, NETWORKS_WITH_POOLS


def test_vgg16_taps_are_the_fields_names_in_network_order() -> None:
    assert tap_names("vgg16") == (
        "input",
        *("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"),
        *("conv2_1", "relu2_1", "conv2_2", "relu2_2", "pool2"),
        *("conv3_1", "relu3_1", "conv3_2", "relu3_2", "conv3_3", "relu3_3", "pool3"),
        *("conv4_1", "relu4_1", "conv4_2", "relu4_2", "conv4_3", "relu4_3", "pool4"),
        *("conv5_1", "relu5_1", "conv5_2", "relu5_2", "conv5_3", "relu5_3"),
    )


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_vgg_is_torchvisions_without_its_last_pool(network: str) -> None:
    kinds = {nn.Conv2d: "conv", nn.ReLU: "relu", nn.MaxPool2d: "pool"}
    modules = list(getattr(torchvision.models, network)(weights=None).features)[:-1]
    assert [layer.kind for layer in NETWORKS[network]] == [kinds[type(module)] for module in modules]
    convolutions = [layer for layer in NETWORKS[network] if layer.kind == "conv"]
    assert [(layer.in_channels, layer.out_channels) for layer in convolutions] == [
        (module.in_channels, module.out_channels) for module in modules if isinstance(module, nn.Conv2d)
    ]


def test_published_indices_of_vgg19s_taps() -> None:
    """In torchvision's `features`, as style transfer and super-resolution losses name them."""
    names = tap_names("vgg19")[1:]
    for index, tap in (
        (1, "relu1_1"), (2, "conv1_2"), (6, "relu2_1"), (7, "conv2_2"), (11, "relu3_1"), (16, "conv3_4"),
        (17, "relu3_4"), (20, "relu4_1"), (22, "relu4_2"), (25, "conv4_4"), (29, "relu5_1"), (34, "conv5_4"),
        (35, "relu5_4"),
    ):  # fmt: skip
        assert names[index] == tap


@pytest.mark.parametrize(
    ("network", "pool"), [("vgg16-l2pool", ["l2pool"]), ("vgg16-blurpool", ["max", "blurpool"])]
)
def test_other_pools_change_nothing_else(network: str, pool: list[str]) -> None:
    kinds = [layer.kind for layer in NETWORKS["vgg16"]]
    assert [layer.kind for layer in NETWORKS[network]] == [
        kind for plain in kinds for kind in (pool if plain == "pool" else [plain])
    ]
    plain = {layer.name: layer for layer in NETWORKS["vgg16"]}
    for layer in NETWORKS[network]:
        if layer.name in plain:
            assert (layer.out_channels, layer.stride) == (plain[layer.name].out_channels, plain[layer.name].stride)


@pytest.mark.parametrize(
    ("taps", "deepest"), [(["input"], None), (["relu3_3", "relu1_2"], "relu3_3"), (["pool4"], "pool4")]
)
def test_nothing_below_the_deepest_tap_runs(taps: list[str], deepest: str | None) -> None:
    layers = layers_up_to("vgg16", taps)
    assert (layers[-1].name if layers else None) == deepest


def torchs_pools(network: str) -> nn.Module:
    """The same pools as torch's own modules, which have their own arithmetic of sizes."""
    if network == "vgg16-l2pool":
        return nn.Conv2d(1, 1, 3, stride=2, padding=1)
    if network == "vgg16-blurpool":
        return nn.Sequential(nn.MaxPool2d(2, stride=1), nn.ReflectionPad2d(2), nn.Conv2d(1, 1, 3, stride=2))
    return nn.MaxPool2d(2)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("side", [*range(16, 50), 100, 257])
def test_shapes_are_those_of_torchs_pools(network: str, side: int) -> None:
    side = max(side, smallest_side(network, tap_names(network)))
    pools = torchs_pools(network)
    features = torch.zeros(1, 1, side, side)
    with torch.inference_mode():
        for block in range(1, 6):
            assert tap_shape(network, f"relu{block}_1", side, side)[1:] == features.shape[2:]
            features = pools(features) if block < 5 else features


def test_sizes_are_rounded_down_up_or_one_farther() -> None:
    sides = {network: [tap_shape(network, "pool1", side, side)[1] for side in (6, 7, 8)] for network in NETWORKS}
    assert sides["vgg16"] == sides["vgg19"] == [3, 3, 4]
    assert sides["vgg16-l2pool"] == [3, 4, 4]
    assert sides["vgg16-blurpool"] == [4, 4, 5]


def test_smallest_side_is_where_the_deepest_tap_gets_its_first_position() -> None:
    for network in ("vgg16", "vgg19", "vgg16-l2pool"):
        for tap in tap_names(network):
            side = smallest_side(network, [tap])
            assert tap_shape(network, tap, side, side)[1:] == (1, 1)
            if side > 1:
                assert tap_shape(network, tap, side - 1, side)[1] == 0


@pytest.mark.parametrize("deepest", range(1, 5))
def test_smallest_side_is_where_the_last_mirror_shows_other_positions_than_it_stands_on(deepest: int) -> None:
    """torch refuses to mirror a side of as many positions as are to be added."""

    def run(side: int) -> None:
        features = torch.zeros(1, 1, side, side)
        for _ in range(deepest):
            features = torchs_pools("vgg16-blurpool")(features)

    side = smallest_side("vgg16-blurpool", [f"pool{deepest}"])
    assert side == (4, 6, 10, 18)[deepest - 1]
    with torch.inference_mode():
        run(side)
        with pytest.raises(RuntimeError, match=r"[Pp]adding size"):
            run(side - 1)


@pytest.mark.parametrize(
    ("network", "tap"), [(network, tap) for network in NETWORKS_WITH_POOLS for tap in tap_names(network)]
)
def test_what_is_seen_and_what_is_reached_are_each_others_inverse(network: str, tap: str) -> None:
    """Position p sees pixel x if and only if pixel x reaches position p."""
    stride = stride_of(network, tap)
    for position, pixel in itertools.product(range(-3, 4), range(-8 * stride - 9, 8 * stride + 9, 3)):
        first, last = pixels_seen(network, tap, position, position)
        reached_first, reached_last = positions_reached(network, tap, pixel, pixel)
        assert (first <= pixel <= last) == (reached_first <= position <= reached_last)


def test_margins_of_the_published_receptive_fields() -> None:
    """relu5_3 sees 196 pixels (Araujo, Norris, Sim 2019, table of receptive fields), relu1_2 five."""
    first, last = pixels_seen(NETWORK, "relu5_3", 0, 0)
    assert (last - first + 1, pixels_seen(NETWORK, "relu1_2", 0, 0)) == (196, (-2, 2))
