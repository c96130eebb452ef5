"""The loss: gradients, autocast, checkpoints, compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from percept_cli import PerceptualDistance
from scripts.gpu_steps.bench import Bench, Finding


@contextmanager
def without_tf32() -> Iterator[None]:
    """Float32 for the whole process, as a program that trains would ask for it; the loss follows that."""
    places: tuple[Any, ...] = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [place.allow_tf32 for place in places]
    for place in places:
        place.allow_tf32 = False
    try:
        yield
    finally:
        for place, value in zip(places, before, strict=True):
            place.allow_tf32 = value


def batch(bench: Bench) -> tuple[Tensor, Tensor]:
    """Two batches of noise in [0, 1]."""
    shape = (2, 3, 48, 64) if bench.small else (2, 3, 256, 256)
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(shape, generator=generator).to(bench.torch_device) for _ in range(2))
    return x, y


def value_and_gradient(loss: torch.nn.Module, x: Tensor, y: Tensor) -> tuple[float, Tensor]:
    """Of the first argument."""
    x = x.detach().clone().requires_grad_()
    found = loss(x, y)
    found.backward()
    assert x.grad is not None
    return float(found.detach()), x.grad.cpu().double()


def loss(bench: Bench) -> Finding:
    """Gradient against float64; the same under autocast and with checkpoints."""
    x, y = batch(bench)
    device = bench.torch_device
    with without_tf32():
        value, gradient = value_and_gradient(PerceptualDistance().to(device), x, y)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            cast, _ = value_and_gradient(PerceptualDistance().to(device), x, y)
        saving, again = value_and_gradient(PerceptualDistance(checkpoint=True).to(device), x, y)
    exact, slope = value_and_gradient(PerceptualDistance().double(), x.cpu().double(), y.cpu().double())
    found = {
        "value from float64": abs(value / exact - 1),
        "gradient from float64": float((gradient - slope).norm() / slope.norm()),
        "under autocast": abs(cast / value - 1),
        "with checkpoints": float((again - gradient).norm() / gradient.norm()) + abs(saving / value - 1),
    }
    right = (
        found["gradient from float64"] < 1e-3 and max(found["under autocast"], found["with checkpoints"]) < 1e-5
    )
    return Finding(right, ", ".join(f"{name} {value:.1e}" for name, value in found.items()), found)


def compiled(bench: Bench) -> Finding:
    """``torch.compile``: the same value and gradient, and the time of a step."""
    x, y = batch(bench)
    backend = "inductor" if bench.is_cuda else "aot_eager"  # which needs no compiler
    plain = PerceptualDistance(check=False).to(bench.torch_device)
    quick = torch.compile(plain, backend=backend)
    with without_tf32():
        (value, gradient), (other, slope) = (value_and_gradient(one, x, y) for one in (plain, quick))  # type: ignore[arg-type]
        times = {
            name: bench.seconds(lambda one=one: value_and_gradient(one, x, y))  # type: ignore[misc]
            for name, one in (("plain", plain), (backend, quick))
        }
    apart = abs(other / value - 1) + float((slope - gradient).norm() / gradient.norm())
    told = ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in times.items())
    return Finding(apart < 1e-3, f"{apart:.1e} apart; {told}", {"apart": apart, "seconds": times})
