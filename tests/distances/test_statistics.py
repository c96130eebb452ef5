"""What statistics of channels see, and what they cannot: where something is."""

from __future__ import annotations

import pytest
import torch

from percept_cli.distances import DISTANCES

TAPS = {"input": 3, "relu1_2": 64, "relu2_2": 128, "relu3_3": 256, "relu4_3": 512, "relu5_3": 512}
"""Those that have learned weights, and their channels."""
CHANNELS, HEIGHT, WIDTH = 3, 4, 5
POSITIONS = HEIGHT * WIDTH
# Sums of 20 products in float64, in another order: some 1e-16 each, of numbers near 1.
ROUNDING = 1e-12


def features(seed: int) -> torch.Tensor:
    made = torch.randn((1, CHANNELS, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(seed))
    return made.double()


def shuffled(found: torch.Tensor) -> torch.Tensor:
    """The same vectors at other positions."""
    order = torch.randperm(POSITIONS, generator=torch.Generator().manual_seed(9))
    return found.flatten(2)[..., order].reshape(found.shape)


@pytest.mark.parametrize("name", ["gram-none", "gram-hw", "gram-chw"])
def test_gram_matrices_do_not_see_where_something_is(name: str) -> None:
    found = features(1)
    assert float(DISTANCES["mse"](found, shuffled(found))) > 0.1
    assert float(DISTANCES[name](found, shuffled(found))) == pytest.approx(0, abs=ROUNDING)


def test_divisors_of_gram_matrices_are_squared() -> None:
    plain, by_positions, by_all = (
        float(DISTANCES[f"gram-{norm}"](features(1), features(2))) for norm in ("none", "hw", "chw")
    )
    assert plain == pytest.approx(by_positions * POSITIONS**2, rel=ROUNDING)
    assert by_positions == pytest.approx(by_all * CHANNELS**2, rel=ROUNDING)


def test_dists_of_a_shift_is_in_the_means_alone() -> None:
    """Every channel c moved by d: (μ − (μ + d))² ÷ (μ² + (μ + d)² + 1e-6), by half of a channel's share."""
    found, shift = features(1), 0.75
    means = found.mean(dim=(0, 2, 3)).tolist()
    texture = [shift**2 / (mean**2 + (mean + shift) ** 2 + 1e-6) for mean in means]
    assert float(DISTANCES["dists"](found, found + shift)) == pytest.approx(
        sum(texture) / (2 * CHANNELS), rel=ROUNDING
    )


def test_dists_of_the_negative_is_as_far_as_structure_goes() -> None:
    """Without means: 1 − s = 2, since the covariance is the negative of the variance."""
    found = features(1)
    found -= found.mean(dim=(2, 3), keepdim=True)
    variances = found.square().mean(dim=(0, 2, 3)).tolist()
    structure = [4 * variance / (2 * variance + 1e-6) for variance in variances]
    assert float(DISTANCES["dists"](found, -found)) == pytest.approx(sum(structure) / (2 * CHANNELS), rel=1e-9)


def test_dists_by_learned_weights_sums_to_1_over_the_taps() -> None:
    """Large means that are opposite, and so are the spreads: l and s go to −1, and Σ 2α + 2β is 2."""
    found = 0.0
    for tap, channels in TAPS.items():
        rows = torch.tensor([[1000.0, 3000.0]]).double().expand(channels, 2).reshape(1, channels, 1, 2)
        found += float(DISTANCES["dists"].at_tap(tap)(rows, -rows))
    assert found == pytest.approx(2, rel=1e-6)
