"""Every convolution algorithm against a float64 direct sum, and how it may be divided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from percept_cli.engine import compiled
from percept_cli.engine.convolution import kernel_bytes
from percept_cli.engine.measure import Engine
from percept_cli.engine.native import build
from percept_cli.engine.plan import plan_pair
from percept_cli.engine.regions import columns_of, margins
from percept_cli.recipes.presets import load_preset
from tests.conftest import drawing
from tests.support.compiled import there
from tests.support.convolutions import CPU, close, kernels, layer, random, rounding, run
from tests.support.exactness import plan_of
from tests.support.measuring import measured
from tests.support.rounding import relative_error

pytestmark = pytest.mark.numeric


# What is asked for, inputs, outputs, tile: the direct sum, columns transformed, whole windows transformed.
LAYERS = {
    "direct": ("auto", 3, 64, 4),
    "direct, asked for": ("direct", 64, 128, 4),
    "by row, 4": ("winograd", 64, 128, 4),
    "by row, 2": ("winograd", 64, 64, 2),
    "windows of 4": ("winograd", 128, 256, 4),
    "windows of 2": ("winograd", 64, 256, 2),
    "compiled, 4": ("auto", 64, 128, 4),
    "compiled, 2": ("auto", 64, 256, 2),
}


@pytest.fixture(params=LAYERS.values(), ids=list(LAYERS))
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, int]:
    """Inputs, outputs and tile of a layer for which one algorithm is used."""
    choice, *sizes = request.param
    monkeypatch.setenv(compiled.VARIABLE, choice)
    if request.node.callspec.id.count("compiled") and isinstance(compiled.choice(), str):
        pytest.skip(f"no compiled code: {compiled.found().why}")
    inputs, outputs, tile = sizes
    return inputs, outputs, tile


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (8, 11), (25, 31), (5, 700)])
@pytest.mark.parametrize("relu", [False, True])
def test_equals_the_direct_sum_in_float64(
    sizes: tuple[int, int, int], height: int, width: int, relu: bool
) -> None:
    inputs, outputs, tile = sizes
    padded = random(2, height + 2, width, inputs)
    weight, bias = (values.double() for values in kernels(inputs, outputs))
    expected = F.conv2d(padded.double().permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    found = run(layer(inputs, outputs, tile), padded, outputs, relu=relu)
    expected = expected.clamp_min(0) if relu else expected
    assert relative_error(found, expected) < rounding(inputs, tile)


def test_a_picture_has_the_same_features_alone_and_in_a_batch(sizes: tuple[int, int, int]) -> None:
    inputs, outputs, tile = sizes
    padded = random(3, 28, 34, inputs)
    convolution = layer(inputs, outputs, tile)
    alone = [run(convolution, padded[i : i + 1], outputs) for i in range(3)]
    close(run(convolution, padded, outputs), torch.cat(alone), inputs, tile)


def test_bands_and_crops_have_the_digits_of_the_whole(sizes: tuple[int, int, int]) -> None:
    """Where bands begin at tiles. A crop's edge columns see zeros that are not the picture's."""
    inputs, outputs, tile = sizes
    padded = random(1, 34, 100, inputs)
    convolution = layer(inputs, outputs, tile)
    whole = run(convolution, padded, outputs)
    bands = [
        run(convolution, padded[:, top : top + rows + 2], outputs) for top, rows in ((0, 12), (12, 8), (20, 12))
    ]
    close(torch.cat(bands, dim=1), whole, inputs, tile)
    crop = run(convolution, padded[:, :, 32:64], outputs)
    close(crop[:, :, 4:-4], whole[:, :, 36:60], inputs, tile)


@pytest.mark.parametrize(("capability", "direct"), [("AVX512", True), ("AVX2", False), ("DEFAULT", False)])
def test_where_torch_is_fast_layers_of_few_channels_are_summed_directly(
    monkeypatch: pytest.MonkeyPatch, capability: str, direct: bool
) -> None:
    """The capability is a stand-in: this processor has one of them."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setenv(compiled.VARIABLE, "torch")
    values = {inputs: kernel_bytes(inputs, 512, tile=4, device=CPU, dtype=torch.float32) for inputs in (256, 512)}
    assert values[256] == (9 if direct else 36) * 256 * 512 * 4
    assert values[512] == 36 * 512 * 512 * 4
    monkeypatch.setenv(compiled.VARIABLE, "winograd")
    assert kernel_bytes(256, 512, tile=4, device=CPU, dtype=torch.float32) == 36 * 256 * 512 * 4


def test_half_precision_is_summed_directly() -> None:
    padded = random(1, 12, 10, 64).bfloat16()
    weight, bias = (values.bfloat16() for values in kernels(64, 128))
    expected = F.conv2d(padded.permute(0, 3, 1, 2), weight, bias, padding=(0, 1)).permute(0, 2, 3, 1)
    assert torch.equal(run(layer(64, 128, 4, torch.bfloat16), padded, 128), expected)


WAYS = (*compiled.IN_TORCH, *(one.name for one in build.sets()))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("way", WAYS)
def test_by_every_way_planned_is_whole_tiled_is_untiled_and_batched_is_single(
    monkeypatch: pytest.MonkeyPatch, way: str, threads: int
) -> None:
    """To 1e-6, as percept promises, and so are the distances of all ways."""
    if way not in compiled.IN_TORCH:
        there(way)
    monkeypatch.setenv(compiled.VARIABLE, way)
    spec = load_preset("five-taps").spec
    reference = np.asarray(drawing(300, 201, 1))
    candidate = reference.copy()
    candidate[90:110, 40:60] = 255 - candidate[90:110, 40:60]
    other = 255 - np.asarray(drawing(300, 201, 2))
    pixels = [torch.from_numpy(side.transpose(2, 0, 1)[None].copy()) for side in (reference, candidate, other)]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        engine = Engine(spec, "cpu")
        plan, all_of_it = plan_of(spec, reference, candidate), plan_pair(spec, height=201, width=300)
        assert plan.share < 1
        planned = measured(engine, pixels[0], pixels[1], plan)
        single = measured(engine, pixels[0], pixels[2], all_of_it)
        around = margins(spec.record.network, spec.taps)
        tiled = replace(all_of_it, crops=tuple(columns_of(all_of_it.crops[0], 96, around, 201, 300)))
        assert len(tiled.crops) > 1
        both = torch.cat([pixels[0]] * 2), torch.cat(pixels[1:])
        batched = measured(engine, *both, all_of_it)
        close_to(measured(engine, pixels[0], pixels[2], tiled), single)
        close_to(batched[1:], single)
        close_to(planned.sum(), batched[0].sum())
        monkeypatch.setenv(compiled.VARIABLE, "torch")
        close_to(batched.sum(dim=1), measured(Engine(spec, "cpu"), *both, all_of_it).sum(dim=1))
    finally:
        torch.set_num_threads(before)


def close_to(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
