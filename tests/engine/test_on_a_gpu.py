"""The engine and the loss on GPUs that are not there: where tensors are, what is waited for, and their layout.

torch's fake tensors have a device, a shape and strides, and no values: tensors of two devices must not meet, and
whoever asks for a value is refused. What they cannot show is numbers and speed; ``scripts/gpu_check.py`` does that
on a machine with a GPU.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    FakeTensorDeviceMismatchError,
    FakeTensorMode,
)

from percept_cli import PerceptualDistance
from percept_cli.distances import DISTANCES, LocalDistance
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, Plan, plan_pair
from percept_cli.engine.regions import columns_of, margins
from percept_cli.engine.transfer import Contribution, Transfer
from percept_cli.images.picture import Picture
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import load_preset, preset_names
from percept_cli.recipes.spec import DistanceSpec, LayerSpec, Precision
from tests.support.fake_cuda import FakeCuda
from tests.support.fake_tensors import Memory, Watch, kernels_of, spec_of_all, suitable

PRECISIONS: tuple[Precision, ...] = ("fp32", "tf32", "bf16", "fp16")
SMALL = 40, 56


QUICK = {("vgg16-oxford", "fp32"), ("vgg16-st-lpips", "fp16")}


def combinations(precisions: Iterable[Precision]) -> list[Any]:
    """Of backbones and precisions: each of some seconds, so only a few of them are quick."""
    found = itertools.product(WEIGHTS, precisions)
    return [pytest.param(*one, marks=() if one in QUICK else pytest.mark.slow) for one in found]


def quickly(names: Iterable[str], *quick: str) -> list[Any]:
    """The others take their time."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in names]


@contextmanager
def watched(*, float64: bool = True) -> Iterator[Watch]:
    with FakeTensorMode(allow_non_fake_inputs=True), Watch(float64=float64) as watch:
        yield watch


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    for module in ("percept_cli.engine.backbone", "percept_cli.loss"):
        monkeypatch.setattr(f"{module}.load_kernels", kernels_of)
    # numpy cannot write into a fake tensor; tests/engine/test_transfer.py has pixels that begin in pinned memory.
    monkeypatch.setattr(Transfer, "pins", False)
    # What torch takes for all of these on an NVIDIA GPU; it would ask the GPU whether it knows bf16.
    monkeypatch.setattr(torch._C, "_select_conv_backend", lambda *_, **__: torch._C._ConvBackend.Cudnn)  # type: ignore[attr-defined]
    return FakeCuda(monkeypatch)


