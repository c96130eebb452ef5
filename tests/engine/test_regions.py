"""The planner without a network: margins, cores and crops, as data and with masks sent through the layers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from percept_cli.engine.regions import (
    ALIGNMENT,
    CELL,
    Crop,
    changed_cells,
    columns_of,
    cost,
    margins,
    plan_crops,
    whole,
    window,
)
from percept_cli.topology import Layer, layers_up_to, stride_of, tap_shape
from tests.support.masks_through_layers import NETWORK, NETWORKS_WITH_POOLS, as_bytes

TAP_SETS = (
    ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"),
    ("input",),
    ("conv1_1",),
    ("relu3_3",),
    ("pool4", "input"),
    ("pool1", "relu4_1"),
)
SIZES = ((300, 420), (173, 259), (18, 900), (641, 97))
every_network = pytest.mark.parametrize("network", NETWORKS_WITH_POOLS)


def random_changes(height: int, width: int, seed: int) -> list[np.ndarray]:
    """Masks of changed pixels: single ones, corners, borders, far regions, everything, nothing."""
    rng = np.random.default_rng(seed)
    masks = [np.zeros((height, width), bool) for _ in range(7)]
    masks[0][rng.integers(height), rng.integers(width)] = True
    for corner in itertools.product((0, height - 1), (0, width - 1)):
        masks[1][corner] = True
    masks[2][-1, :] = True
    for _ in range(3):
        y, x = int(rng.integers(height)), int(rng.integers(width))
        masks[3][y : y + 40, x : x + 9] = True
    masks[4][:] = True
    masks[5][:, -1] = True
    return masks


def cells_of(mask: np.ndarray) -> np.ndarray:
    return changed_cells(*as_bytes(mask), *mask.shape)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (16, 16), (17, 33), (2100, 40)])
def test_every_changed_pixel_is_in_a_changed_cell_and_no_other_cell_is_one(height: int, width: int) -> None:
    for mask in random_changes(height, width, seed=height):
        found = cells_of(mask)
        expected = np.zeros((-(-height // CELL), -(-width // CELL)), bool)
        for y, x in zip(*np.nonzero(mask), strict=True):
            expected[y // CELL, x // CELL] = True
        assert np.array_equal(found, expected)


def test_shallow_taps_have_small_margins() -> None:
    sizes = [margins(NETWORK, [tap]).halo_before for tap in ("input", "relu1_2", "relu3_3", "relu5_3")]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[1], sizes[3]) == (0, CELL, 7 * CELL)
    assert margins(NETWORK, ["relu1_2", "relu5_3"]) == margins(NETWORK, ["relu5_3"])


@every_network
@pytest.mark.parametrize("taps", TAP_SETS, ids=" ".join)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_crops_are_aligned_inside_the_picture_and_their_cores_disjoint(
    network: str, taps: tuple[str, ...], height: int, width: int
) -> None:
    for mask in random_changes(height, width, seed=1):
        crops = plan_crops(network, taps, height, width, cells_of(mask))
        assert bool(crops) == bool(mask.any())
        counted = np.zeros((height, width), int)
        for crop in crops:
            pixels, core = crop.pixels, crop.core
            assert 0 <= pixels.top <= core.top < core.bottom <= pixels.bottom <= height
            assert 0 <= pixels.left <= core.left < core.right <= pixels.right <= width
            assert pixels.top % ALIGNMENT == pixels.left % ALIGNMENT == 0
            assert pixels.bottom == height or pixels.bottom % ALIGNMENT == 0
            assert pixels.right == width or pixels.right % ALIGNMENT == 0
            counted[core.top : core.bottom, core.left : core.right] += 1
        assert counted.max() <= 1
        assert not mask[counted == 0].any()
        assert sum(map(cost, crops)) <= cost(whole(height, width))


def sent_through(
    network: str, mask: torch.Tensor, taps: tuple[str, ...], beyond: torch.Tensor | None = None
) -> dict[str, torch.Tensor]:
    """Which positions of each tap depend on a pixel of the mask: the largest value of each layer's own window.

    An integer-valued network of the same topology: equality is exact.

    Args:
        network: name of the topology.
        mask: H×W.
        taps: what to give.
        beyond: (H+2)×(W+2), the value of what lies beyond each edge and corner; zeros, or what a mirroring layer
            shows there, if None.
    """
    values = mask.float()[None, None]
    found = {"input": values[0, 0]}
    for layer in layers_up_to(network, taps):
        if layer.kind != "relu":
            values = F.max_pool2d(padded(layer, values, beyond), layer.kernel, layer.step)
        found[layer.name] = values[0, 0]
    return {tap: found[tap] for tap in taps}


def padded(layer: Layer, values: torch.Tensor, beyond: torch.Tensor | None) -> torch.Tensor:
    padding = (layer.padding,) * 4
    if not layer.padding:
        return values
    result = F.pad(values, padding, mode="reflect") if layer.mirrors else F.pad(values, padding)
    if beyond is not None:
        around = beyond[[0] * layer.padding + [1] * values.shape[2] + [-1] * layer.padding]
        around = around[:, [0] * layer.padding + [1] * values.shape[3] + [-1] * layer.padding]
        result = result.maximum(around)
    return result


def frame(crop: Crop, height: int, width: int) -> torch.Tensor:
    """(H+2)×(W+2), set just beyond those edges of a crop where there is more of the picture."""
    pixels = crop.pixels
    spoilt = torch.zeros(pixels.height + 2, pixels.width + 2)
    spoilt[0, :] = pixels.top > 0
    spoilt[-1, :] = pixels.bottom < height
    spoilt[:, 0] = spoilt[:, 0].maximum(torch.tensor(float(pixels.left > 0)))
    spoilt[:, -1] = spoilt[:, -1].maximum(torch.tensor(float(pixels.right < width)))
    return spoilt


def spoilt_positions(
    network: str, crop: Crop, height: int, width: int, taps: tuple[str, ...]
) -> dict[str, torch.Tensor]:
    """Positions of a crop that would be others in the whole picture, since they see beyond it."""
    pixels = crop.pixels
    return sent_through(network, torch.zeros(pixels.height, pixels.width), taps, frame(crop, height, width))


@every_network
@pytest.mark.parametrize("taps", TAP_SETS, ids=" ".join)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_reached_position_is_counted_once_and_is_what_it_is_in_the_whole(
    network: str, taps: tuple[str, ...], height: int, width: int
) -> None:
    for seed, mask in enumerate(random_changes(height, width, seed=2)):
        crops = plan_crops(network, taps, height, width, cells_of(mask))
        reached = sent_through(network, torch.from_numpy(mask), taps)
        counted = {tap: torch.zeros_like(values) for tap, values in reached.items()}
        for crop in crops:
            pixels = crop.pixels
            inside = torch.from_numpy(mask[pixels.top : pixels.bottom, pixels.left : pixels.right])
            own, spoilt = sent_through(network, inside, taps), spoilt_positions(network, crop, height, width, taps)
            for tap in taps:
                stride = stride_of(network, tap)
                rows, columns = window(network, tap, crop)
                top, left = pixels.top // stride, pixels.left // stride
                place = (
                    slice(top + rows.start, top + rows.stop),
                    slice(left + columns.start, left + columns.stop),
                )
                assert own[tap][rows, columns].shape == reached[tap][place].shape, (tap, seed)
                assert torch.equal(own[tap][rows, columns], reached[tap][place]), (tap, seed)
                assert not spoilt[tap][rows, columns].any(), (tap, seed)
                counted[tap][place] += 1
        for tap in taps:
            assert reached[tap].shape == tap_shape(network, tap, height, width)[1:]
            assert counted[tap].max() <= 1, (tap, seed)
            assert counted[tap][reached[tap] > 0].eq(1).all(), (tap, seed)


@every_network
def test_every_single_row_is_found_again_by_the_deepest_pool(network: str) -> None:
    """There a cell has one position, and nothing behind it sees its neighbours as well.

    Tried: without `mirrored`, positions that see a change only by its mirror image are missed.
    """
    taps, (height, width) = ("pool4",), (87, 40)
    for row in range(height):
        mask = np.zeros((height, width), bool)
        mask[row, 20] = True
        (crop,) = plan_crops(network, taps, height, width, cells_of(mask))
        reached = sent_through(network, torch.from_numpy(mask), taps)["pool4"] > 0
        assert crop.pixels.left == 0
        rows, columns = window(network, "pool4", crop)
        first = crop.pixels.top // 16
        reached[first + rows.start : first + rows.stop, columns] = False
        assert not reached.any(), row


def test_columns_of_a_crop_have_its_core_between_them() -> None:
    taps = TAP_SETS[0]
    around = margins(NETWORK, taps)
    parts = list(columns_of(whole(300, 1000), 128, around, 300, 1000))
    assert [part.core.left for part in parts] == list(range(0, 1000, 128))
    assert [part.core.right for part in parts[:-1]] == [part.core.left for part in parts[1:]]
    assert parts[-1].core.right == 1000
    assert max(part.pixels.width for part in parts) <= 128 + 2 * 128  # the halo, rounded up to the alignment


def test_far_changes_have_a_crop_each_and_near_ones_share_one() -> None:
    def crops(*cells: tuple[int, int]) -> int:
        changed = np.zeros((63, 63), bool)
        for cell in cells:
            changed[cell] = True
        return len(plan_crops(NETWORK, TAP_SETS[0], 1000, 1000, changed))

    assert crops((5, 5)) == 1
    assert crops((5, 5), (7, 9)) == 1
    assert crops((5, 5), (55, 55)) == 2
