"""What every distance is made of: features in blocks of positions, and contributions that add up."""

from __future__ import annotations

import pickle

import pytest
import torch

from percept_cli.distances import Partial, Patch
from percept_cli.distances.base import Learned, blocks, by_position, widened


def features(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(5)).to(dtype)


def by_hand(found: torch.Tensor) -> torch.Tensor:
    """Positions by rows, each with its channels."""
    _, _, height, width = found.shape
    rows = [found[:, :, row, column] for row in range(height) for column in range(width)]
    return torch.stack(rows, dim=1)


def test_all_positions_in_one_block() -> None:
    found = features(2, 3, 4, 5)
    assert torch.equal(by_position(found), by_hand(found))


def test_blocks_give_every_position_once_and_in_order() -> None:
    found = features(1, 700, 20, 30)  # 187 positions fit a block of 2**17 elements
    parts = list(blocks(found))
    assert [part.shape[1] for part in parts] == [187, 187, 187, 39]
    assert torch.equal(torch.cat(parts, dim=1), by_hand(found))


def test_blocks_are_larger_where_each_costs_a_launch() -> None:
    """On a device that is no CPU: this one has no values."""
    found = torch.empty(1, 64, 200, 200, device="meta")
    assert [part.shape[1] for part in blocks(found)] == [(1 << 21) // 64, 200 * 200 - (1 << 21) // 64]


def test_what_is_learned_travels_once_and_autograd_may_meet_it() -> None:
    learned = Learned(torch.tensor([1.0, 2.0]))
    with torch.inference_mode():
        wide = learned.beside(torch.empty(3, dtype=torch.float64))
        assert (wide.dtype, wide.tolist()) == (torch.float64, [1.0, 2.0])
        assert learned.beside(torch.empty(1, dtype=torch.float64)) is wide
        assert learned.beside(torch.empty(1, device="meta")).device.type == "meta"
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((x * learned.beside(x)).sum(), x)
    assert slope.tolist() == [1.0, 2.0]
    again = pickle.loads(pickle.dumps(learned))
    assert again.beside(torch.empty(1)).tolist() == [1.0, 2.0]
    assert again._there.keys() == {(torch.device("cpu"), torch.float32)}  # no device that a reader may lack


def test_a_position_of_more_channels_than_a_block_has_is_a_block() -> None:
    parts = list(blocks(features(1, (1 << 17) + 1, 1, 2)))
    assert [part.shape for part in parts] == [(1, 1, (1 << 17) + 1)] * 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_half_precision_is_widened_and_nothing_is_narrowed(given: torch.dtype, kept: torch.dtype) -> None:
    found = features(1, 2, 2, 2, dtype=given)
    assert by_position(found).dtype == kept
    assert {block.dtype for block in blocks(found)} == {kept}
    assert widened(found).dtype == torch.float64
    assert torch.equal(widened(found), found.double())


def test_contributions_add_up() -> None:
    one, two = (Patch(row, 0, torch.zeros(1, 2)) for row in (0, 1))
    first = Partial((torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])), 2, (one,))
    second = Partial((torch.tensor([0.5, 0.25]), torch.tensor([[4.0]])), 3, (two,))
    both = first + second
    assert [sums.tolist() for sums in both.sums] == [[1.5, 2.25], [[7.0]]]
    assert both.positions == 5
    assert both.patches == (one, two)


def test_contributions_of_two_distances_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="zip"):
        Partial((torch.ones(1),), 1) + Partial((torch.ones(1), torch.ones(1)), 1)
