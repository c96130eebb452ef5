"""Other plain things: a board, rings, a wheel of colours and a card by two rasterisers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.corpus.make.codecs import jpeg
from tests.corpus.make.common import Floats, Pixels, Scene, generator, to_pixels
from tests.corpus.make.fresh.cairo import CairoCanvas
from tests.corpus.make.icons import paint
from tests.corpus.make.pixels import _edges, _flat, _noise
from tests.corpus.make.vector import Canvas, Colour


def _board() -> Scene:
    y, x = np.mgrid[0:144, 0:192]

    def squares(off: int = 0) -> Pixels:
        dark = ((x + off) // 16 + y // 16) % 2 == 0
        return np.where(dark[..., None], (110, 86, 64), (238, 220, 190)).astype(np.uint8)

    plain = squares()
    made = Scene("pixels", "fresh", "board", plain)
    made.same("noise", _noise(plain, 2, 430), "two levels of noise")
    made.same("jpeg", jpeg(plain, 96), "JPEG of quality 96, whole colours")
    made.differs("inverted", squares(16), "dark and light squares changed places", "same")
    moved = squares(4)
    made.differs("moved", _noise(moved, 2, 431), "all squares 4 px to the left, noise", "cross")
    three = plain.copy()
    for row, column in ((1, 2), (4, 7), (6, 3)):
        three[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = (150, 60, 50)
    made.differs("red", _noise(three, 2, 432), "three squares are red, noise", "cross")
    return made


def _rings() -> Scene:
    y, x = np.mgrid[0:128, 0:176]
    glow = np.exp(-(((x - 70) / 52) ** 2 + ((y - 58) / 44) ** 2))
    exact: Floats = np.asarray((18, 22, 40) + glow[..., None] * np.asarray((190, 140, 60)), np.float64)
    plain = to_pixels(exact)
    made = Scene("pixels", "fresh", "glow", plain)
    made.same("dither", to_pixels(exact + generator(433).uniform(-0.9, 0.9, exact.shape)), "dithered")
    made.same("level", to_pixels(exact + np.asarray((1, 0, 1))), "one level brighter in red and blue")
    made.differs("bands", to_pixels(np.floor(exact / 14 + 0.5) * 14), "bands of 14 levels", "same")
    dots = to_pixels(exact + generator(434).uniform(-0.9, 0.9, exact.shape))
    for row, column in generator(435).integers(6, 120, (9, 2)):
        dots[row, column] = (250, 250, 250)
    made.differs("hot", dots, "nine hot pixels, dithered", "cross")
    made.differs("dim", to_pixels(exact * 0.88), "12 % darker", "same")
    return made


def _flag() -> Scene:
    colours = ((176, 34, 52), (250, 250, 250), (28, 64, 140))
    plain = _flat(150, 99, colours[0])
    plain[33:66], plain[66:] = colours[1], colours[2]
    made = Scene("pixels", "fresh", "stripes", plain)
    made.same("jpeg", jpeg(plain, 95), "flat stripes, JPEG of quality 95, whole colours")
    made.same("noise", _noise(plain, 1, 436), "one level of noise")
    other = plain.copy()
    other[:33], other[66:] = colours[2], colours[0]
    made.differs("order", other, "two stripes changed places", "same")
    thin = plain.copy()
    thin[48:50] = colours[2]
    made.differs("thin", jpeg(thin, 95), "a thin line more, JPEG of quality 95", "cross")
    off = plain.copy()
    off[66:] = (28, 64, 122)
    made.differs("blue", _noise(off, 1, 437), "a stripe has another blue, noise", "cross")
    return made


def _card() -> Scene:
    def draw(
        canvas: Canvas | CairoCanvas, icon: str = "sun", bars: int = 4, ink: Colour = (150, 70, 30)
    ) -> Pixels:
        canvas.box(10, 10, 190, 110, (255, 252, 244), radius=12)
        paint(canvas, icon, 22, 24, 40, ink)  # type: ignore[arg-type]
        for row in range(bars):
            canvas.box(78, 26 + 18 * row, 170 - 17 * row, 33 + 18 * row, (90, 100, 120), radius=3.5)
        canvas.disc(40, 88, 9, (60, 150, 120))
        return canvas.pixels()

    def sampled() -> Canvas:
        return Canvas(200, 120, (206, 214, 222))

    def covered() -> CairoCanvas:
        return CairoCanvas(200, 120, (206, 214, 222))

    plain = draw(sampled())
    made = Scene("pixels", "fresh", "ticket", plain)
    made.same("cairo", draw(covered()), "by another rasteriser")
    made.same("edges", _edges(plain, 22, 36, 438), "some edge pixels nudged by up to 36 levels")
    made.differs("bars", draw(covered(), bars=3), "a bar is missing, other rasteriser", "cross")
    made.differs("moon", draw(covered(), "clock"), "sun became clock, other rasteriser", "cross")
    made.differs("ink", draw(sampled(), ink=(190, 90, 30)), "the sun is brighter", "same")
    return made


def scenes() -> Iterator[Scene]:
    """All plain scenes."""
    for make in (_board, _rings, _flag, _card):
        yield make()
