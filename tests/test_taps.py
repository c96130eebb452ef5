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
from percept_cli.engine.bands import schedule
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


def taps_of(backbone: Backbone, pictures: Tensor, band_bytes: int) -> dict[str, Tensor]:
    """Whole taps of N×3×H×W uint8 pictures, put together from bands; every row must come once, from the top."""
    n, _, height, width = pictures.shape
    plan = schedule(
        "vgg16", backbone.taps, height=height, width=width, pictures=n, band_bytes=band_bytes, budget=None
    )
    assert plan is not None
    parts: dict[str, list[Tensor]] = {}
    with torch.inference_mode():
        for tap, first, features in backbone.bands(pictures.permute(0, 2, 3, 1), plan):
            assert first == sum(part.shape[2] for part in parts.get(tap, []))
            parts.setdefault(tap, []).append(features.clone())
    return {tap: torch.cat(rows, dim=2) for tap, rows in parts.items()}


def random_pictures(n: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(height)
    return torch.randint(0, 256, (n, 3, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("band_bytes", [1, 1 << 20, 1 << 40])
@pytest.mark.parametrize(
    ("n", "height", "width"), [(1, 16, 16), (1, 37, 53), (3, 64, 48), (2, 131, 97), (1, 407, 391)]
)
def test_all_taps_at_odd_sizes_batch_sizes_and_band_heights(
    reference: torch.nn.Sequential, n: int, height: int, width: int, band_bytes: int
) -> None:
    pictures = random_pictures(n, height, width)
    with torch.inference_mode():
        expected = reference_taps(reference, pictures / 255)
    found = taps_of(Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32), pictures, band_bytes)
    assert set(found) == set(TAPS)
    for tap in TAPS:
        assert found[tap].shape == expected[tap].shape
        assert relative_error(found[tap], expected[tap]) < TOLERANCE, tap


@pytest.mark.parametrize("taps", [["input"], ["conv1_1"], ["pool1"], ["relu2_1", "pool4"], list(TAPS)])
def test_the_height_of_the_bands_moves_no_digit(taps: list[str]) -> None:
    backbone = Backbone(RECORD, taps, device=CPU, dtype=torch.float32)
    pictures = random_pictures(2, 203, 77)
    high, low = (taps_of(backbone, pictures, band_bytes) for band_bytes in (1 << 40, 1))
    assert set(high) == set(taps)
    for tap in taps:
        # Matrix products of another height may sum in another order on other machines; here all digits agree.
        assert relative_error(low[tap], high[tap]) < 1e-6, tap


@pytest.mark.parametrize("tap", ["conv1_1", "conv2_2", "conv5_3"])
def test_a_conv_tap_alone_is_before_the_relu(reference: torch.nn.Sequential, tap: str) -> None:
    pictures = random_pictures(1, 40, 40)
    relu = tap.replace("conv", "relu")
    with torch.inference_mode():
        expected = reference_taps(reference, pictures / 255)
    found = taps_of(Backbone(RECORD, [tap, relu], device=CPU, dtype=torch.float32), pictures, 1 << 20)
    assert found[tap].min() < 0
    assert found[relu].min() == 0
    assert relative_error(found[tap], expected[tap]) < TOLERANCE
    assert torch.equal(found[tap].relu(), found[relu])


def test_the_differentiable_network_has_the_same_taps(reference: torch.nn.Sequential) -> None:
    pictures = random_pictures(2, 37, 53) / 255
    with torch.inference_mode():
        expected = reference_taps(reference, pictures)
        found = dict(Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32).features(pictures))
    assert list(found) == list(TAPS)
    for tap in TAPS:
        assert relative_error(found[tap], expected[tap]) < TOLERANCE, tap


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
