"""Colours without the alpha that they were multiplied by."""

import numpy as np

from percept_cli.formats.colour.levels import unmultiplied


def test_whole_numbers_stay_whole_and_nothing_is_beyond_white() -> None:
    alpha = np.array([[0, 1, 100, 255]], np.uint8)
    colours = np.array([[[9] * 3, [1, 0, 2], [50, 33, 100], [255, 7, 0]]], np.uint8)
    found = unmultiplied(colours, alpha, 255)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[0] * 3, [255, 0, 255], [128, 84, 255], [255, 7, 0]]]


def test_floats_are_as_exact_as_their_type() -> None:
    """One division and one multiplication of float32 round, each by half of its last bit."""
    rng = np.random.default_rng(0)
    alpha = rng.random((700, 900), np.float32) * 255 + 1
    colours = rng.random((700, 900, 3), np.float32) * alpha[..., None]
    exact = colours.astype(np.float64) / alpha[..., None].astype(np.float64) * 255
    found = unmultiplied(colours, alpha, 255)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.minimum(exact, 255), rtol=2**-23)
