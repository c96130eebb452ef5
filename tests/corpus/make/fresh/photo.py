"""Other pictures that look like photographs: stars over a ridge, leaves, bricks and snow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.corpus.make.codecs import jpeg, webp
from tests.corpus.make.common import Floats, Scene, generator, to_pixels
from tests.corpus.make.photo import _disc, _dither, _gamma, _scratch, blur, fractal, ground, hills, mix, noise


def _night(stars: int = 60) -> Floats:
    height, width = 120, 168
    y, x = np.mgrid[0:height, 0:width]
    picture = mix((8, 10, 28), (52, 50, 80), y / height)
    rng = generator(440)
    for column, row, bright, size in zip(
        rng.uniform(4, width - 4, stars),
        rng.uniform(4, 80, stars),
        rng.uniform(80, 200, stars),
        rng.uniform(0.7, 1.2, stars),
        strict=True,
    ):
        picture += (bright * np.exp(-((x - column) ** 2 + (y - row) ** 2) / size**2))[..., None]
    line = 84 + 20 * fractal(2, width, 441, 3, 6)[0]
    grain = fractal(height, width, 442, 8, 5, 0.7)
    return mix(picture, 6 + 22 * np.repeat(grain[..., None], 3, 2), np.clip(y - line[x], 0, 1))


def _stars() -> Scene:
    exact = _night()
    made = Scene("photo", "fresh", "stars", to_pixels(exact))
    made.same("noise", noise(exact, 2, 443), "two levels of noise")
    made.same("gamma", _gamma(np.clip(exact, 0, 255), 1.006), "gamma off by 0.6 %")
    made.differs("trail", noise(_scratch(exact, 20, 16, 120, 52, 70), 1.5, 444), "a bright trail, noise", "cross")
    made.differs("moon", to_pixels(_disc(exact, 128, 26, 7, (236, 232, 214))), "a moon", "same")
    return made


def _leaves() -> Scene:
    height, width = 120, 160
    rng = generator(445)
    y, x = np.mgrid[0:height, 0:width]
    exact = np.asarray(ground(width, height, 446, (34, 44, 20), (86, 96, 50)))
    for _ in range(130):
        column, row, turn = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, np.pi)
        long, wide = rng.uniform(9, 15), rng.uniform(3, 5)
        u = (x - column) * np.cos(turn) + (y - row) * np.sin(turn)
        v = (y - row) * np.cos(turn) - (x - column) * np.sin(turn)
        inside = np.clip((1 - (u / long) ** 2 - (v / wide) ** 2) * 3, 0, 1)
        colour = np.asarray((90, 120, 40)) + rng.uniform(-30, 40, 3) - 9 * abs(v[..., None])
        exact = mix(exact, colour, inside)
    made = Scene("photo", "fresh", "leaves", to_pixels(exact))
    made.same("noise", noise(exact, 2, 447), "two levels of noise")
    made.same("webp", webp(to_pixels(exact), 97), "WebP of quality 97")
    made.differs("blur", noise(blur(to_pixels(exact), 1.3).astype(np.float64), 1, 448), "blurred, noise", "cross")
    made.differs("beetle", noise(_disc(exact, 92, 66, 6, (150, 24, 26)), 1.5, 449), "a red beetle, noise", "cross")
    made.differs("turned", to_pixels(exact[::-1]), "upside down", "same")
    return made


def _wall(turned: bool = False, odd: bool = False) -> Floats:
    height, width = 120, 168
    y, x = np.mgrid[0:height, 0:width]
    along, across, longest, height_of = (y, x, 24, 14) if turned else (x, y, 24, 14)
    row = across // height_of
    column = (along + 12 * (row % 2)) // longest
    mortar = ((across % height_of) < 2) | (((along + 12 * (row % 2)) % longest) < 2)
    tone = generator(450).uniform(-22, 22, (40, 40))[row, column]
    brick = (
        np.asarray((150, 74, 54))
        + tone[..., None]
        + 30 * (fractal(height, width, 451, 12, 5, 0.7) - 0.5)[..., None]
    )
    if odd:
        brick = np.where(((row == 4) & (column == 3))[..., None], (96, 106, 120), brick)
    return np.where(mortar[..., None], (186, 178, 166), brick).astype(np.float64)


def _bricks() -> Scene:
    exact = _wall()
    made = Scene("photo", "fresh", "bricks", to_pixels(exact))
    made.same("noise", noise(exact, 2, 452), "two levels of noise")
    made.same("jpeg", jpeg(to_pixels(exact), 97), "JPEG of quality 97, whole colours")
    made.differs("turned", noise(_wall(turned=True), 1.5, 453), "bricks stand upright, noise", "cross")
    made.differs("odd", noise(_wall(odd=True), 1.5, 454), "a brick is grey, noise", "cross")
    made.differs("bright", to_pixels(exact * 1.12), "12 % brighter", "same")
    return made


def _snow() -> Scene:
    exact = 0.55 * hills(176, 120, 460, warm=False) + (112, 116, 122)
    made = Scene("photo", "fresh", "snow", to_pixels(exact))
    made.same("dither", _dither(exact, 461), "dithered")
    made.same("jpeg", jpeg(to_pixels(exact), 96), "JPEG of quality 96, whole colours")
    made.differs("hue", noise(exact * (1.07, 1.0, 0.9), 1.5, 462), "yellower, noise", "cross")
    seam = exact.copy()
    seam[:, 90:] = np.roll(seam, 6, axis=0)[:, 90:]
    made.differs("seam", to_pixels(seam), "the right half is 6 px lower", "same")
    return made


def scenes() -> Iterator[Scene]:
    """All pictures that look like photographs."""
    for make in (_stars, _leaves, _bricks, _snow):
        yield make()
