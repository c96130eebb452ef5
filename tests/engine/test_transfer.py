"""Tensors to the device and back. On a processor nothing travels; on CUDA what arrives is what was sent."""

from __future__ import annotations

import pytest
import torch

from percept_cli.distances import Partial, Patch
from percept_cli.engine.transfer import Transfer

CPU = torch.device("cpu")


def test_on_a_processor_nothing_travels_and_one_batch_is_begun_at_a_time() -> None:
    way, tensor = Transfer(CPU), torch.arange(6.0).reshape(2, 3)
    assert way.there(tensor) is tensor
    assert way.depth == 1


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_contributions_come_back_in_order_and_whole(name: str) -> None:
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    device = torch.device(name)
    way = Transfer(device)
    sums = torch.tensor([1.5, 2.5], dtype=torch.float64)
    there = way.there(sums)
    assert there.device.type == name
    found = way.back([{"relu1_2": Partial((there, there + 1), 7)}, {"input": Partial((there * 2,), 3)}]).result()
    assert [list(part) for part in found] == [["relu1_2"], ["input"]]
    assert [value.tolist() for value in found[0]["relu1_2"].sums] == [[1.5, 2.5], [2.5, 3.5]]
    assert (found[0]["relu1_2"].positions, found[1]["input"].positions) == (7, 3)
    assert found[1]["input"].sums[0].device == CPU
    part = Partial((there,), 4, (Patch(3, 5, there.float().reshape(1, 2)),))
    ((patch,),) = (one["input"].patches for one in way.back([{"input": part}]).result())
    assert (patch.row, patch.column, patch.values.tolist()) == (3, 5, [[1.5, 2.5]])
    assert patch.values.device == CPU
