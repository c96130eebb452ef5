"""Devices and precisions: what is asked for is what is computed in, and nothing else in the process changes."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
import torch
from PIL import Image

from percept_cli import PerceptualDistance, compare
from percept_cli.engine.device import computing, resolve_device
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.errors import DeviceOutOfMemory
from percept_cli.recipes.presets import load_preset
from tests.conftest import Save
from tests.support.measuring import measured
from tests.support.samples import files

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def careless_process() -> Iterator[None]:
    """A program that has allowed fewer bits for its training."""
    torch.set_float32_matmul_precision("medium")
    torch.backends.mkldnn.conv.fp32_precision = "bf16"  # type: ignore[attr-defined]
    torch.set_default_dtype(torch.float64)
    yield
    torch.backends.mkldnn.conv.fp32_precision = "none"  # type: ignore[attr-defined]
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision("highest")


def test_fp32_is_float32_whatever_the_process_allows(request: pytest.FixtureRequest) -> None:
    pair = []
    for path in files("photo-noise"):
        with Image.open(path) as image:
            pair.append(image.convert("RGB").crop((64, 64, 160, 160)))
    before = compare(*pair).distance
    request.getfixturevalue("careless_process")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert compare(*pair).distance == before
    assert torch.backends.mkldnn.matmul.fp32_precision == "bf16"  # type: ignore[attr-defined]
    assert torch.backends.mkldnn.conv.fp32_precision == "bf16"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("precision", "kind"), [("fp32", "ieee"), ("tf32", "tf32")])
def test_tf32_is_off_unless_asked_for(precision: str, kind: str) -> None:
    """The switches themselves, since this may be a machine without a GPU to compute with."""
    places = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
    before = [place.fp32_precision for place in places]
    with computing(precision, CUDA):  # type: ignore[arg-type]
        assert [place.fp32_precision for place in places] == [kind, kind]
    assert [place.fp32_precision for place in places] == before


@pytest.mark.parametrize(
    "choice",
    [
        {"cudnn.conv.fp32_precision": "ieee"},
        {"cudnn.rnn.fp32_precision": "ieee"},
        {"cuda.matmul.fp32_precision": "tf32", "cudnn.benchmark": True},
        {"cudnn.enabled": False, "cudnn.deterministic": False},
        {"mkldnn.conv.fp32_precision": "bf16"},
    ],
    ids=str,
)
def test_whatever_a_program_has_chosen_is_its_own_again(choice: dict[str, Any]) -> None:
    """By the switches themselves, since this may be a machine without a GPU to compute with."""
    names = {
        *choice,
        *(f"cudnn.{name}" for name in ("conv.fp32_precision", "enabled", "deterministic", "benchmark")),
    }
    get = {name: attrgetter(name) for name in names}
    at_first = {name: get[name](torch.backends) for name in names}

    def choose(values: dict[str, Any]) -> None:
        for name, value in values.items():
            place, _, last = name.rpartition(".")
            setattr(attrgetter(place)(torch.backends), last, value)

    choose(choice)
    try:
        chosen = {name: get[name](torch.backends) for name in names}
        assert chosen.items() >= choice.items()
        for device in (CPU, CUDA):
            with computing("fp32", device):
                if device == CUDA:
                    cudnn: Any = torch.backends.cudnn
                    assert (cudnn.enabled, cudnn.deterministic, cudnn.benchmark) == (True, True, False)
                    assert cudnn.conv.fp32_precision == "ieee"
            assert {name: get[name](torch.backends) for name in names} == chosen
    finally:
        choose(at_first)


def test_gradients_after_a_measurement() -> None:
    """Kernels read in inference mode could not be used by autograd later."""
    spec = load_preset("five-taps").spec
    engine = Engine(spec, "cpu")
    pictures = torch.rand(2, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    plan = plan_pair(spec, height=200, width=200)
    pixels = (pictures * 255).to(torch.uint8)
    measured(engine, pixels[:1], pixels[1:], plan)
    pictures.requires_grad_()
    PerceptualDistance()(pictures[:1], pictures[1:]).backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()


@pytest.mark.numeric
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near_and_not_equal(precision: str) -> None:
    pair = []
    for path in files("photo-blur"):
        with Image.open(path) as image:
            pair.append(image.convert("RGB").crop((64, 64, 160, 160)))  # few processors are quick at this
    exact, rough = compare(*pair), compare(*pair, precision=precision)
    assert rough.distance != exact.distance
    # bf16 has 8 bits: values are off by up to 0.2 % at each of 13 layers, some 0.7 % in all, and a distance by
    # four times that.
    assert rough.distance == pytest.approx(exact.distance, rel=0.03)


def test_auto_is_the_best_there_is() -> None:
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert resolve_device("auto").type == expected


def test_an_exhausted_device_is_a_typed_error() -> None:
    with pytest.raises(DeviceOutOfMemory, match="do not fit into the memory of device"), computing("fp32", CPU):
        torch.empty(1 << 60, dtype=torch.uint8)


def test_other_errors_pass_through() -> None:
    with pytest.raises(RuntimeError, match="size of tensor"), computing("fp32", CPU):
        torch.ones(2) + torch.ones(3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_gpu_gives_the_numbers_of_the_cpu(save: Save) -> None:
    pair = save("a.png", 131, 97), save("b.png", 131, 97, seed=1)
    assert compare(*pair, device="cuda").distance == pytest.approx(compare(*pair, device="cpu").distance, rel=1e-5)
