"""Every tap equals torchvision's VGG-16 or VGG-19 carrying the same kernels, with its own pools or with others.

torchvision's ReLUs work in place, so reading its conv outputs naively gives the ReLU's values: the reference
here clones every output as soon as it is there. Tried, and each breaks these tests: one mean changed in its last
digit, the means reversed, the ReLU in place after a conv tap; 1e-12 outside the L2 pool's root; a blur that
repeats the edge instead of mirroring at it, in rows or in columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor

from percept_cli.engine.backbone import Backbone
from percept_cli.engine.bands import schedule
from percept_cli.topology import tap_names
from tests.support.peers import RECORD, carry_shipped_kernels
from tests.support.rounding import features_of, of_features, relative_error

pytestmark = pytest.mark.numeric


CPU = torch.device("cpu")
TAPS = tap_names("vgg16")


@pytest.fixture(scope="module")
def reference() -> torch.nn.Sequential:
    """In float64, where the order of sums does not matter."""
    features: torch.nn.Sequential = torchvision.models.vgg16(weights=None).features[:-1]
    carry_shipped_kernels(features)
    return features.double().eval()


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    """With all taps; what it computes depends on the pictures alone."""
    return Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32)


@pytest.fixture(scope="module")
def expected(reference: torch.nn.Sequential, request: pytest.FixtureRequest) -> dict[str, Tensor]:
    """The reference's taps of pictures of one size, for every height of bands."""
    with torch.inference_mode():
        return reference_taps(reference, random_pictures(*request.param))


def reference_taps(features: torch.nn.Sequential, pictures: Tensor, network: str = "vgg16") -> dict[str, Tensor]:
    """N×C×H×W float64 of N×3×H×W uint8 pictures."""
    mean = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1)
    values = pictures - mean
    found = {"input": pictures.double() / 255}
    for name, module in zip(tap_names(network)[1:], features, strict=True):
        values = module(values)
        found[name] = values.clone()
    return found


def check_taps(
    found: dict[str, Tensor], expected: dict[str, Tensor], network: str = "vgg16", *, winograd: bool = True
) -> None:
    """Each tap is as near to float64 as its sums in float32 can be held to be: the more of them, the less so."""
    for tap in found:
        assert found[tap].shape == expected[tap].shape
        assert relative_error(found[tap], expected[tap]) < of_features(network, tap, winograd=winograd), tap


def taps_of(backbone: Backbone, pictures: Tensor, band_bytes: int, network: str = "vgg16") -> dict[str, Tensor]:
    """Whole taps of N×3×H×W uint8 pictures, put together from bands; every row must come once, from the top."""
    n, _, height, width = pictures.shape
    plan = schedule(
        network, backbone.taps, height=height, width=width, pictures=n, band_bytes=band_bytes, budget=None
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
    ("size", "expected"),
    [
        *((size, size) for size in [(1, 16, 16), (1, 37, 53), (3, 64, 48), (1, 163, 51)]),
        *(
            pytest.param(size, size, marks=pytest.mark.slow)
            for size in [(2, 131, 97), (1, 263, 199), (1, 407, 391)]
        ),
    ],
    indirect=["expected"],
    ids=str,
    scope="module",
)
def test_all_taps_at_odd_sizes_batch_sizes_and_band_heights(
    backbone: Backbone, expected: dict[str, Tensor], size: tuple[int, int, int], band_bytes: int
) -> None:
    found = taps_of(backbone, random_pictures(*size), band_bytes)
    assert set(found) == set(TAPS)
    check_taps(found, expected)


class L2Pool(torch.nn.Module):
    """Written from the definition in float64, with zeros beyond the edge."""

    def forward(self, features: Tensor) -> Tensor:
        squares = F.pad(features.double() ** 2, (1, 1, 1, 1))
        windows = squares.unfold(2, 3, 2).unfold(3, 3, 2)  # N×C×H×W×3×3
        return (torch.einsum("nchwij,ij->nchw", windows, BLUR) + 1e-12).sqrt()


class Blur(torch.nn.Module):
    """The same blur of the values themselves, with mirrored ones beyond the edge."""

    def forward(self, features: Tensor) -> Tensor:
        mirrored = torch.nn.ReflectionPad2d(2)(features.double())
        return torch.einsum("nchwij,ij->nchw", mirrored.unfold(2, 3, 2).unfold(3, 3, 2), BLUR)


BLUR = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float64) / 16


def with_pools(features: torch.nn.Sequential, network: str) -> torch.nn.Sequential:
    """A plain VGG-16 with the pools of another network."""
    pools: dict[str, Callable[[], list[torch.nn.Module]]] = {
        "vgg16-l2pool": lambda: [L2Pool()],
        "vgg16-blurpool": lambda: [torch.nn.MaxPool2d(2, stride=1), Blur()],
    }
    modules: list[torch.nn.Module] = []
    for module in features:
        modules += pools[network]() if isinstance(module, torch.nn.MaxPool2d) else [module]
    return torch.nn.Sequential(*modules)


@pytest.mark.parametrize("taps", [["input"], ["conv1_1"], ["pool1"], ["relu2_1", "pool4"], list(TAPS)])
def test_the_height_of_the_bands_moves_no_digit(taps: list[str], device: str) -> None:
    backbone = Backbone(RECORD, taps, device=torch.device(device), dtype=torch.float32)
    pictures = random_pictures(2, 203, 35).to(device)
    high, low = (taps_of(backbone, pictures, band_bytes) for band_bytes in (1 << 40, 1))
    assert set(high) == set(taps)
    for tap in taps:
        # Where a library sums matrix products of another height in another order, each is off in its own way.
        assert relative_error(low[tap].cpu(), high[tap].cpu()) <= 2 * of_features("vgg16", tap), tap


