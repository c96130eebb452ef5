"""What is seen of an animation, held to a compositor of the tests' own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from percept_cli.formats.decode import decode
from percept_cli.images.picture import Frame as Found
from percept_cli.images.policy import ImagePolicy
from tests.support.animations import HEIGHT, WIDTH, Frame, Pixels

PALETTE: Pixels = np.array(
    [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 0, 255], [0, 200, 255, 255]], np.uint8
)
NOTHING: Pixels = np.zeros((1, 4), np.uint8)
WHOLE, PART = (0, 0, WIDTH, HEIGHT), (2, 2, 4, 2)  # left, top, width, height
PLACES = [*product((WHOLE, PART), repeat=3)]
GREEN, RED, CLEAR = (0, 200, 0, 255), (200, 0, 0, 255), (0, 0, 0, 0)


def rgba(frame: Found) -> Pixels:
    """What was found, H×W×4."""
    shape = frame.height, frame.width
    colours = np.frombuffer(frame.colours[:], np.uint8).reshape(*shape, 3)
    alpha = np.full(shape, 255, np.uint8) if frame.alpha is None else np.frombuffer(frame.alpha[:], np.uint8)
    return np.dstack([colours, alpha.reshape(shape)])


def visible(pixels: Pixels) -> Pixels:
    """Without colours that nobody sees."""
    return np.where(pixels[..., 3:] > 0, pixels, 0)


def assert_seen(data: bytes, wanted: Sequence[Pixels], tolerance: int = 0) -> None:
    """All frames at once, and each by itself, are what is wanted."""
    found = [rgba(frame) for frame in decode(data, "x").frames]
    assert len(found) == len(wanted)
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        assert np.abs(visible(one).astype(int) - visible(other)).max() <= tolerance, number
        (alone,) = decode(data, "x", ImagePolicy(frame=number)).frames
        assert np.array_equal(rgba(alone), one), number


def frame_of(rng: np.random.Generator, colours: Pixels, place: tuple[int, int, int, int], dispose: int) -> Frame:
    left, top, width, height = place
    return Frame(colours[rng.integers(0, len(colours), (height, width))], left, top, dispose)
