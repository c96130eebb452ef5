"""Tensors to the device and back. On a processor nothing travels; on CUDA what arrives is what was sent.

Without a GPU the order is tested by a stand-in (tests/support/fake_cuda.py), behind which the engine computes.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from percept_cli.distances import Partial, Patch
from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import Piece, plan_pair
from percept_cli.engine.transfer import Transfer
from percept_cli.errors import DeviceOutOfMemory
from percept_cli.images.picture import Picture
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from tests.conftest import as_picture, drawing
from tests.support.fake_cuda import POISON, FakeCuda, OnCpu

CPU = torch.device("cpu")
SPEC = DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu2_1", "gram"), LayerSpec("pool2", "l1")))
WIDTH, HEIGHT = 48, 40
PLAN = plan_pair(SPEC, height=HEIGHT, width=WIDTH)
PIECE = Piece(PLAN, PLAN.crops[0])


def test_on_a_processor_nothing_travels_and_one_batch_is_begun_at_a_time() -> None:
    way, tensor = Transfer(CPU), torch.arange(6.0).reshape(2, 3)
    assert way.there(tensor) is tensor
    assert (way.depth, way.pins) == (1, False)


def test_contributions_come_back_in_order_and_whole(device: str) -> None:
    way = Transfer(torch.device(device))
    sums = torch.tensor([1.5, 2.5])
    there = way.there(sums)
    assert there.device.type == torch.device(device).type
    large = torch.arange(1 << 17, device=there.device)
    found = way.back(
        [{"relu1_2": Partial((there, there + 1, large), 7)}, {"input": Partial((there * 2,), 3)}]
    ).result()
    assert [list(part) for part in found] == [["relu1_2"], ["input"]]
    *small, big = found[0]["relu1_2"].sums
    assert [value.tolist() for value in small] == [[1.5, 2.5], [2.5, 3.5]]
    assert torch.equal(big, torch.arange(1 << 17))
    assert (found[0]["relu1_2"].positions, found[1]["input"].positions) == (7, 3)
    assert found[1]["input"].sums[0].device == CPU
    part = Partial((there,), 4, (Patch(3, 5, there.reshape(1, 2)),))
    ((patch,),) = (one["input"].patches for one in way.back([{"input": part}]).result())
    assert (patch.row, patch.column, patch.values.tolist()) == (3, 5, [[1.5, 2.5]])
    assert patch.values.device == CPU


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    return FakeCuda(monkeypatch)


def pairs(n: int) -> list[tuple[Picture, Picture]]:
    sides = [[as_picture(drawing(WIDTH, HEIGHT, seed + side)) for side in (0, 9)] for seed in range(n)]
    return [(reference, candidate) for reference, candidate in sides]


def test_two_batches_in_flight_give_the_numbers_of_one_after_the_other(cuda: FakeCuda) -> None:
    """Upload before compute; what comes back is there when it was waited for, and not before."""
    here, there = Engine(SPEC, "cpu", keeps_maps=True), Engine(SPEC, "cuda", keeps_maps=True)
    assert there.depth == 2
    first, second = pairs(3), pairs(5)[3:]
    with OnCpu(cuda):
        tickets = [there.submit(one, [PIECE] * len(one)) for one in (first, second)]
        assert cuda.log.count("wait") == 0
        parts = [part for found in (tickets[0]._found, tickets[1]._found) for part in found]
        for total in (total for part in parts for total in part.values()):
            for landed in (*total.sums, *(one.values for one in total.patches)):
                assert (landed == POISON).all(), "nothing has come back before somebody waits"
        found = [ticket.result() for ticket in tickets]
    assert cuda.log.count("wait") == 2
    expected = [here.submit(one, [PIECE] * len(one)).result() for one in (first, second)]
    for mine, theirs in zip(found, expected, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            # Direct sums as on a GPU, Winograd's on the CPU: some 1e-6 of the features each, of other pictures.
            assert there.finish(PLAN, [one]) == pytest.approx(here.finish(PLAN, [other]), rel=1e-4)
            assert [len(part.patches) for part in one.values()] == [len(part.patches) for part in other.values()]


def test_each_upload_goes_before_its_computing_and_its_memory_is_kept_for_it(cuda: FakeCuda) -> None:
    engine = Engine(SPEC, "cuda")
    with OnCpu(cuda):
        engine.submit(pairs(2), [PIECE] * 2).result()  # which also brings the kernels
        cuda.log.clear()
        engine.submit(pairs(2), [PIECE] * 2).result()
    order = ["upload on uploads", "computing waits for uploads", "kept for computing"]
    assert cuda.log == [*order, *cuda.log[3:-2], "event on computing", "wait"]
    assert set(cuda.log[3:-2]) == {"download on computing"}


def test_pixels_begin_in_pinned_memory(cuda: FakeCuda) -> None:
    """And so are not copied once more."""
    engine = Engine(SPEC, "cuda")
    with OnCpu(cuda):
        engine.submit(pairs(1), [PIECE]).result()
    assert "pinned" not in cuda.log  # tensor.pin_memory(), which copies
    batch = next(one for one in cuda.pinned if one.dtype == torch.uint8)
    reference, candidate = (np.asarray(side.array) for side in pairs(1)[0])
    assert np.array_equal(batch.numpy(), np.stack([reference, candidate]))


def test_what_finds_no_room_leaves_nothing_behind(cuda: FakeCuda) -> None:
    """A batch that is too large is an error of its own, and a smaller one then has the memory."""
    engine = Engine(SPEC, "cuda")
    with OnCpu(cuda, most=3 * 64 * (WIDTH + 2) * (HEIGHT + 2)):
        with pytest.raises(DeviceOutOfMemory, match="do not fit into the memory of device cuda:0"):
            engine.submit(pairs(3), [PIECE] * 3)
        assert engine._backbone.bytes_held == 0
        (found,) = engine.submit(pairs(1), [PIECE]).result()
    (expected,) = Engine(SPEC, "cpu").submit(pairs(1), [PIECE]).result()
    assert engine.finish(PLAN, [found]) == pytest.approx(engine.finish(PLAN, [expected]), rel=1e-4)


def test_without_memory_to_pin_it_goes_on_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda(monkeypatch, pins=False)
    engine = Engine(SPEC, "cuda")
    with OnCpu(cuda):
        (found,) = engine.submit(pairs(1), [PIECE]).result()
    assert "blocking copy" in cuda.log
    assert "upload on uploads" not in cuda.log
    (expected,) = Engine(SPEC, "cpu").submit(pairs(1), [PIECE]).result()
    assert engine.finish(PLAN, [found]) == pytest.approx(engine.finish(PLAN, [expected]), rel=1e-4)


def test_the_stand_in_tells_who_does_not_wait(cuda: FakeCuda) -> None:
    """Else it would approve of anything."""
    with OnCpu(cuda):
        way = Transfer(torch.device("cuda", 0))
        source = torch.tensor([1.0]).pin_memory()
        assert way._uploads is not None
        with torch.cuda.stream(way._uploads):
            there = source.to(torch.device("cuda", 0), non_blocking=True)
        assert there.tolist() == [POISON]
        with pytest.raises(AssertionError, match="a copy from other memory is waited for"):
            torch.tensor([1.0]).to(torch.device("cuda", 0), non_blocking=True)
        torch.cuda.current_stream(there.device).wait_stream(way._uploads)
        assert there.tolist() == [1.0]
