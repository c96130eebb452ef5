"""Both convolution algorithms against a float64 direct sum."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from percept_cli.engine.convolution import Convolution

CPU = torch.device("cpu")


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 8), (8, 11), (33, 47), (64, 19)])
@pytest.mark.parametrize(("inputs", "outputs"), [(128, 256), (8, 16)])
def test_equals_the_direct_sum_in_float64(inputs: int, outputs: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height * width)
    features = torch.randn(2, inputs, height, width, generator=generator)
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator)
    bias = torch.randn(outputs, generator=generator)
    expected = F.conv2d(features.double(), weight.double(), bias.double(), padding=1)
    convolution = Convolution(weight, bias, device=CPU, dtype=torch.float32)
    with torch.inference_mode():
        found = convolution(features.contiguous(memory_format=torch.channels_last))
    # One layer in float32: 5e-7 measured for either algorithm.
    assert float((found - expected).norm() / expected.norm()) < 2e-6


def test_a_picture_has_the_same_features_alone_and_in_a_batch() -> None:
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(3, 128, 21, 34, generator=generator).contiguous(memory_format=torch.channels_last)
    convolution = Convolution(
        torch.randn(256, 128, 3, 3, generator=generator), torch.zeros(256), device=CPU, dtype=torch.float32
    )
    with torch.inference_mode():
        together = convolution(features)
        alone = [convolution(features[i : i + 1]) for i in range(3)]
    assert torch.equal(together, torch.cat(alone))
