"""Colour by its definition."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.evidence.colour import DISPLACED, REACH, SIGMA, STEP, blurred_lab, one_way
from percept_cli.evidence.colour import colour_map as colour_map_of
from tests.conftest import drawing

pytestmark = pytest.mark.numeric


def test_colour_is_what_its_definition_says() -> None:
    """Against a plain reading of it in float64: no cut-off, no float32, scikit-free."""
    reference, candidate = np.asarray(drawing(43, 29, 1)), np.asarray(drawing(43, 29, 2))

    def lab(picture: np.ndarray) -> np.ndarray:
        light = picture / 255
        light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
        rows, columns = -(-29 // STEP), -(-43 // STEP)
        small = np.array(
            [
                [
                    light[y * STEP : (y + 1) * STEP, x * STEP : (x + 1) * STEP].mean(axis=(0, 1))
                    for x in range(columns)
                ]
                for y in range(rows)
            ]
        )
        kernel = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
        kernel /= kernel.sum()
        padded = np.pad(small, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
        padded = sum(weight * padded[offset : offset + rows] for offset, weight in enumerate(kernel))
        padded = sum(weight * padded[:, offset : offset + columns] for offset, weight in enumerate(kernel))
        xyz = (
            padded
            @ np.array(
                [
                    [0.4123908, 0.3575843, 0.1804808],
                    [0.212639, 0.7151687, 0.0721923],
                    [0.0193308, 0.1191948, 0.9505322],
                ]
            ).T
        )
        ratio = xyz / np.array([0.9504559, 1.0, 1.0890578])
        curve = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
        x, y, z = np.moveaxis(curve, -1, 0)
        return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)

    first, second = lab(reference), lab(candidate)
    slopes = [sum((np.gradient(side, axis=axis) ** 2).sum(axis=-1) for axis in (0, 1)) for side in (first, second)]
    moved = DISPLACED / STEP * np.sqrt(np.maximum(*slopes))  # what an edge makes that moved so far
    expected = np.maximum(0, np.linalg.norm(first - second, axis=-1) - moved)
    assert expected.max() > 20
    # float32 in between, and the CIE's constants to seven digits.
    np.testing.assert_allclose(colour_map(reference, candidate), expected, rtol=1e-3, atol=1e-3)


def colour_map(reference: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    return colour_map_of(blurred_lab(reference), blurred_lab(candidate))


def test_an_edge_that_moved_by_a_pixel_is_no_change_of_colour() -> None:
    blue = np.full((64, 64, 3), 255, np.uint8)
    blue[:, 32:] = (30, 60, 200)
    moved = np.roll(blue, 1, axis=1)
    moved[:, :1] = 255
    assert colour_map(blue, moved).max() < 1
    button = blue.copy()
    button[20:44, 40:60] = (30, 120, 200)
    assert colour_map(blue, button).max() > 20


def test_colour_of_flat_areas() -> None:
    grey = np.full((40, 56, 3), 128, np.uint8)
    assert colour_map(grey, grey).max() == 0
    assert colour_map(grey * 0, grey * 0 + 255).min() == pytest.approx(100, rel=1e-5)
    # CIE 1976 of #808080 against #888888: ΔL* of 3.1.
    assert colour_map(grey, grey + 8).max() == pytest.approx(3.118, abs=0.01)


def test_colours_that_all_became_darker_went_one_way() -> None:
    photo = np.random.default_rng(5).integers(40, 200, (64, 48, 3)).astype(np.uint8)
    everywhere = np.ones((16, 12), bool)
    before = blurred_lab(photo)
    assert one_way(before, before, everywhere) == 0
    assert one_way(before, blurred_lab(photo - 20), everywhere) > 0.95
    noise = np.random.default_rng(6).integers(-20, 21, photo.shape)
    # Below 0.5 it counts as noise in full. Not 0: averages in linear light of noisy values are a little brighter.
    assert one_way(before, blurred_lab((photo + noise).astype(np.uint8)), everywhere) < 0.5
    half = blurred_lab(np.where(np.arange(48)[None, :, None] < 24, photo - 20, photo + 20).astype(np.uint8))
    assert one_way(before, half, everywhere) < 0.2
    assert one_way(before, half, np.arange(12)[None] + 0 * np.arange(16)[:, None] < 5) > 0.95
