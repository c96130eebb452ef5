"""Pictures that look like photographs, made of fractal noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFilter

from tests.corpus.make.common import Floats, Pixels, Scene, generator, to_pixels


def fractal(height: int, width: int, seed: int, coarse: int = 3, octaves: int = 6, gain: float = 0.5) -> Floats:
    """Smooth noise of 0..1 in octaves, each with twice as many cells."""
    rng = generator(seed)
    total = np.zeros((height, width))
    weight = 1.0
    for octave in range(octaves):
        cells = coarse * 2**octave
        grid = rng.random((cells + 3, cells + 3)).astype(np.float32)
        layer = Image.fromarray(grid).resize(
            (width, height), Image.Resampling.BICUBIC, (1, 1, cells + 1, cells + 1)
        )
        total += weight * np.asarray(layer, np.float64)
        weight *= gain
    total -= total.min()
    return np.asarray(total / total.max(), np.float64)


def mix(low: tuple[float, ...] | Floats, high: tuple[float, ...] | Floats, share: Floats) -> Floats:
    """Blend two colours or pictures."""
    first, last = np.asarray(low, np.float64), np.asarray(high, np.float64)
    return np.asarray(first + (last - first) * share[..., None], np.float64)


def clouds(width: int, height: int, seed: int) -> Floats:
    """A sky with clouds."""
    y = np.linspace(0, 1, height)[:, None] * np.ones(width)
    sky = mix((62, 112, 190), (176, 204, 232), y)
    cover = np.clip((fractal(height, width, seed, 2, 6, 0.55) - 0.42) * 2.6, 0, 1)
    shade = mix((168, 174, 188), (250, 250, 248), fractal(height, width, seed + 1, 4, 5))
    return mix(sky, shade, cover)


def hills(width: int, height: int, seed: int, warm: bool) -> Floats:
    """Ridges one behind the other under an evening or a morning sky."""
    y, x = np.mgrid[0:height, 0:width]
    top, low = ((250, 190, 130), (120, 110, 160)) if warm else ((210, 226, 236), (130, 168, 206))
    picture = mix(low, top, np.clip(y / height * 1.5, 0, 1))
    near = (46, 40, 52) if warm else (44, 70, 48)
    far = (164, 128, 150) if warm else (150, 172, 190)
    for ridge in range(5):
        profile = fractal(2, width, seed + ridge, 3 + ridge, 6)[0]
        line = height * (0.32 + 0.13 * ridge) + (profile - 0.5) * height * 0.28
        grain = fractal(height, width, seed + 20 + ridge, 8, 5, 0.7) - 0.5
        body = (
            np.asarray(mix(far, near, np.full((height, width), ridge / 4))) + 34 * (ridge / 4) * grain[..., None]
        )
        picture = mix(picture, body, np.clip(y - line[x], 0, 1))
    return picture


def ground(width: int, height: int, seed: int, low: tuple[int, int, int], high: tuple[int, int, int]) -> Floats:
    """Sand or stone lit from a side."""
    relief = fractal(height, width, seed, 4, 7, 0.62)
    slope = np.gradient(relief, axis=1) - np.gradient(relief, axis=0)
    lit = np.clip(0.5 + 7 * slope, 0, 1)
    return np.asarray(mix(low, high, 0.45 * relief + 0.55 * lit), np.float64)


def water(width: int, height: int, seed: int) -> Floats:
    """A lake before a wooded shore."""
    y = np.mgrid[0:height, 0:width][0]
    shore = height * 0.46
    land = hills(width, height, seed, warm=False)
    waves = fractal(height * 4, width, seed + 50, 5, 6, 0.6)[:height]
    reflected = land[np.clip((2 * shore - y).astype(np.int64), 0, height - 1), np.arange(width)]
    lake = 0.6 * reflected + np.asarray((14, 34, 52)) + 46 * (waves[..., None] - 0.4)
    return mix(land, lake, np.clip(y - shore, 0, 1))


def blur(picture: Pixels, radius: float) -> Pixels:
    """A Gaussian blur."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)), np.uint8)


def noise(picture: Floats, levels: float, seed: int) -> Pixels:
    """Even noise of up to so many levels, then rounding."""
    return to_pixels(picture + generator(seed).uniform(-levels, levels, picture.shape))


def _dither(picture: Floats, seed: int) -> Pixels:
    return to_pixels(picture + generator(seed).uniform(-0.5, 0.5, picture.shape))


def _disc(picture: Floats, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> Floats:
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    inside = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)
    return mix(picture, colour, inside)


