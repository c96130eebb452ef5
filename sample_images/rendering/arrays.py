"""Array types and the small image operations every picture shares."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    position = np.clip((value - low) / (high - low), 0.0, 1.0)
    return position * position * (3.0 - 2.0 * position)


def mix(first: Array, second: Array, amount: Array) -> Array:
    """Blend two arrays: `first` where `amount` is 0, `second` where it is 1."""
    return first + (second - first) * amount


def column(colour: Colour) -> Array:
    """Return a colour as a (3, 1) array, ready to broadcast over (3, N) points."""
    return np.array(colour, dtype=np.float64).reshape(3, 1)


def average_blocks(image: Array, factor: int) -> Array:
    """Shrink an (H, W, 3) image by averaging `factor` × `factor` blocks."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    return np.asarray(image.reshape(height, factor, width, factor, 3).mean(axis=(1, 3)))


def to_pixels(levels: Array) -> Pixels:
    """Round values in levels (0 to 255) to 8-bit pixels."""
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def develop(light: Array) -> Pixels:
    """Turn linear light into 8-bit sRGB, rolling bright values off the way film does."""
    # The ACES curve in Krzysztof Narkowicz's short form: highlights fade instead of clipping.
    film = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0.0, 1.0)
    encoded = np.where(film <= 0.0031308, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055)
    return to_pixels(255.0 * encoded)
