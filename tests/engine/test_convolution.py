"""Every convolution algorithm against a float64 direct sum, and how it may be divided."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tests.support.convolutions import close, kernels, layer, random, rounding, run
from tests.support.rounding import relative_error

pytestmark = pytest.mark.numeric


# Inputs, outputs, tile: the direct sum, columns transformed, whole windows transformed.
LAYERS = {
    "direct": (3, 64, 4),
    "by row, 4": (64, 128, 4),
    "by row, 2": (64, 64, 2),
    "windows of 4": (128, 256, 4),
    "windows of 2": (64, 256, 2),
}

every_algorithm = pytest.mark.parametrize(("inputs", "outputs", "tile"), LAYERS.values(), ids=LAYERS)


@every_algorithm
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (8, 11), (25, 31), (5, 700)])
@pytest.mark.parametrize("relu", [False, True])
def test_equals_the_direct_sum_in_float64(
    inputs: int, outputs: int, tile: int, height: int, width: int, relu: bool
) -> None:
    padded = random(2, height + 2, width, inputs)
    weight, bias = (values.double() for values in kernels(inputs, outputs))
    expected = F.conv2d(padded.double().permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    found = run(layer(inputs, outputs, tile), padded, outputs, relu=relu)
    expected = expected.clamp_min(0) if relu else expected
    assert relative_error(found, expected) < rounding(inputs, tile)


@every_algorithm
def test_a_picture_has_the_same_features_alone_and_in_a_batch(inputs: int, outputs: int, tile: int) -> None:
    padded = random(3, 28, 34, inputs)
    convolution = layer(inputs, outputs, tile)
    alone = [run(convolution, padded[i : i + 1], outputs) for i in range(3)]
    close(run(convolution, padded, outputs), torch.cat(alone), inputs, tile)


@every_algorithm
def test_bands_and_crops_have_the_digits_of_the_whole(inputs: int, outputs: int, tile: int) -> None:
    """Where bands begin at tiles. A crop's edge columns see zeros that are not the picture's."""
    padded = random(1, 34, 100, inputs)
    convolution = layer(inputs, outputs, tile)
    whole = run(convolution, padded, outputs)
    bands = [
        run(convolution, padded[:, top : top + rows + 2], outputs) for top, rows in ((0, 12), (12, 8), (20, 12))
    ]
    close(torch.cat(bands, dim=1), whole, inputs, tile)
    crop = run(convolution, padded[:, :, 32:64], outputs)
    close(crop[:, :, 4:-4], whole[:, :, 36:60], inputs, tile)


def test_half_precision_is_summed_directly() -> None:
    padded = random(1, 12, 10, 64).bfloat16()
    weight, bias = (values.bfloat16() for values in kernels(64, 128))
    expected = F.conv2d(padded.permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    assert torch.equal(run(layer(64, 128, 4, torch.bfloat16), padded, 128), expected)
