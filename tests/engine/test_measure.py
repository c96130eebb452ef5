"""Planned = whole, tiled = untiled, batched = single: the same distances, whatever was not computed.

"Whole" is the network run over all pixels. What it counts is told apart: within the cores that the planner chose,
where all differences are, and everywhere. Outside the cores features are equal in real numbers; in float32 they
differ in their last digits next to a change, since a Winograd tile is rounded by all of its inputs. The planner's
exact 0 there is the better number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from percept_cli.distances import DISTANCES, LocalDistance
from percept_cli.engine.backbone import Backbone
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, Plan, plan_pair
from percept_cli.engine.regions import Crop, columns_of, margins, whole
from percept_cli.engine.transfer import Contribution
from percept_cli.errors import DeviceOutOfMemory
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.system.machine import resident_memory
from percept_cli.topology import tap_shape
from tests.conftest import drawing
from tests.support.exactness import TAPS, plan_of
from tests.support.measuring import contributions, everything, measured
from tests.support.rounding import of_features

pytestmark = pytest.mark.numeric


SHALLOW = ("input", "conv1_1", "relu2_2", "pool2", "conv3_1")
# What percept promises for one pair measured in any other pieces, on any processor. It can be kept though features
# are float32, whose bounds in tests/support/rounding.py are wider: every piece begins where tiles do, so the same
# products are added up in the same order. A library that orders those of a larger matrix differently moves single
# features,
# independently and by at most that bound each: thousands of them by a hundredth of it. Float64 sums are 1e-16 off.
TOLERANCE = 1e-6


def spec_of(distance: str, taps: tuple[str, ...] = TAPS, backbone: str | None = None) -> DistanceSpec:
    if backbone is None:
        learned = CHANNEL_WEIGHTS.get(distance)
        networks = {record.network: name for name, record in reversed(WEIGHTS.items()) if record.is_packaged}
        if learned and learned.backbones:
            (backbone,) = learned.backbones
        else:
            backbone = networks[learned.network if learned else "vgg16"]
    if DISTANCES[distance].most_positions:  # each of which meets every other
        taps = taps[-2:]
    return DistanceSpec(tuple(LayerSpec(tap, distance) for tap in taps), backbone)


class Remembering(Engine):
    """One run of the network over the same pixels serves all distances that want the same taps of it.

    What the distances make of the features, and of which of them, is still computed every time.
    """

    _runs: ClassVar[dict[tuple[object, ...], list[tuple[str, int, Tensor]]]] = {}
    _most = 6  # a picture and its crops, or its tiles; together some 400 MB
    _backbones: ClassVar[dict[tuple[object, ...], Backbone]] = {}

    def __init__(self, spec: DistanceSpec, device: str, **options: Any) -> None:
        super().__init__(spec, device, **options)
        # Equal ones take 100 MB and more each.
        self._backbone = self._backbones.setdefault((spec.record, spec.taps, device), self._backbone)

    def _bands(self, pictures: Tensor) -> Iterator[tuple[str, int, Tensor]]:
        key = self.spec.record, self.spec.taps, self.device, pictures.shape, pictures.cpu().numpy().tobytes()
        if key not in self._runs:
            while len(self._runs) >= self._most:
                del self._runs[next(iter(self._runs))]
            bands = super()._bands(pictures)
            # Copies, since the next bands are made in the same memory.
            self._runs[key] = [(tap, row, band.clone()) for tap, row, band in bands]
        return iter(self._runs[key])


@pytest.fixture(scope="module")
def engines() -> dict[tuple[object, ...], Engine]:
    return {}


@pytest.fixture(scope="module")
def remembering() -> Iterator[dict[tuple[object, ...], Engine]]:
    yield {}
    Remembering._runs.clear()
    Remembering._backbones.clear()


def engine_of(
    engines: dict[tuple[object, ...], Engine],
    spec: DistanceSpec,
    device: str = "cpu",
    kind: type[Engine] = Engine,
    **options: Any,
) -> Engine:
    key = spec, device, *options.items()
    if key not in engines:
        engines[key] = kind(spec, device, **options)
    return engines[key]


CHANGES = ("one pixel", "corner", "border", "far regions")


def changes(height: int, width: int, seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, reference and candidate, H×W×3 uint8."""
    rng = np.random.default_rng(seed)
    reference = np.asarray(drawing(width, height, seed))

    def changed(name: str, *parts: tuple[slice, slice]) -> tuple[str, np.ndarray, np.ndarray]:
        candidate = reference.copy()
        for part in parts:
            candidate[part] = rng.integers(0, 256, candidate[part].shape)
        return name, reference, candidate

    y, x = int(rng.integers(height)), int(rng.integers(width))
    names = iter(CHANGES)
    yield changed(next(names), (slice(y, y + 1), slice(x, x + 1)))
    yield changed(next(names), (slice(-3, None), slice(-2, None)))
    yield changed(next(names), (slice(0, height // 4), slice(0, 1)))
    yield changed(next(names), (slice(3, 12), slice(4, 30)), (slice(-30, -9), slice(-44, -20)))


def pair_of(change: str, height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    ((reference, candidate),) = (pair for name, *pair in changes(height, width, seed) if name == change)
    return reference, candidate


def as_tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None]


def within_the_cores(plan: Plan) -> Plan:
    """The same cores, computed from all of the picture."""
    everything = whole(plan.height, plan.width).pixels
    return replace(plan, crops=tuple(Crop(everything, crop.core) for crop in plan.crops))


def everywhere(plan: Plan) -> Plan:
    return replace(plan, crops=(whole(plan.height, plan.width),))


def by_network(distance: str) -> tuple[str, int]:
    """Distances of the same features one after the other, while those are remembered."""
    spec = spec_of(distance)
    return spec.backbone, len(spec.taps)


BY_NETWORK = sorted(DISTANCES, key=by_network)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("distance", BY_NETWORK)  # the inner loop
@pytest.mark.parametrize("change", CHANGES)
def test_planned_is_whole(
    remembering: dict[tuple[object, ...], Engine], change: str, distance: str, device: str
) -> None:
    spec = spec_of(distance)
    engine = engine_of(remembering, spec, device, Remembering)
    reference, candidate = pair_of(change, 269, 333, seed=269)
    pair = as_tensor(reference), as_tensor(candidate)
    plan = plan_of(spec, reference, candidate)
    if not spec.is_regional and plan.crops:
        assert plan.crops == everywhere(plan).crops
    found = measured(engine, *pair, plan)
    counted = measured(engine, *pair, within_the_cores(plan))
    torch.testing.assert_close(found, counted, rtol=TOLERANCE, atol=0)
    total, all_of_it = found.sum(), measured(engine, *pair, everywhere(plan)).sum()
    torch.testing.assert_close(total, all_of_it, rtol=TOLERANCE, atol=0)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("distance", DISTANCES)
def test_those_pictures_are_planned_at_all(distance: str) -> None:
    spec = spec_of(distance)
    shares = [plan_of(spec, *pair).share for _, *pair in changes(269, 333, seed=269)]
    assert sum(share < 1 for share in shares) >= 2 * spec.is_regional


@pytest.mark.parametrize("taps", [SHALLOW, ("relu1_2",), ("input",), ("relu4_1", "pool1")], ids=" ".join)
def test_planned_is_whole_for_other_taps(
    engines: dict[tuple[object, ...], Engine], taps: tuple[str, ...], device: str
) -> None:
    spec = spec_of("mse", taps)
    engine = engine_of(engines, spec, device)
    for name, reference, candidate in changes(301, 283, seed=7):
        pair = as_tensor(reference), as_tensor(candidate)
        plan = plan_of(spec, reference, candidate)
        assert plan.share < 0.5, name
        found = measured(engine, *pair, plan)
        torch.testing.assert_close(found, measured(engine, *pair, everywhere(plan)), rtol=TOLERANCE, atol=0)


OTHER_POOLS = (("relu1_2", "relu5_3"), ("input", "pool1", "relu3_3"), ("pool4",))


@pytest.fixture(params=["vgg16-l2pool", "vgg16-blurpool"])
def other_pools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A backbone of the shipped kernels with other pools than they were trained with."""
    name = "other pools"
    monkeypatch.setitem(WEIGHTS, name, replace(WEIGHTS["vgg16-oxford"], name=name, network=request.param))
    return name


@pytest.mark.slow
@pytest.mark.parametrize("taps", OTHER_POOLS, ids=" ".join)
@pytest.mark.parametrize(("height", "width"), [(301, 283), pytest.param(290, 304, marks=pytest.mark.slow)])
def test_planned_is_whole_with_other_pools(
    other_pools: str, taps: tuple[str, ...], height: int, width: int, device: str
) -> None:
    spec = spec_of("mse", taps, other_pools)
    engine = Engine(spec, device)
    planned_at_all = 0
    for name, reference, candidate in changes(height, width, seed=height):
        pair = as_tensor(reference), as_tensor(candidate)
        plan = plan_of(spec, reference, candidate)
        planned_at_all += plan.share < 1
        found = measured(engine, *pair, plan)
        expected = measured(engine, *pair, everywhere(plan))
        torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=0, msg=f"{name}: {found} {expected}")
    assert planned_at_all >= 2


@pytest.mark.slow
@pytest.mark.parametrize("taps", OTHER_POOLS, ids=" ".join)
def test_tiled_is_untiled_with_other_pools(other_pools: str, taps: tuple[str, ...], device: str) -> None:
    spec = spec_of("mse", taps, other_pools)
    engine = Engine(spec, device)
    height, width = 190, 700
    _, reference, _ = next(changes(height, width, seed=3))
    pair = as_tensor(reference), as_tensor(255 - reference)
    plan = plan_pair(spec, height=height, width=width)
    around = margins(spec.record.network, taps)
    tiled = replace(plan, crops=tuple(columns_of(plan.crops[0], 160, around, height, width)))
    torch.testing.assert_close(
        measured(engine, *pair, tiled), measured(engine, *pair, plan), rtol=TOLERANCE, atol=0
    )


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(563, 421), pytest.param(803, 601, marks=pytest.mark.slow)])
def test_outside_the_cores_the_whole_picture_has_rounding_only(
    engines: dict[tuple[object, ...], Engine], width: int, height: int
) -> None:
    """One level in one channel of one pixel: nearly nothing, and still nothing is missed.

    On the CPU, whose Winograd tiles are what rounds differently next to a change.
    """
    spec = spec_of("euclidean")
    engine = engine_of(engines, spec)
    reference = np.asarray(drawing(width, height, 1))
    candidate = reference.copy()
    candidate[200, 280, 0] ^= 1
    pair = as_tensor(reference), as_tensor(candidate)
    plan = plan_of(spec, reference, candidate)
    found, all_of_it = measured(engine, *pair, plan), measured(engine, *pair, everywhere(plan))
    # Next to the change features of equal pixels are rounded differently, each vector by at most what float32 may
    # lose of it; but few of them are, and on average vectors of relu5_3 are of length 60.
    assert (all_of_it - found).abs().max() < 60 * of_features("vgg16", "relu5_3")
    torch.testing.assert_close(found[:, :4], all_of_it[:, :4], rtol=TOLERANCE, atol=0)


@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize(
    "distance",
    [
        "gram-chw",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("unit", "frobenius", "dists", "st-lpips", "contextual")
        ),
    ],
)
def test_tiled_is_untiled(remembering: dict[tuple[object, ...], Engine], distance: str, device: str) -> None:
    spec = spec_of(distance)
    engine = engine_of(remembering, spec, device, Remembering)
    _, reference, candidate = next(changes(190, 700, seed=3))
    candidate = 255 - candidate
    pair = as_tensor(reference), as_tensor(candidate)
    plan = plan_pair(spec, height=190, width=700)
    around = margins(spec.record.network, spec.taps)
    tiled = replace(plan, crops=tuple(columns_of(plan.crops[0], 160, around, 190, 700)))
    assert len(tiled.crops) == 5
    torch.testing.assert_close(
        measured(engine, *pair, tiled), measured(engine, *pair, plan), rtol=TOLERANCE, atol=0
    )


@pytest.mark.slow
def test_a_small_budget_moves_no_number(engines: dict[tuple[object, ...], Engine]) -> None:
    """On the CPU, whose limit is one of the whole process; scripts/gpu_check.py has too little memory on a GPU."""
    spec = load_preset("five-taps").spec
    engine = engine_of(engines, spec)
    _, reference, candidate = next(changes(200, 1500, seed=3))
    pair = as_tensor(reference), as_tensor(255 - candidate)
    plan = plan_pair(spec, height=200, width=1500)
    expected = measured(engine, *pair, plan)
    assert len(engine.pieces(plan)) == 1
    small = Engine(spec, "cpu", max_memory=1)
    small.max_memory = resident_memory() + (320 << 20)  # of which the kernels will take 170
    pieces = small.pieces(plan)
    assert len(pieces) > 1
    assert small.budget < 200 << 20
    torch.testing.assert_close(measured(small, *pair, plan), expected, rtol=TOLERANCE, atol=0)


def test_a_budget_that_is_too_small_is_said() -> None:
    spec = spec_of("mse", ("relu1_1",))
    engine = Engine(spec, "cpu", max_memory=1 << 20)
    with pytest.raises(DeviceOutOfMemory, match=r"0 MB of the 1 MB allowed are left") as error:
        engine.pieces(plan_pair(spec, height=100, width=100))
    assert "--max-memory" in error.value.hint


def test_crops_of_several_pairs_in_one_batch(engines: dict[tuple[object, ...], Engine], device: str) -> None:
    """With cores at different places in crops of one size."""
    spec = spec_of("mse", SHALLOW)
    engine = engine_of(engines, spec, device)
    plan = plan_pair(spec, height=160, width=160)
    pixels = torch.randint(0, 256, (6, 3, 96, 96), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    crops = [
        columns_of(whole(96, 96), 96, margins("vgg16", SHALLOW), 96, 96),
        columns_of(whole(96, 96), 48, margins("vgg16", SHALLOW), 96, 96),
    ]
    pieces = [Piece(plan, next(iter(group))) for group in crops]
    pieces = [pieces[0], replace(pieces[0], crop=Crop(pieces[0].crop.pixels, pieces[1].crop.core)), pieces[0]]
    together = engine.start(pixels, pieces).result()
    for index, piece in enumerate(pieces):
        (alone,) = engine.start(pixels[[index, index + 3]], [piece]).result()
        found = engine.finish(plan, [together[index]])
        assert found == pytest.approx(engine.finish(plan, [alone]), rel=1e-6, abs=0)
        assert all(found)


TAPS_OF_MAPS = ("input", "relu1_2", "conv3_1", "relu4_3", "pool4")
LOCAL = [
    name
    for name, distance in DISTANCES.items()
    if isinstance(distance, LocalDistance) and name not in CHANNEL_WEIGHTS
]


def dense(
    found: list[Contribution], network: str, tap: str, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """A tap's map, 0 where there is none, and how often each position was given."""
    _, rows, columns = tap_shape(network, tap, height, width)
    values, count = np.zeros((rows, columns)), np.zeros((rows, columns), int)
    for part in found:
        for patch in part[tap].patches if tap in part else ():
            rows, columns = patch.values.shape
            place = np.s_[patch.row : patch.row + rows, patch.column : patch.column + columns]
            values[place] = patch.values.numpy()
            count[place] += 1
    return values, count


@pytest.mark.parametrize("distance", LOCAL)  # the inner loop, in which the network's runs are remembered
@pytest.mark.parametrize("change", CHANGES)
def test_planned_maps_are_those_of_the_whole(
    remembering: dict[tuple[object, ...], Engine], change: str, distance: str, device: str
) -> None:
    spec = DistanceSpec(tuple(LayerSpec(tap, distance) for tap in TAPS_OF_MAPS))
    check_maps(engine_of(remembering, spec, device, Remembering, keeps_maps=True), change, distance)


@pytest.mark.slow
@pytest.mark.usefixtures("all_weights")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("preset", ["lpips", "st-lpips"])
def test_planned_maps_are_those_of_the_whole_on_the_backbones_of_learned_weights(
    remembering: dict[tuple[object, ...], Engine], preset: str, change: str, device: str
) -> None:
    engine = engine_of(remembering, load_preset(preset).spec, device, Remembering, keeps_maps=True)
    check_maps(engine, change, "unit")


def check_maps(engine: Engine, change: str, distance: str) -> None:
    height, width = 301, 419
    spec = engine.spec
    network = spec.record.network
    reference, candidate = pair_of(change, height, width, seed=5)
    pair = as_tensor(reference), as_tensor(candidate)
    plan = plan_of(spec, reference, candidate)
    (found,) = contributions(engine, *pair, plan)
    (whole,) = engine.start(torch.cat(pair), [everything(plan)]).result()
    distances = engine.finish(plan, found)
    for tap, total in zip(spec.taps, distances, strict=True):
        mine, count = dense(found, network, tap, height, width)
        theirs, all_once = dense([whole], network, tap, height, width)
        assert all_once.min() == all_once.max() == 1
        assert count.max() == 1
        inside = count == 1
        # float32: one position's nearly equal unit vectors cancel, which in the mean does not show. Vectors
        # that are 1e-5 apart, known to 1e-7, have squares that are off by 2e-12.
        np.testing.assert_allclose(mine[inside], theirs[inside], rtol=2e-5, atol=1e-11, err_msg=tap)
        # Outside the cores features of equal pixels next to a change differ in their last digits (test_exact
        # tells why): lengths of some hundred, by less than 1e-5 of them; squares by the square of that.
        assert (theirs[~inside] <= (5e-3 if distance in ("l1", "euclidean") else 5e-5)).all(), tap
        if distance != "frobenius":  # the root of a sum is no mean
            assert mine.mean() == pytest.approx(total, rel=1e-6)


def test_maps_are_kept_only_when_asked_for_and_move_no_number(device: str) -> None:
    spec = DistanceSpec((LayerSpec("relu2_2"), LayerSpec("relu3_3", "gram")))
    _, reference, candidate = next(changes(64, 96, seed=1))
    pair, plan = (as_tensor(reference), as_tensor(candidate)), plan_pair(spec, height=64, width=96)
    with_maps, without = (
        contributions(Engine(spec, device, keeps_maps=kept), *pair, plan)[0] for kept in (True, False)
    )
    assert Engine(spec, device).finish(plan, with_maps) == Engine(spec, device).finish(plan, without)
    assert [len(total.patches) > 0 for total in with_maps[0].values()] == [True, False]  # Gram has no places
    assert not any(total.patches for total in without[0].values())
