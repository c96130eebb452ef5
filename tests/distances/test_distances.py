"""The contract of every registered distance, independent float64 formulas, and cases worked by hand.

A new distance gets the contract tests by being registered; the hand-worked table must be given a row for it,
or `test_every_distance_has_a_hand_worked_case` fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from percept_cli.distances import DISTANCES, Distance, canonical_name
from tests.support.features import features
from tests.support.rounding import UNIT, check, of_distance

pytestmark = pytest.mark.numeric


# Sums are float64, of at most some 10,000 values, in whatever order: √n roundings of 2⁻⁵³ each, and a hundred
# times that where differences of sums are squared (`gram`, `dists`).
OTHER_ORDER = 100 * 10_000**0.5 * 2**-53

Array = NDArray[np.float64]
every_distance = pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
SIZES = [(1, 1, 1), (3, 1, 7), (64, 9, 5), (5, 40, 31), (512, 24, 18)]


def test_names_are_the_registrys_keys() -> None:
    assert {name: distance.name for name, distance in DISTANCES.items()} == {name: name for name in DISTANCES}
    assert canonical_name("gram") in DISTANCES


@every_distance
@pytest.mark.parametrize("shape", SIZES)
def test_equal_features_are_at_distance_exactly_zero(
    distance: Distance, shape: tuple[int, int, int], device: str
) -> None:
    f = features(2, shape, seed=1).to(device)
    assert distance(f, f.clone()).tolist() == [0.0, 0.0]


@every_distance
@pytest.mark.parametrize("shape", SIZES)
def test_symmetric_non_negative_float64_and_positive_when_different(
    distance: Distance, shape: tuple[int, int, int], device: str
) -> None:
    f, g = features(2, shape, seed=1).to(device) + 0.1, features(2, shape, seed=2).to(device)
    there, back = distance(f, g), distance(g, f)
    assert there.dtype == torch.float64
    assert there.shape == (2,)
    assert torch.equal(there, back) or not distance.is_symmetric
    assert (there >= 0).all()
    # One channel has no direction, so `unit` and `cosine` see no difference between positive values.
    if shape[0] > 1:
        assert (there > 0).all()


@every_distance
def test_a_pair_scores_the_same_alone_and_in_a_batch(distance: Distance, device: str) -> None:
    f, g = features(3, (64, 9, 5), seed=1).to(device), features(3, (64, 9, 5), seed=2).to(device)
    alone = torch.cat([distance(f[i : i + 1], g[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(distance(f, g), alone, rtol=OTHER_ORDER, atol=0)


@every_distance
def test_pieces_in_any_order_merge_to_the_whole(distance: Distance, device: str) -> None:
    f, g = features(2, (32, 23, 17), seed=1).to(device), features(2, (32, 23, 17), seed=2).to(device)
    cuts = [(0, 5), (5, 6), (6, 23)]
    pieces = [distance.contribute(f[:, :, a:b], g[:, :, a:b]) for a, b in cuts]
    for order in ([0, 1, 2], [2, 0, 1]):
        total = reduce(distance.merge, [pieces[i] for i in order])
        # The pieces are float64 sums; only their order differs.
        torch.testing.assert_close(distance.finish(total, 32), distance(f, g), rtol=OTHER_ORDER, atol=0)


@every_distance
def test_memory_format_does_not_matter(distance: Distance) -> None:
    f, g = features(2, (16, 9, 11), seed=1), features(2, (16, 9, 11), seed=2)
    # Lengths of vectors are float32 sums, whose order goes by the format.
    _, bound = of_distance(distance, f.double(), g.double(), UNIT)
    check(distance(f.contiguous(), g.contiguous()), distance(f, g), 2 * bound)


@every_distance
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_features_are_widened_before_arithmetic(distance: Distance, dtype: torch.dtype) -> None:
    # 300² overflows float16, and a vector of zeros divides 0 by 0 where 1e-10 rounds to 0.
    f, g = ((300 * features(1, (16, 9, 11), seed)).to(dtype) for seed in (1, 2))
    found = distance(f, g)
    assert found.isfinite().all()
    torch.testing.assert_close(found, distance(f.float(), g.float()), rtol=0, atol=0)


@every_distance
def test_large_maps_are_reduced_in_float64(distance: Distance) -> None:
    """Against float64 throughout: a float32 sum over 200,000 positions would be off by much more."""
    shape = (3, 400, 500) if distance.most_positions is None else (3, 40, 50)
    f, g = features(1, shape, seed=1), features(1, shape, seed=2)
    check(distance(f, g), *of_distance(distance, f.double(), g.double(), UNIT))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("mse", 2.0**14, (2.0**28 + 511) / 512), ("l1", 2.0**28, (2.0**28 + 511) / 512)],
)
def test_channels_are_summed_in_float64(name: str, value: float, expected: float) -> None:
    """One large value beside 511 ones: float32 has no bits left for them, float64 counts every one."""
    f = torch.ones(1, 512, 1, 1)
    f[0, 100] = value
    assert DISTANCES[name](f, torch.zeros_like(f)).item() == expected


@every_distance
def test_gradients_are_finite_where_the_features_differ(distance: Distance) -> None:
    f, g = (features(1, (8, 5, 6), seed) + 0.1 for seed in (1, 2))
    f.requires_grad_()
    distance(f, g).sum().backward()  # type: ignore[no-untyped-call]
    assert f.grad is not None
    assert f.grad.isfinite().all()


def gram(values: Array, divisor: float) -> Array:
    flat = values.reshape(values.shape[0], -1)
    return np.asarray(flat @ flat.T / divisor)


def unit(values: Array) -> Array:
    return np.asarray(values / (np.sqrt((values**2).sum(axis=0)) + 1e-10))


def cosine(f: Array, g: Array) -> float:
    lengths = np.sqrt((f**2).sum(axis=0)) * np.sqrt((g**2).sum(axis=0))
    return float((1 - (f * g).sum(axis=0) / lengths).mean())


def dists(f: Array, g: Array) -> float:
    c = 1e-6
    x, y = (side.reshape(side.shape[0], -1) for side in (f, g))
    covariance = (x * y).mean(axis=1) - x.mean(axis=1) * y.mean(axis=1)
    texture = (2 * x.mean(axis=1) * y.mean(axis=1) + c) / (x.mean(axis=1) ** 2 + y.mean(axis=1) ** 2 + c)
    structure = (2 * covariance + c) / (x.var(axis=1) + y.var(axis=1) + c)
    return float(((1 - texture) + (1 - structure)).mean() / 2)


def contextual(f: Array, g: Array) -> float:
    """Mechrez et al. 2018, eq. 1-5: x the candidate's features, y the reference's."""
    y, x = (side.reshape(side.shape[0], -1).T for side in (f, g))
    y, x = y - y.mean(axis=0), x - y.mean(axis=0)
    cosines = (x / np.linalg.norm(x, axis=1)[:, None]) @ (y / np.linalg.norm(y, axis=1)[:, None]).T
    apart = 1 - cosines
    alike = np.exp((1 - apart / (apart.min(axis=1)[:, None] + 1e-5)) / 0.5)
    shares = alike / alike.sum(axis=1)[:, None]
    return float(-np.log(shares.max(axis=0).mean() + 1e-5))


# Written from the definitions in numpy, one picture as C×H×W, without percept's code.
FORMULAS: dict[str, Callable[[Array, Array], float]] = {
    "mse": lambda f, g: float(((f - g) ** 2).mean()),
    "l1": lambda f, g: float(np.abs(f - g).mean()),
    "euclidean": lambda f, g: float(np.sqrt(((f - g) ** 2).sum(axis=0)).mean()),
    "frobenius": lambda f, g: float(np.linalg.norm((f - g).ravel())),
    "cosine": cosine,
    "unit": lambda f, g: float(((unit(f) - unit(g)) ** 2).sum(axis=0).mean()),
    "gram-none": lambda f, g: float(((gram(f, 1) - gram(g, 1)) ** 2).mean()),
    "gram-hw": lambda f, g: float(((gram(f, f[0].size) - gram(g, g[0].size)) ** 2).mean()),
    "gram-chw": lambda f, g: float(((gram(f, f.size) - gram(g, g.size)) ** 2).mean()),
    # All channels weigh alike where nothing was learned; with what was: the tests of parity with the public code.
    "dists": dists,
    "lpips": lambda f, g: float(((unit(f) - unit(g)) ** 2).sum(axis=0).mean()),
    "st-lpips": lambda f, g: float(((unit(f) - unit(g)) ** 2).sum(axis=0).mean()),
    "contextual": contextual,
}


@every_distance
@pytest.mark.parametrize("shape", SIZES[1:])
def test_equals_the_formula_written_by_hand(distance: Distance, shape: tuple[int, int, int]) -> None:
    # Everywhere above 0, so that the plain formula of the cosine divides by no zero.
    f, g = features(2, shape, seed=1) + 0.1, features(2, shape, seed=2) + 0.2
    expected = [FORMULAS[distance.name](a, b) for a, b in zip(f.double().numpy(), g.double().numpy(), strict=True)]
    right = torch.tensor(expected, dtype=torch.float64)
    # In float64 two ways to write a formula agree to a few digits; 1e-10 is what cancels in a variance.
    torch.testing.assert_close(distance(f.double(), g.double()), right, rtol=1e-10, atol=0)
    # Differences, squares and lengths are float32; sums are float64.
    _, bound = of_distance(distance, f.double(), g.double(), UNIT)
    check(distance(f, g), right, bound)


# F has the vectors (3, 4) and (0, 1) at its two positions, G has (4, 3) and (0, 1).
# F − G = (−1, 1) and (0, 0).
# F·Fᵀ = [[9, 12], [12, 17]], G·Gᵀ = [[16, 12], [12, 10]]: their difference is [[−7, 0], [0, 7]].
# The channels of F have means 1.5 and 2.5, both variances 2.25; those of G means 2 and 2, variances 4 and 1.
# F − G varies by 0.25 in both, so 1 − l is 0.25 / 6.25 and 0.25 / 10.25, 1 − s is 0.25 / 6.25 and 0.25 / 3.25.
# cos at the first position = (12 + 12) / 25 = 0.96.
# Less the mean of F, (1.5, 2.5), each vector of G has another one of F nearest: both are found, at no distance.
BY_HAND = {
    "mse": 2 / 4,
    "l1": 2 / 4,
    "euclidean": 2**0.5 / 2,
    "frobenius": 2**0.5,
    "cosine": 0.04 / 2,
    "unit": 0.08 / 2,
    "gram-none": 98 / 4,
    "gram-hw": 98 / 4 / 2**2,
    "gram-chw": 98 / 4 / 4**2,
    "lpips": 0.08 / 2,
    "st-lpips": 0.08 / 2,
    "dists": (1 / 25 + 1 / 41 + 1 / 25 + 1 / 13) / 4,
    "contextual": 0.0,
}


def test_every_distance_has_a_hand_worked_case() -> None:
    assert BY_HAND.keys() == DISTANCES.keys() == FORMULAS.keys()


@every_distance
def test_hand_worked_case(distance: Distance) -> None:
    f = torch.tensor([[3.0, 0.0], [4.0, 1.0]]).view(1, 2, 1, 2)
    g = torch.tensor([[4.0, 0.0], [3.0, 1.0]]).view(1, 2, 1, 2)
    # 0.6, 0.8 and their squares are not exact in float32: five roundings of 6e-8. The constant of `dists` is 1e-6
    # beside 6.25, 10.25 and 3.25, which takes 1.6e-7, 1e-7 and 3.1e-7 from these parts.
    assert distance(f, g).item() == pytest.approx(BY_HAND[distance.name], rel=5 * UNIT)
