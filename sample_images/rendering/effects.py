"""What happens to pictures after they are made: blur, sensor noise and white balance."""

import numpy as np

from rendering.arrays import Array, Colour, Pixels, to_pixels


def gaussian_blur(picture: Pixels, sigma: float) -> Pixels:
    """Blur with a Gaussian of `sigma` pixels; edges are mirrored."""
    radius = int(np.ceil(3.0 * sigma))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-(offsets**2) / (2.0 * sigma**2))
    weights /= weights.sum()
    values: Array = picture.astype(np.float64)
    for axis in (0, 1):
        padding = [(radius, radius) if axis == a else (0, 0) for a in (0, 1, 2)]
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(values, padding, mode="reflect"), 2 * radius + 1, axis=axis
        )
        values = np.asarray(windows @ weights)
    return to_pixels(values)


def sensor_noise(picture: Pixels, sigma: float, seed: int) -> Pixels:
    """Add Gaussian noise of `sigma` levels to every pixel and channel."""
    # RandomState's stream is frozen by numpy's compatibility policy; default_rng's is not.
    noise = np.random.RandomState(seed).standard_normal(picture.shape)
    return to_pixels(picture + sigma * noise)


def white_balance(picture: Pixels, gains: Colour) -> Pixels:
    """Multiply the red, green and blue levels by their gains."""
    return to_pixels(picture * np.array(gains))