@pytest.mark.parametrize("network", ["vgg16-l2pool", "vgg16-blurpool"])
@pytest.mark.parametrize(
    ("n", "height", "width"),
    [
        (1, 18, 18),
        (2, 33, 53),
        pytest.param(3, 64, 48, marks=pytest.mark.slow),
        pytest.param(1, 131, 98, marks=pytest.mark.slow),
    ],
)
def test_all_taps_with_other_pools(
    monkeypatch: pytest.MonkeyPatch, reference: torch.nn.Sequential, network: str, n: int, height: int, width: int
) -> None:
    """Rows in bands, and whole pictures differentiably, equal the definitions in float64."""
    monkeypatch.setattr("percept_cli.engine.bands._ROWS_AT_LEAST", 0)  # down to single tiles
    pictures = random_pictures(n, height, width)
    record = replace(RECORD, network=network)
    taps = tap_names(network)
    with torch.inference_mode():
        expected = reference_taps(with_pools(reference, network), pictures, network)
        ways = [features_of(record, taps, pictures / 255)]
        backbone = Backbone(record, taps, device=CPU, dtype=torch.float32)
    ways += [taps_of(backbone, pictures, band_bytes, network) for band_bytes in (1, 1 << 18, 1 << 40)]
    for found in ways:
        assert set(found) == set(taps)
        check_taps(found, expected, network)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "height", "width"), [(1, 37, 53), (3, 64, 48)])
def test_all_taps_of_vgg19(monkeypatch: pytest.MonkeyPatch, n: int, height: int, width: int) -> None:
    """On seeded random kernels of the scale that keeps features at theirs, since none are shipped."""
    features = torchvision.models.vgg19(weights=None).features[:-1].double()
    generator = torch.Generator().manual_seed(19)
    kernels = {}
    for name, module in zip(tap_names("vgg19")[1:], features, strict=True):
        if isinstance(module, torch.nn.Conv2d):
            scale = (2 / (9 * module.in_channels)) ** 0.5
            kernels[f"{name}.weight"] = torch.randn(module.weight.shape, generator=generator) * scale
            kernels[f"{name}.bias"] = torch.randn(module.out_channels, generator=generator)
            with torch.no_grad():
                assert module.bias is not None
                module.weight.copy_(kernels[f"{name}.weight"])
                module.bias.copy_(kernels[f"{name}.bias"])
    record = replace(RECORD, network="vgg19")
    assert {key: tuple(kernel.shape) for key, kernel in kernels.items()} == record.shapes()
    monkeypatch.setattr("percept_cli.engine.backbone.load_kernels", lambda _: dict(kernels))
    backbone = Backbone(record, tap_names("vgg19"), device=CPU, dtype=torch.float32)
    pictures = random_pictures(n, height, width)
    with torch.inference_mode():
        expected = reference_taps(features, pictures, "vgg19")
        ways = [
            features_of(record, tap_names("vgg19"), pictures / 255, kernels),
            taps_of(backbone, pictures, 1, "vgg19"),
        ]
    for found in ways:
        assert set(found) == set(tap_names("vgg19"))
        check_taps(found, expected, "vgg19")


@pytest.mark.parametrize("tap", ["conv1_1", "conv2_2", "conv5_3"])
def test_a_conv_tap_alone_is_before_the_relu(reference: torch.nn.Sequential, tap: str, device: str) -> None:
    pictures = random_pictures(1, 40, 40)
    relu = tap.replace("conv", "relu")
    with torch.inference_mode():
        expected = reference_taps(reference, pictures)
    backbone = Backbone(RECORD, [tap, relu], device=torch.device(device), dtype=torch.float32)
    found = taps_of(backbone, pictures.to(device), 1 << 20)
    found = {name: values.cpu() for name, values in found.items()}
    assert found[tap].min() < 0
    assert found[relu].min() == 0
    check_taps(found, expected)
    assert torch.equal(found[tap].relu(), found[relu])


def test_the_differentiable_network_has_the_same_taps(reference: torch.nn.Sequential) -> None:
    pictures = random_pictures(2, 37, 53)
    with torch.inference_mode():
        expected = reference_taps(reference, pictures)
        found = features_of(RECORD, TAPS, pictures / 255)
    assert list(found) == list(TAPS)
    check_taps(found, expected, winograd=False)


def test_the_picture_itself_needs_no_weights() -> None:
    pictures = torch.rand(1, 3, 2, 2)
    ((tap, features),) = features_of(RECORD, ["input"], pictures, kernels={}).items()
    assert (tap, features is pictures) == ("input", True)


def test_kernels_are_kept_from_the_second_run_on() -> None:
    backbone = Backbone(RECORD, TAPS, device=CPU, dtype=torch.float32)
    missing = backbone.bytes_missing
    assert missing > 160 << 20
    pictures = random_pictures(1, 40, 40)
    first = taps_of(backbone, pictures, 1 << 20)
    assert backbone.bytes_missing == missing
    second = taps_of(backbone, pictures, 1 << 20)
    assert backbone.bytes_missing == 0
    assert all(torch.equal(first[tap], second[tap]) for tap in TAPS)
