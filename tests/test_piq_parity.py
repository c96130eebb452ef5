"""`mse`, `l1` and `gram` against piq's ContentLoss and StyleLoss, on a VGG-16 of the same kernels.

piq sums over channels where percept takes the mean: ContentLoss is C times that, 256 times at relu3_3. Its Gram
matrices have no divisor: StyleLoss is `gram-none`, and (C·H·W)² times `gram-chw`.

All in float64: that float32 is near it, test_loss.py and test_samples.py say.

Tried, and each breaks these tests: another mean, another tap, a Gram matrix divided by H·W.
"""

from __future__ import annotations

import math

import pytest
import torch

from percept_cli import PerceptualDistance
from percept_cli.recipes.presets import load_preset
from percept_cli.topology import tap_shape
from tests.support.parity import pixels
from tests.support.peers import piq_loss
from tests.support.rounding import ARITHMETIC

pytestmark = pytest.mark.numeric

CHANNELS = {"relu1_2": 64, "relu2_2": 128, "relu3_3": 256, "relu4_3": 512}
sizes = pytest.mark.parametrize(
    ("n", "height", "width"),
    [(1, 64, 64), (1, 37, 53), (3, 32, 49), pytest.param(3, 48, 81, marks=pytest.mark.slow)],
)


def at_all_taps(distance: str) -> PerceptualDistance:
    return PerceptualDistance(
        layers=dict.fromkeys(CHANNELS, 1), distance=distance, reduction="none", per_layer=True
    ).double()


@sizes
@pytest.mark.parametrize(("distance", "theirs"), [("mse", "mse"), ("l1", "mae")])
def test_content_is_the_number_of_channels_times_percepts(
    distance: str, theirs: str, n: int, height: int, width: int
) -> None:
    x, y = (pixels(n, height, width, seed).double() / 255 for seed in (1, 2))
    _, found = at_all_taps(distance)(x, y)
    for tap, channels in CHANNELS.items():
        expected = piq_loss("ContentLoss", [tap], distance=theirs)(x, y)
        torch.testing.assert_close(channels * found[tap], expected, rtol=ARITHMETIC, atol=0)


@sizes
def test_johnsons_content_loss(n: int, height: int, width: int) -> None:
    x, y = (pixels(n, height, width, seed).double() / 255 for seed in (1, 2))
    found = PerceptualDistance("johnson-content", reduction="none").double()(x, y)
    torch.testing.assert_close(256 * found, piq_loss("ContentLoss", ["relu3_3"])(x, y), rtol=ARITHMETIC, atol=0)


@sizes
def test_style_has_gram_matrices_without_a_divisor(n: int, height: int, width: int) -> None:
    x, y = (pixels(n, height, width, seed).double() / 255 for seed in (1, 2))
    _, found = at_all_taps("gram-none")(x, y)
    for tap in CHANNELS:
        torch.testing.assert_close(found[tap], piq_loss("StyleLoss", [tap])(x, y), rtol=ARITHMETIC, atol=0)


@sizes
def test_johnsons_style_loss_is_that_divided(n: int, height: int, width: int) -> None:
    x, y = (pixels(n, height, width, seed).double() / 255 for seed in (1, 2))
    spec = load_preset("johnson-style").spec
    _, found = PerceptualDistance("johnson-style", reduction="none", per_layer=True).double()(x, y)
    for layer in spec.layers:
        divisor = math.prod(tap_shape("vgg16", layer.tap, height, width))  # C·H·W, of each of the two matrices
        theirs = piq_loss("StyleLoss", [layer.tap])(x, y) / divisor**2
        torch.testing.assert_close(found[layer.tap], layer.weight * theirs, rtol=ARITHMETIC, atol=0)
