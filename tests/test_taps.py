"""Every tap equals torchvision's VGG-16 carrying the same kernels.

torchvision's ReLUs work in place, so reading its conv outputs naively gives the ReLU's values: the reference
here clones every output as soon as it is there. Tried, and each breaks these tests: one mean changed in its last
digit, the means reversed, the ReLU in place after a conv tap.
"""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor

from percept_cli.engine.backbone import Backbone
from percept_cli.engine.topology import tap_names
from tests.peers import RECORD, carry_shipped_kernels

CPU = torch.device("cpu")
TAPS = tap_names("vgg16")
# float32 sums of up to 4608 products through 13 layers, in another order than torchvision's, and by Winograd's
# filtering where maps are large: 3e-6 measured.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def reference() -> torch.nn.Sequential:
    features: torch.nn.Sequential = torchvision.models.vgg16(weights=None).features[:-1]
    carry_shipped_kernels(features)
    return features.eval()


def reference_taps(features: torch.nn.Sequential, pictures: Tensor) -> dict[str, Tensor]:
    mean = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
    values = pictures * 255 - mean
    found = {"input": pictures}
    for name, module in zip(TAPS[1:], features, strict=True):
        values = module(values)
        found[name] = values.clone()
    return found


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected).norm() / expected.double().norm())


@pytest.mark.parametrize(
    ("n", "height", "width"), [(1, 16, 16), (1, 37, 53), (3, 64, 48), (2, 131, 97), (1, 407, 391)]
)
def test_all_taps_at_odd_sizes_and_batch_sizes(
    reference: torch.nn.Sequential, n: int, height: int, width: int
) -> None:
    pictures = torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(height))
    with torch.inference_mode():
        expected = reference_taps(reference, pictures)
        found = dict(Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32).features(pictures))
    assert list(found) == list(TAPS)
    for tap in TAPS:
        assert found[tap].shape == expected[tap].shape
        assert relative_error(found[tap], expected[tap]) < TOLERANCE, tap


@pytest.mark.parametrize("tap", ["conv1_1", "conv2_2", "conv5_3"])
def test_a_conv_tap_alone_is_before_the_relu(reference: torch.nn.Sequential, tap: str) -> None:
    pictures = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    relu = tap.replace("conv", "relu")
    with torch.inference_mode():
        expected = reference_taps(reference, pictures)
        found = dict(Backbone(RECORD, [tap, relu], device=CPU, dtype=torch.float32).features(pictures))
    assert found[tap].min() < 0
    assert found[relu].min() == 0
    assert relative_error(found[tap], expected[tap]) < TOLERANCE
    assert torch.equal(found[tap].relu(), found[relu])


def test_taps_are_channels_last_and_grow_no_graph_in_inference_mode() -> None:
    pictures = torch.rand(2, 3, 33, 20)
    with torch.inference_mode():
        for tap, features in Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32).features(
            pictures.contiguous(memory_format=torch.channels_last)
        ):
            assert features.is_contiguous(memory_format=torch.channels_last), tap
            assert not features.requires_grad


def test_gradients_reach_the_picture_when_asked_for() -> None:
    pictures = torch.rand(1, 3, 20, 20, requires_grad=True)
    taps = dict(Backbone(RECORD, ["conv1_2", "relu3_3"], device=CPU, dtype=torch.float32).features(pictures))
    sum(features.square().mean() for features in taps.values()).backward()  # type: ignore[union-attr]
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()
    assert pictures.grad.abs().sum() > 0


def test_the_picture_itself_needs_no_weights() -> None:
    backbone = Backbone(RECORD, ["input"], device=CPU, dtype=torch.float32)
    pictures = torch.rand(1, 3, 2, 2)
    assert [(tap, features is pictures) for tap, features in backbone.features(pictures)] == [("input", True)]
