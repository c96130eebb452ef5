"""Favicons and swatches, 8×8 to 48×48 pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.corpus.make.common import Pixels, Scene, generator, to_pixels
from tests.corpus.make.icons import paint
from tests.corpus.make.vector import BOX, LANCZOS, Canvas, Colour, Point


def _favicon(
    size: int,
    icon: str,
    ground: Colour,
    ink: Colour,
    shift: Point = (0, 0),
    scale: int = 16,
    mirror: bool = False,
    badge: Colour | None = None,
) -> Pixels:
    """An icon on a round tile, with a badge in a corner if it has a colour."""
    canvas = Canvas(size, size, (255, 255, 255), scale, shift, LANCZOS if scale < 16 else BOX)
    canvas.box(0, 0, size, size, ground, radius=size * 0.2)
    inset = size * 0.17
    paint(canvas, icon, inset, inset, size - 2 * inset, ink, 3, mirror)
    if badge:
        canvas.disc(size * 0.8, size * 0.2, size * 0.17, badge)
    return canvas.pixels()


def _swatch(rows: list[list[Colour]], cell: int) -> Pixels:
    return np.repeat(np.repeat(np.array(rows, np.uint8), cell, 0), cell, 1)


BLUE, RED, GREEN, GOLD, WHITE = (40, 96, 200), (206, 52, 60), (34, 140, 90), (236, 176, 40), (255, 255, 255)


def _star() -> Scene:
    made = Scene("tiny", "tune", "star16", _favicon(16, "star", BLUE, WHITE))
    made.same("jitter", _favicon(16, "star", BLUE, WHITE, (0.12, -0.1)), "an eighth of a pixel off")
    made.same("filter", _favicon(16, "star", BLUE, WHITE, scale=8), "another filter and fewer samples")
    made.differs("icon", _favicon(16, "drop", BLUE, WHITE), "star became drop", "same")
    badge = _favicon(16, "star", BLUE, WHITE, (0.12, -0.1), badge=RED)
    made.differs("badge", badge, "a red badge, an eighth of a pixel off", "cross")
    return made


def _mail() -> Scene:
    made = Scene("tiny", "tune", "mail32", _favicon(32, "mail", GOLD, (60, 40, 10)))
    made.same("jitter", _favicon(32, "mail", GOLD, (60, 40, 10), (-0.15, 0.15)), "a fifth of a pixel off")
    made.same("level", _favicon(32, "mail", (235, 176, 41), (60, 40, 10)), "the ground is one level off")
    green = _favicon(32, "mail", (176, 196, 40), (60, 40, 10), scale=8)
    made.differs("green", green, "the ground is greenish, other filter", "cross")
    made.differs("file", _favicon(32, "file", GOLD, (60, 40, 10)), "letter became sheet", "same")
    return made


def _swatch8() -> Scene:
    rows = [[BLUE, GOLD], [GREEN, WHITE]]
    plain = _swatch(rows, 4)
    made = Scene("tiny", "tune", "swatch8", plain)
    noisy = to_pixels(plain.astype(np.float64) + generator(1).integers(-1, 2, plain.shape))
    made.same("noise", noisy, "one level of noise")
    made.differs("swapped", _swatch([[GOLD, BLUE], [GREEN, WHITE]], 4), "two colours swapped", "same")
    red = noisy.copy()
    red[5, 6] = (200, 0, 0)
    made.differs("pixel", red, "one red pixel, one level of noise", "cross")
    return made


def _grey24() -> Scene:
    rows = [[(40 + 24 * (row * 3 + column),) * 3 for column in range(3)] for row in range(3)]
    plain = _swatch(rows, 8)
    made = Scene("tiny", "tune", "greys24", plain)
    made.same("level", to_pixels(plain.astype(np.float64) + 1), "one level brighter")
    rows[1][1] = (154, 154, 154)
    made.differs("cell", _swatch(rows, 8), "the middle cell is 18 levels brighter", "same")
    return made


def _play() -> Scene:
    made = Scene("tiny", "judge", "play24", _favicon(24, "play", RED, WHITE))
    made.same("jitter", _favicon(24, "play", RED, WHITE, (0.1, 0.12)), "an eighth of a pixel off")
    made.same("filter", _favicon(24, "play", RED, WHITE, scale=8), "another filter and fewer samples")
    made.differs("mirror", _favicon(24, "play", RED, WHITE, mirror=True), "mirrored", "same")
    badge = _favicon(24, "play", RED, WHITE, (0.1, 0.12), badge=GREEN)
    made.differs("badge", badge, "a green badge, an eighth of a pixel off", "cross")
    return made


def _cloud() -> Scene:
    ground = (226, 236, 248)
    made = Scene("tiny", "judge", "cloud48", _favicon(48, "cloud", ground, BLUE))
    made.same("jitter", _favicon(48, "cloud", ground, BLUE, (0.2, 0.1)), "a quarter of a pixel off")
    made.same("filter", _favicon(48, "cloud", ground, BLUE, scale=8), "another filter and fewer samples")
    made.differs("grey", _favicon(48, "cloud", ground, (96, 104, 120), scale=8), "the cloud is grey", "cross")
    made.differs("moved", _favicon(48, "cloud", ground, BLUE, (4, 0)), "4 px to the right", "same")
    return made


def _check12() -> Scene:
    made = Scene("tiny", "judge", "check12", _favicon(12, "check", GREEN, WHITE))
    made.same("jitter", _favicon(12, "check", GREEN, WHITE, (-0.1, 0.08)), "an eighth of a pixel off")
    made.differs("cross", _favicon(12, "close", GREEN, WHITE), "check became cross", "same")
    made.differs("red", _favicon(12, "check", RED, WHITE, (-0.1, 0.08)), "the ground is red", "cross")
    return made


def _stripes() -> Scene:
    plain = _swatch([[RED, WHITE, RED, WHITE], [WHITE, GOLD, WHITE, GOLD]], 4)
    made = Scene("tiny", "judge", "stripes16x8", plain)
    noisy = to_pixels(plain.astype(np.float64) + generator(2).integers(-1, 2, plain.shape))
    made.same("noise", noisy, "one level of noise")
    made.differs(
        "cell", _swatch([[RED, WHITE, RED, WHITE], [WHITE, GOLD, WHITE, RED]], 4), "a cell is red", "same"
    )
    gone = noisy.copy()
    gone[4:8, 4:8] = 255
    made.differs("gone", gone, "a cell is white, one level of noise", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All tiny scenes."""
    for make in (_star, _mail, _swatch8, _grey24, _play, _cloud, _check12, _stripes):
        yield make()
