"""Winograd's transforms are an exact convolution."""

from __future__ import annotations

import pytest
import torch

from percept_cli.engine import winograd

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("tile", winograd.TILES.values(), ids=["2", "4"])
def test_the_transforms_are_an_exact_convolution_in_float64(tile: winograd.Tile) -> None:
    """One axis, in float64: Aᵀ[(G g) ∘ (Bᵀ d)] is the correlation of d with g to the last digits."""
    generator = torch.Generator().manual_seed(5)
    d = torch.randn(tile.m + 2, 1, generator=generator, dtype=torch.float64)
    g = torch.randn(3, generator=generator, dtype=torch.float64)
    values, outputs = torch.empty_like(d), torch.empty(tile.m, 1, dtype=torch.float64)
    tile.transform_input(d.unbind(0), values.unbind(0))
    products = (torch.tensor(tile.g, dtype=torch.float64) @ g)[:, None] * values
    tile.transform_output(products.unbind(0), outputs.unbind(0))
    expected = torch.stack([(d[i : i + 3, 0] * g).sum() for i in range(tile.m)])[:, None]
    # Some ten roundings of 1.1e-16, of values up to 3 that the transforms enlarge tenfold.
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