def _scratch(picture: Floats, x0: float, y0: float, x1: float, y1: float, strength: float) -> Floats:
    """A bright hairline from point to point."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    length = np.hypot(x1 - x0, y1 - y0)
    along = ((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length
    across = abs((columns - x0) * (y1 - y0) - (rows - y0) * (x1 - x0)) / length
    inside = np.clip(1.2 - across, 0, 1) * ((along > 0) & (along < length))
    return np.asarray(picture + strength * inside[..., None], np.float64)


def _gamma(picture: Floats, exponent: float) -> Pixels:
    return to_pixels(255 * np.clip(picture / 255, 0, 1) ** exponent)


def _clouds() -> Scene:
    exact = clouds(208, 144, 3)
    made = Scene("photo", "tune", "clouds", to_pixels(exact))
    made.same("dither", _dither(exact, 1), "dithered")
    made.same("gamma", _gamma(exact, 1.006), "gamma off by 0.6 %")
    made.differs("exposure", to_pixels(exact * 0.9), "10 % darker", "same")
    made.differs("balloon", noise(_disc(exact, 60, 40, 6, (190, 50, 40)), 1.5, 2), "a balloon, noise", "cross")
    return made


def _dusk() -> Scene:
    exact = hills(224, 144, 40, warm=True)
    made = Scene("photo", "tune", "dusk", to_pixels(exact))
    made.same("noise", noise(exact, 2, 3), "two levels of noise")
    made.same("scale", to_pixels(exact * 1.006), "0.6 % brighter")
    hue = exact * (1.0, 1.1, 0.88)
    made.differs("hue", noise(hue, 1.5, 4), "greener, noise", "cross")
    made.differs("blur", blur(to_pixels(exact), 1.6), "blurred", "same")
    made.differs("scratch", _dither(_scratch(exact, 30, 20, 190, 70, 60), 5), "a scratch, dithered", "cross")
    return made


def _sand() -> Scene:
    exact = ground(176, 132, 70, (96, 74, 48), (236, 212, 164))
    made = Scene("photo", "tune", "sand", to_pixels(exact))
    made.same("noise", noise(exact, 2, 6), "two levels of noise")
    made.differs("blur", noise(blur(to_pixels(exact), 1.2).astype(np.float64), 1, 7), "blurred, noise", "cross")
    made.differs("stone", to_pixels(_disc(exact, 110, 80, 9, (70, 66, 64))), "a dark stone", "same")
    return made


def _lake() -> Scene:
    exact = water(224, 152, 90)
    made = Scene("photo", "judge", "lake", to_pixels(exact))
    made.same("dither", _dither(exact, 11), "dithered")
    made.same("gamma", _gamma(exact, 0.994), "gamma off by 0.6 %")
    made.differs(
        "boat", noise(_disc(exact, 150, 112, 5, (240, 236, 226)), 1.5, 12), "a white buoy, noise", "cross"
    )
    made.differs("exposure", to_pixels(exact * 1.1), "10 % brighter", "same")
    seam = exact.copy()
    seam[:, 118:] = np.roll(seam, 5, axis=0)[:, 118:]
    made.differs("seam", _dither(seam, 13), "the right half is 5 px lower, dithered", "cross")
    return made


def _granite() -> Scene:
    exact = ground(176, 132, 140, (58, 60, 66), (204, 200, 198))
    made = Scene("photo", "judge", "granite", to_pixels(exact))
    made.same("noise", noise(exact, 2, 14), "two levels of noise")
    made.same("level", to_pixels(exact + 1), "one level brighter")
    made.differs("blur", blur(to_pixels(exact), 1.2), "blurred", "same")
    made.differs("moss", noise(_disc(exact, 50, 60, 10, (90, 120, 60)), 1.5, 15), "a spot of moss, noise", "cross")
    return made


def _morning() -> Scene:
    exact = hills(224, 144, 180, warm=False)
    made = Scene("photo", "judge", "morning", to_pixels(exact))
    made.same("noise", noise(exact, 2, 16), "two levels of noise")
    made.same("dither", _dither(exact, 17), "dithered")
    made.differs("warm", noise(exact * (1.1, 1.0, 0.88), 1.5, 18), "warmer, noise", "cross")
    made.differs("scratch", to_pixels(_scratch(exact, 50, 10, 70, 130, 70)), "a scratch", "same")
    return made


def scenes() -> Iterator[Scene]:
    """All pictures that look like photographs."""
    for make in (_clouds, _dusk, _sand, _lake, _granite, _morning):
        yield make()
