"""The sample pairs: known distances, remade pictures, and the order a person would expect.

`golden/samples.json` was computed in float64 from end to end (direct sums, double kernels), by this file run as
a script: `python -m tests.test_samples`. It is what the float32 engine is held to, on any machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from percept_cli import compare
from percept_cli.engine.distances import DISTANCES
from percept_cli.engine.topology import INPUT, NETWORKS
from percept_cli.images.files import read_file
from percept_cli.images.tensors import to_batch
from percept_cli.presets import customise, load_preset, preset_names
from percept_cli.results import PairResult
from percept_cli.spec import DistanceSpec
from percept_cli.weights.loading import load_kernels
from percept_cli.weights.registry import WEIGHTS
from tests.conftest import ROOT
from tests.pictures import seen

SAMPLES = ROOT / "sample_images"
GOLDEN = Path(__file__).parent / "golden" / "samples.json"
NAMES = sorted(path.stem for path in (SAMPLES / "reference").iterdir())

# Of the pair's distance, and of each layer's or the pair's, whichever is larger: where pictures hardly differ,
# features agree in most of their digits, so their difference keeps few. Measured: 2.8e-6 at most for a pair, and
# 1.0e-5 for relu5_3 of ui-changed-digit, which torch's own float32 convolutions miss by 1.2e-5.
TOLERANCE = 1e-5


# What runs on other kernels than torchvision's, which no test may need; LPIPS and ST-LPIPS have tests of parity.
OTHER_BACKBONES = {"vgg19-imagenet1k-v1": "vgg16-oxford", "vgg16-imagenet1k-v1-l2pool": "vgg16-oxford-l2pool"}
PRESETS = [
    name
    for name in preset_names()
    if load_preset(name).spec.record.is_packaged or load_preset(name).spec.backbone in OTHER_BACKBONES
]


def spec_of(preset: str) -> DistanceSpec:
    """A preset on kernels that come with percept."""
    return customise(load_preset(preset), backbone=backbone_of(preset))


def backbone_of(preset: str) -> str:
    backbone = load_preset(preset).spec.backbone
    return OTHER_BACKBONES.get(backbone, backbone)


def known(preset: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(GOLDEN.read_text(encoding="utf-8"))[preset]
    return found


@cache
def compared(name: str, preset: str) -> PairResult:
    return compare(*files(name), preset=preset, backbone=backbone_of(preset))


def check_distances(name: str, preset: str) -> None:
    expected = known(preset)[name]
    result = compared(name, preset)
    spec = spec_of(preset)
    weights = {layer.tap: layer.weight for layer in spec.layers}
    total = sum(weights[tap] * distance for tap, distance in expected.items())
    # Gram matrices of different layers differ by orders of magnitude; there the pair's distance is no measure.
    floor = 0 if spec.layers[0].distance.startswith("gram") else TOLERANCE * total
    found = {layer.name: layer.distance for layer in result.layers}
    assert found == pytest.approx(expected, rel=TOLERANCE, abs=floor)
    assert result.distance == pytest.approx(total, rel=TOLERANCE, abs=0)


def files(name: str) -> tuple[Path, Path]:
    (candidate,) = (SAMPLES / "candidate").glob(f"{name}.*")
    return SAMPLES / "reference" / f"{name}.png", candidate


def float64_distances(name: str, preset: str) -> dict[str, float]:
    """Layer distances by torch's own convolution in float64: nothing of the engine but the distances."""
    spec = spec_of(preset)
    pictures = to_batch([seen(read_file(path), path) for path in files(name)]).double()
    features = pictures - torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1)
    kernels = load_kernels(WEIGHTS[spec.backbone])
    found = {}
    if INPUT in spec.taps:
        found[INPUT] = float64_distance(spec, INPUT, pictures / 255)
    for layer in NETWORKS[spec.record.network]:
        if layer.kind == "conv":
            weight, bias = (kernels[f"{layer.name}.{part}"].double() for part in ("weight", "bias"))
            features = F.conv2d(features, weight, bias, padding=1)
        elif layer.kind == "l2pool":
            blur = torch.tensor([1, 2, 1], dtype=torch.float64) / 4
            kernel = torch.outer(blur, blur).expand(features.shape[1], 1, 3, 3)
            squares = F.conv2d(features**2, kernel, stride=2, padding=1, groups=features.shape[1])
            features = (squares + 1e-12).sqrt()
        else:
            features = features.relu() if layer.kind == "relu" else F.max_pool2d(features, 2)
        if layer.name in spec.taps:
            found[layer.name] = float64_distance(spec, layer.name, features)
    return found


def float64_distance(spec: DistanceSpec, tap: str, features: torch.Tensor) -> float:
    name = next(entry.distance for entry in spec.layers if entry.tap == tap)
    return DISTANCES[name].at_tap(tap)(features[:1], features[1:]).item()


def test_every_kind_of_change_and_of_picture_is_there() -> None:
    assert len(NAMES) >= 10
    story = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"`{name}`" in story
    words = " ".join(NAMES)
    for kind in ("scene", "chart", "ui", "text", "photo"):
        assert kind in words
    for change in (
        "identical-reencode", "missing-object", "texture-swap", "colour-shift", "shift-1px", "blur", "noise",
        "jpeg", "antialiasing",
    ):  # fmt: skip
        assert change in words
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 4_000_000


@pytest.mark.parametrize("name", NAMES)
def test_known_distances(name: str) -> None:
    check_distances(name, "default")


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "default"])
def test_known_distances_of_the_other_presets(preset: str) -> None:
    for name in known(preset):
        check_distances(name, preset)


def test_the_identical_pair_differs_in_its_bytes_only() -> None:
    reference, candidate = files("ui-identical-reencode")
    assert reference.read_bytes() != candidate.read_bytes()
    assert compare(reference, candidate).distance == 0


def test_a_stronger_change_is_farther_away() -> None:
    distance = {name: compared(name, "default").distance for name in NAMES if name.startswith(("scene", "text"))}
    assert distance["scene-antialiasing"] < distance["scene-missing-object"] < distance["scene-moved-light"]
    assert distance["text-shift-1px"] < distance["text-blur"]


@pytest.mark.slow
def test_the_script_makes_the_stored_pictures() -> None:
    done = subprocess.run(
        [sys.executable, "make_samples.py", "--check"], cwd=SAMPLES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Write the known distances anew."""
    few = ("chart-changed-digit", "photo-jpeg", "scene-texture-swap")
    distances = {
        preset: {name: float64_distances(name, preset) for name in (NAMES if preset == "default" else few)}
        for preset in PRESETS
    }
    GOLDEN.write_text(json.dumps(distances, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
