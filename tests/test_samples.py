"""The sample pairs: known distances, remade pictures, and the order a person would expect.

`golden/samples.json` was computed in float64 from end to end (direct sums, double kernels), by this file run as
a script: `python -m tests.test_samples`. It is what the float32 engine is held to, on any machine. How near it
must be says `golden/samples_bounds.json`, from the conditioning of each layer of each pair
(`tests/support/rounding.py`).
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
from percept_cli.distances import DISTANCES
from percept_cli.engine.tensors import to_batch
from percept_cli.formats.files import read_file
from percept_cli.networks.loading import load_kernels
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import load_preset, preset_names
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult
from percept_cli.topology import INPUT, NETWORKS
from tests.support.pictures import seen
from tests.support.rounding import of_distance, of_features
from tests.support.samples import GOLDEN, SAMPLES, files

BOUNDS = GOLDEN.with_name("samples_bounds.json")
NAMES = sorted(path.stem for path in (SAMPLES / "reference").iterdir())

# What runs on other kernels than torchvision's, which no test may need; LPIPS and ST-LPIPS have tests of parity.
OTHER_BACKBONES = {"vgg19-imagenet1k-v1": "vgg16-oxford", "vgg16-imagenet1k-v1-l2pool": "vgg16-oxford-l2pool"}
PRESETS = [
    name
    for name in preset_names()
    if load_preset(name).spec.record.is_packaged or load_preset(name).spec.backbone in OTHER_BACKBONES
]

ON_ALL = ("default", "five-taps")
"""Presets that are held to known distances on every sample pair; the others are on a few."""


def spec_of(preset: str) -> DistanceSpec:
    """A preset on kernels that come with percept."""
    return make_recipe(preset, backbone=backbone_of(preset)).spec


def backbone_of(preset: str) -> str:
    backbone = load_preset(preset).spec.backbone
    return OTHER_BACKBONES.get(backbone, backbone)


@cache
def known(preset: str, file: Path = GOLDEN) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(file.read_text(encoding="utf-8"))[preset]
    return found


@cache
def compared(name: str, preset: str) -> PairResult:
    return compare(*files(name), preset=preset, backbone=backbone_of(preset))


def check_distances(name: str, preset: str) -> None:
    expected, bounds = known(preset)[name], known(preset, BOUNDS)[name]
    result = compared(name, preset)
    weights = {layer.tap: layer.weight for layer in spec_of(preset).layers}
    assert [layer.name for layer in result.layers] == [tap for tap in weights if tap in expected]
    for layer in result.layers:
        assert abs(layer.distance - expected[layer.name]) <= bounds[layer.name], layer.name
    total = sum(weights[tap] * distance for tap, distance in expected.items())
    assert abs(result.distance - total) <= sum(weights[tap] * bound for tap, bound in bounds.items())


def exact_distances(
    name: str, preset: str, dtype: torch.dtype = torch.float64
) -> tuple[dict[str, float], dict[str, float]]:
    """Layer distances, and how far float32 may be off: by torch's own convolution, nothing of percept's engine.

    A bound is rounded to two digits, for which features in float32 would do.
    """
    spec = spec_of(preset)
    pictures = to_batch([seen(read_file(path), path) for path in files(name)]).to(dtype)
    features = pictures - torch.tensor([123.68, 116.779, 103.939], dtype=dtype).view(1, 3, 1, 1)
    kernels = load_kernels(WEIGHTS[spec.backbone])
    found = {}
    if INPUT in spec.taps:
        found[INPUT] = exact_distance(spec, INPUT, pictures / 255)
    for layer in NETWORKS[spec.record.network]:
        if layer.kind == "conv":
            weight, bias = (kernels[f"{layer.name}.{part}"].to(dtype) for part in ("weight", "bias"))
            features = F.conv2d(features, weight, bias, padding=1)
        elif layer.kind == "l2pool":
            blur = torch.tensor([1, 2, 1], dtype=dtype) / 4
            kernel = torch.outer(blur, blur).expand(features.shape[1], 1, 3, 3)
            squares = F.conv2d(features**2, kernel, stride=2, padding=1, groups=features.shape[1])
            features = (squares + 1e-12).sqrt()
        else:
            features = features.relu() if layer.kind == "relu" else F.max_pool2d(features, 2)
        if layer.name in spec.taps:
            found[layer.name] = exact_distance(spec, layer.name, features)
    distances = {tap: distance for tap, (distance, _) in found.items()}
    return distances, {tap: bound for tap, (_, bound) in found.items()}


def exact_distance(spec: DistanceSpec, tap: str, features: torch.Tensor) -> tuple[float, float]:
    distance = DISTANCES[next(entry.distance for entry in spec.layers if entry.tap == tap)].at_tap(tap)
    f, g = features[:1].double(), features[1:].double()
    value, bound = of_distance(distance, f, g, of_features(spec.record.network, tap))
    return value.item(), float(f"{bound.item():.1e}")


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


@pytest.mark.numeric
@pytest.mark.parametrize("name", NAMES)
def test_known_distances(name: str) -> None:
    check_distances(name, "five-taps")


@pytest.mark.slow
@pytest.mark.numeric
@pytest.mark.parametrize("name", NAMES)
def test_known_distances_of_the_default_recipe(name: str) -> None:
    check_distances(name, "default")


@pytest.mark.slow
@pytest.mark.numeric
@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in ON_ALL])
def test_known_distances_of_the_other_presets(preset: str) -> None:
    for name in known(preset):
        check_distances(name, preset)


def test_the_identical_pair_differs_in_its_bytes_only() -> None:
    reference, candidate = files("ui-identical-reencode")
    assert reference.read_bytes() != candidate.read_bytes()
    assert compare(reference, candidate).distance == 0


def test_a_stronger_change_is_farther_away() -> None:
    distance = {name: compared(name, "five-taps").distance for name in NAMES if name.startswith(("scene", "text"))}
    assert distance["scene-antialiasing"] < distance["scene-missing-object"] < distance["scene-moved-light"]
    assert distance["text-shift-1px"] < distance["text-blur"]


@pytest.mark.slow
def test_the_script_makes_the_stored_pictures() -> None:
    done = subprocess.run(
        [sys.executable, "make_samples.py", "--check"], cwd=SAMPLES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Write the known distances and their bounds anew."""
    few = ("chart-changed-digit", "photo-jpeg", "scene-texture-swap")
    found = {
        preset: {name: exact_distances(name, preset) for name in (NAMES if preset in ON_ALL else few)}
        for preset in PRESETS
    }
    for index, path in enumerate((GOLDEN, BOUNDS)):
        part = {preset: {name: both[index] for name, both in pairs.items()} for preset, pairs in found.items()}
        path.write_text(json.dumps(part, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