@pytest.fixture
def apple(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """A GPU without float64 and without streams of its own, as Apple's.

    It bears the name ``cuda``: where torch was built without ``mps``, not even fake tensors there can be indexed.
    """
    for module in ("base", "local"):
        monkeypatch.setattr(
            f"percept_cli.distances.{module}.lacks_float64", lambda tensor: tensor.device.type == "cuda"
        )
    monkeypatch.setattr(torch.cuda, "Stream", lambda _: None)
    return cuda


def picture(height: int, width: int) -> Picture:
    return Picture(width, height, bytes(height * width * 3))


def start_and_finish(engine: Engine, plan: Plan, n: int, watch: Watch, log: list[str]) -> list[Contribution]:
    """A batch of n pairs, from pixels to contributions; nothing may be waited for but the batch."""
    ((piece,),) = ([Piece(plan, crop) for crop in plan.crops],)
    pair = picture(plan.height, plan.width), picture(plan.height, plan.width)
    engine.submit([pair] * n, [piece] * n).result()  # the first also sends what the distances have learned
    del watch.waits[:], log[:]
    ticket = engine.submit([pair] * n, [piece] * n)
    assert (watch.waits, log.count("wait")) == ([], 0)
    found = ticket.result()
    assert log.count("wait") == 1
    return found


@pytest.mark.parametrize(("backbone", "precision"), combinations(PRECISIONS))
def test_a_batch_is_waited_for_once(cuda: FakeCuda, backbone: str, precision: Precision) -> None:
    """On every backbone and in every precision, by all distances that it can have, with their maps."""
    spec = spec_of_all(backbone, precision)
    assert {layer.distance for layer in spec.layers} == {name for name in DISTANCES if suitable(name, backbone)}
    plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
    engine = Engine(spec, "cuda", keeps_maps=True)
    with watched() as watch:
        found = start_and_finish(engine, plan, 2, watch, cuda.log)
        assert [list(part) for part in found] == [list(spec.taps)] * 2
        for layer, shape in zip(spec.layers, plan.shapes, strict=True):
            part = found[1][layer.tap]
            assert {one.device.type for one in part.sums} == {"cpu"}
            has_map = isinstance(DISTANCES[layer.distance], LocalDistance)
            assert [tuple(one.values.shape) for one in part.patches] == ([shape[1:]] if has_map else [])
        # One way there, and back one for each dtype, and one for each map or feature that is large.
        assert cuda.log.count("pinned") <= 1
    assert watch.layouts == []
    assert watch.convolutions > 0


@pytest.mark.usefixtures("cuda")
def test_what_comes_back_small_comes_back_together() -> None:
    spec = DistanceSpec(tuple(LayerSpec(tap) for tap in ("input", "relu1_2", "pool1", "relu2_2")))
    plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
    engine = Engine(spec, "cuda")
    with watched() as watch:
        pair = picture(*SMALL), picture(*SMALL)
        engine.submit([pair], [Piece(plan, plan.crops[0])]).result()
        watch.journeys = 0
        engine.submit([pair] * 16, [Piece(plan, plan.crops[0])] * 16).result()
    assert watch.journeys == 2  # the pixels there, 64 sums back


@pytest.mark.usefixtures("cuda")
def test_pieces_against_a_kept_reference_and_extended() -> None:
    """All ways into the network: crops, columns, one reference for many, pictures that are too small."""
    spec = DistanceSpec((LayerSpec("input"), LayerSpec("relu1_2"), LayerSpec("relu2_2", "unit")))
    engine = Engine(spec, "cuda")
    with watched() as watch:
        pair = picture(*SMALL), picture(*SMALL)
        plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
        piece = Piece(plan, plan.crops[0])
        engine.submit([pair] * 2, [piece] * 2, keeps_reference=True).result()
        watch.waits.clear()
        engine.submit([pair] * 2, [piece] * 2, keeps_reference=True).result()
        engine.submit([pair] * 2, [piece] * 2).result()
        tiny = plan_pair(spec, height=3, width=5)
        engine.submit([(picture(3, 5), picture(3, 5))], [Piece(tiny, tiny.crops[0])]).result()
        wide = plan_pair(spec, height=64, width=300)
        for part in list(columns_of(wide.crops[0], 64, margins("vgg16", spec.taps), 64, 300))[1:3]:
            engine.submit([(picture(64, 300), picture(64, 300))], [Piece(wide, part)]).result()
        assert watch.waits == []


@pytest.mark.usefixtures("cuda")
def test_features_that_wait_for_their_partners() -> None:
    """As ``compare_all`` has it: pictures run once, and pairs are made of their features."""
    spec = spec_of_all("vgg16-oxford", "fp32")
    plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
    engine = Engine(spec, "cuda")
    with watched():
        kept: dict[str, Any] = {}
        for tap, ((channels, height, width), dtype) in engine.layout(plan).items():
            kept[tap] = torch.empty((1, channels, height, width), device=engine.device, dtype=dtype)

        def take(tap: str, row: int, features: torch.Tensor) -> None:
            kept[tap][:, :, row : row + features.shape[2]] = features

        engine.run(picture(*SMALL), plan, take)

        def rows(tap: str, first: int, last: int) -> torch.Tensor:
            features: torch.Tensor = kept[tap]
            return features[:, :, first:last]

        found = engine.between(rows, rows, plan)
        assert list(found[0]) == list(spec.taps)
        of_side = engine.of_side(
            rows,
            next(layer.tap for layer in spec.layers if layer.distance == "gram-hw"),
            next(s for layer, s in zip(spec.layers, plan.shapes, strict=True) if layer.distance == "gram-hw"),
        )
        assert of_side.device.type == "cuda"


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(
    ("n", "width", "height"), [(8, 256, 256), pytest.param(1, 1920, 1080, marks=pytest.mark.slow)]
)
def test_a_batch_takes_little_more_than_is_planned(n: int, width: int, height: int) -> None:
    """What the plan leaves out: a convolution's result before it is copied, and the kernels, here 58 MB.

    Batches take a half of the free memory, and of that a half each, though they share most of it.
    """
    spec = load_preset("five-taps").spec
    engine = Engine(spec, "cuda")
    plan = plan_pair(spec, height=height, width=width)
    with FakeTensorMode(allow_non_fake_inputs=True), Memory() as memory:
        pixels = torch.empty((2 * n, 3, height, width), dtype=torch.uint8)
        for _ in range(2):
            engine.start(pixels, [Piece(plan, plan.crops[0])] * n).result()
    planned = n * engine._lowest(height, width).bytes
    assert 0.5 * planned < memory.peak < 1.25 * planned + (60 << 20)


@pytest.mark.parametrize("name", DISTANCES)
def test_parts_merge_and_finish_where_they_are(name: str) -> None:
    """On the device, as in a loss, without a question to it."""
    backbone = next(backbone for backbone in WEIGHTS if suitable(name, backbone))
    tap = "relu2_2"
    distance = DISTANCES[name].at_tap(tap)
    assert backbone
    with watched() as watch:
        f, g = (torch.empty(2, 128, 6, 8, device="cuda").to(memory_format=torch.channels_last) for _ in range(2))
        parts = [distance.contribute(f[:, :, rows], g[:, :, rows]) for rows in (slice(0, 2), slice(2, 6))]
        distance.finish(distance.merge(*parts), 128)
        watch.waits.clear()
        found = distance.finish(distance.merge(*parts), 128)
        if isinstance(distance, LocalDistance):
            _, values = distance.contribute_map(f, g)
            assert values.device.type == "cuda"
    assert (found.device.type, found.dtype, tuple(found.shape)) == ("cuda", torch.float64, (2,))
    assert watch.waits == []


@pytest.mark.usefixtures("cuda")
def test_what_has_its_work_at_the_end_does_it_on_the_gpu() -> None:
    spec = DistanceSpec((LayerSpec("relu3_3", "contextual"), LayerSpec("relu2_2")))
    plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
    seen: list[str] = []
    engine = Engine(spec, "cuda")

    class Finished(Exception):
        """Of fake tensors no number is to be had."""

    contextual = engine._terms._distances["relu3_3"]
    finish = contextual.finish

    def watch_finish(total: Any, channels: int) -> Any:
        seen.extend(one.device.type for one in total.sums)
        assert finish(total, channels).device.type == "cuda"
        raise Finished

    contextual.finish = watch_finish  # type: ignore[method-assign]
    try:
        with watched() as watch:
            pair = picture(*SMALL), picture(*SMALL)
            (found,) = engine.submit([pair], [Piece(plan, plan.crops[0])]).result()
            watch.waits.clear()
            with pytest.raises(Finished):
                engine.finish(plan, [found])
            assert (seen, watch.waits) == (["cuda", "cuda"], [])
    finally:
        del contextual.finish


@pytest.mark.parametrize("precision", quickly(PRECISIONS, "fp32"))
@pytest.mark.parametrize("preset", quickly(preset_names(), "default", "dists"))
@pytest.mark.usefixtures("cuda")
def test_a_loss_that_checks_nothing_asks_nothing(preset: str, precision: Precision) -> None:
    loss = PerceptualDistance(preset, precision=precision, check=False)
    with watched() as watch:
        loss.to("cuda")
        x, y = (torch.empty(2, 3, *SMALL, device="cuda") for _ in range(2))
        loss(x, y)  # which sends what the distances have learned
        watch.waits.clear()
        found = loss(x, y)
    assert (found.device.type, found.dtype) == ("cuda", torch.float32)
    assert (watch.waits, watch.layouts) == ([], [])


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.usefixtures("cuda")
def test_other_losses_ask_nothing(spatial: bool) -> None:
    options: dict[str, Any] = {"spatial": spatial, "per_layer": True, "check": False, "value_range": (-1, 1)}
    loss = PerceptualDistance("lpips" if spatial else "dists", checkpoint=True, **options)
    with watched() as watch:
        loss.to("cuda")
        x = torch.empty(2, 3, *SMALL, device="cuda", requires_grad=True)
        y = torch.empty(2, 3, *SMALL, device="cuda")
        loss(x, y)
        watch.waits.clear()
        total, layers = loss(x, y)
    assert {one.device.type for one in (total, *layers.values())} == {"cuda"}
    assert watch.waits == []


@pytest.mark.parametrize(("backbone", "precision"), combinations(("fp32", "bf16", "fp16")))
@pytest.mark.usefixtures("apple")
def test_apples_gpus_see_no_float64(backbone: str, precision: Precision) -> None:
    spec = spec_of_all(backbone, precision)
    plan = plan_pair(spec, height=SMALL[0], width=SMALL[1])
    engine = Engine(spec, "cuda", keeps_maps=True)
    with watched(float64=False) as watch:
        pair = picture(*SMALL), picture(*SMALL)
        found = engine.submit([pair] * 2, [Piece(plan, plan.crops[0])] * 2).result()
        for layer, (channels, _, _) in zip(spec.layers, plan.shapes, strict=True):
            part = found[0][layer.tap]
            assert {one.device.type for one in (*part.sums, *(p.values for p in part.patches))} == {"cpu"}
            assert part.sums[0].dtype == (torch.float32 if layer.distance == "contextual" else torch.float64)
            if layer.distance != "contextual":  # whose finish on a CPU asks whether features are equal
                done = engine._terms._distances[layer.tap].finish(part, channels)
                assert done.dtype == torch.float64
    assert watch.convolutions > 0


@pytest.mark.parametrize("preset", quickly(preset_names(), "st-lpips", "dists"))
@pytest.mark.usefixtures("apple")
def test_a_loss_on_apples_gpus_sees_no_float64(preset: str) -> None:
    loss = PerceptualDistance(preset, check=False, per_layer=True)
    x, y = (torch.zeros(2, 3, *SMALL) for _ in range(2))
    # Its end is on the CPU, where it may ask whether features are equal: fake ones have no answer.
    told = pytest.raises(DataDependentOutputException) if preset == "contextual" else nullcontext()
    with watched(float64=False), told:
        loss.to("cuda")
        total, layers = loss(x.to("cuda"), y.to("cuda"))
        assert {one.device.type for one in (total, *layers.values())} == {"cuda"}
        assert {one.dtype for one in (total, *layers.values())} == {torch.float32}


def test_the_watch_sees_what_it_watches_for() -> None:
    """Else it would find nothing for ever."""
    with watched() as watch:
        torch.tensor([1.0, 2.0], device="cuda")
        assert len(watch.waits) == 1
        torch.empty(3, device="cuda").cpu()
        assert len(watch.waits) == 2
        torch.empty(3).to("cuda", non_blocking=True)
        assert len(watch.waits) == 2
        wide = torch.empty(1, 8, 5, 5, device="cuda")
        torch.nn.functional.conv2d(wide, torch.empty(8, 8, 3, 3, device="cuda"))
        assert len(watch.layouts) == 1
        with pytest.raises(DataDependentOutputException):
            bool((wide > 0).all())
        with pytest.raises(FakeTensorDeviceMismatchError):
            wide + torch.empty(5)
    with watched(float64=False), pytest.raises(TypeError, match="no float64"):
        torch.empty(3, device="cuda").double()
