"""Plain things: single pixels, lines, levels, noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.corpus.make.common import Floats, Pixels, Scene, generator, to_pixels
from tests.corpus.make.icons import paint
from tests.corpus.make.vector import Canvas, Colour


def _flat(width: int, height: int, colour: Colour) -> Pixels:
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = colour
    return picture


def _ramp(width: int, height: int, start: Colour, end: Colour, angle: float) -> Floats:
    """A linear gradient across a picture, in levels that are not rounded."""
    y, x = np.mgrid[0:height, 0:width]
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / (along.max() - along.min())
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    return np.asarray(first + (last - first) * along[:, :, None], np.float64)


def _noise(picture: Pixels, levels: int, seed: int, share: float = 1) -> Pixels:
    """Add up to so many levels of noise, to a share of the pixels."""
    rng = generator(seed)
    noise = rng.integers(-levels, levels + 1, picture.shape)
    noise *= (rng.random(picture.shape[:2]) < share)[:, :, None]
    return to_pixels(picture.astype(np.float64) + noise)


def _edges(picture: Pixels, count: int, amount: int, seed: int) -> Pixels:
    """Nudge a few of the pixels that lie on anti-aliased edges towards one of their neighbours."""
    grey = picture.astype(np.float64).mean(axis=2)
    between = np.minimum(abs(np.roll(grey, 1, 1) - grey), abs(np.roll(grey, -1, 1) - grey))
    between[:, [0, -1]] = 0
    rows, columns = np.nonzero(between > amount)
    rng = generator(seed)
    changed = picture.astype(np.float64)
    for index in rng.choice(len(rows), min(count, len(rows)), replace=False):
        row, column = rows[index], columns[index]
        other = changed[row, column + rng.choice((-1, 1))] - changed[row, column]
        changed[row, column] += np.clip(other, -amount, amount)
    return to_pixels(changed)


def _card(width: int, height: int, ground: Colour, panel: Colour, ink: Colour, icon: str) -> Pixels:
    """A panel with an icon, three bars and a hairline."""
    canvas = Canvas(width, height, ground)
    canvas.box(12, 12, width - 12, height - 12, panel, radius=8)
    paint(canvas, icon, 26, 28, 36, ink)
    for row, length in enumerate((0.55, 0.42, 0.5)):
        canvas.box(78, 30 + 14 * row, 78 + (width - 104) * length, 35 + 14 * row, ink, radius=2.5)
    canvas.box(24, height - 44, width - 24, height - 43, ink)
    canvas.disc(width - 34, height - 28, 7, ink)
    return canvas.pixels()


def _white() -> Scene:
    white = _flat(160, 120, (255, 255, 255))
    made = Scene("pixels", "tune", "white", white)
    red = white.copy()
    red[47, 91] = (255, 0, 0)
    made.differs("red", red, "one red pixel", "same")
    column = white.copy()
    column[:, 63] = 128
    made.differs("column", column, "a dead grey column", "same")
    made.same("level", _flat(160, 120, (254, 254, 254)), "one level darker")
    made.same("noise", _noise(white, 1, 1, 0.3), "one level of noise")
    grain = _noise(white, 1, 2, 0.3)
    grain[88:91, 30:33] = (40, 40, 40)
    made.differs("speck", grain, "a dark speck of 3 px, one level of noise", "cross")
    return made


def _card_light() -> Scene:
    def draw(panel: Colour = (255, 255, 255)) -> Pixels:
        return _card(200, 140, (228, 231, 236), panel, (44, 72, 120), "cloud")

    card = draw()
    made = Scene("pixels", "tune", "card", card)
    made.same("edges", _edges(card, 24, 40, 3), "two dozen edge pixels nudged by up to 40 levels")
    made.same("panel-level", draw((254, 255, 255)), "the panel is one level off in red")
    made.same("noise", _noise(card, 2, 4), "two levels of noise")
    made.differs("panel", draw((247, 247, 247)), "the panel is 8 levels darker", "same")
    line = card.copy()
    line[96] = line[95]
    made.differs("line", line, "the hairline is missing", "same")
    made.differs("line-noise", _noise(line, 2, 5), "the hairline is missing, two levels of noise", "cross")
    stain = _edges(card, 24, 40, 6).astype(np.float64)
    y, x = np.mgrid[0:140, 0:200]
    spot = np.exp(-((x - 120) ** 2 + (y - 112) ** 2) / 18)
    stain -= 70 * spot[:, :, None] * (1, 1.2, 1.6)
    made.differs("stain", to_pixels(stain), "a small brown stain, edge pixels nudged", "cross")
    return made


def _gradient() -> Scene:
    exact = _ramp(240, 120, (40, 70, 130), (200, 170, 150), 0.4)
    plain = to_pixels(exact)
    made = Scene("pixels", "tune", "gradient", plain)
    dither = to_pixels(exact + generator(7).uniform(-0.9, 0.9, (120, 240, 1)))
    made.same("dither", dither, "a dithered gradient")
    made.same("truncated", np.floor(exact).astype(np.uint8), "levels cut, not rounded")
    steps = to_pixels(np.floor(exact / 16 + 0.5) * 16)
    made.differs("steps", steps, "bands of 16 levels", "same")
    seam = dither.astype(np.float64)
    seam[:, 150:] += 6
    made.differs("seam", to_pixels(seam), "a seam of 6 levels in the dithered gradient", "cross")
    return made


def _black() -> Scene:
    dark = to_pixels(_ramp(160, 120, (8, 9, 14), (30, 32, 40), 1.57))
    made = Scene("pixels", "judge", "dark", dark)
    hot = dark.copy()
    hot[70:72, 40:42] = (250, 250, 240)
    made.differs("hot", hot, "a cluster of four hot pixels", "same")
    made.same("noise", _noise(dark, 1, 11), "one level of noise")
    hot = _noise(dark, 1, 12)
    hot[30, 118] = (0, 255, 0)
    made.differs("green", hot, "one green pixel, one level of noise", "cross")
    made.same("level", to_pixels(dark.astype(np.float64) + 1), "one level brighter")
    row = dark.copy()
    row[84] = (90, 90, 96)
    made.differs("row", row, "a stuck grey row", "same")
    return made


def _card_dark() -> Scene:
    def draw(panel: Colour = (38, 42, 52), icon: str = "lock") -> Pixels:
        return _card(210, 130, (20, 22, 28), panel, (226, 190, 120), icon)

    card = draw()
    made = Scene("pixels", "judge", "panel", card)
    made.same("edges", _edges(card, 20, 36, 13), "twenty edge pixels nudged by up to 36 levels")
    made.same("noise", _noise(card, 2, 14), "two levels of noise")
    made.same("level", draw((39, 42, 52)), "the panel is one level off in red")
    dot = card.copy()
    dot[94:110, 168:184] = card[60, 20]
    made.differs("dot", dot, "the dot is missing", "same")
    made.differs("panel", _noise(draw((46, 50, 60)), 1, 15), "the panel is 8 levels lighter, noise", "cross")
    bar = card.copy()
    bar[44:49, 76:140] = card[60, 20]
    made.differs("bar", _edges(bar, 20, 36, 16), "a bar is missing, edge pixels nudged", "cross")
    glyph = card.copy()
    glyph[100:105, 60] = glyph[102, 58:63] = (226, 190, 120)
    made.differs("glyph", glyph, "a small plus more", "same")
    return made


def _sky() -> Scene:
    exact = _ramp(220, 140, (90, 150, 220), (226, 232, 238), 1.3)
    plain = to_pixels(exact)
    made = Scene("pixels", "judge", "sky", plain)
    dither = to_pixels(exact + generator(17).uniform(-0.9, 0.9, (140, 220, 3)))
    made.same("dither", dither, "a gradient dithered in every channel")
    made.same("noise", _noise(plain, 2, 18, 0.5), "two levels of noise on half of the pixels")
    wire = dither.copy()
    wire[52, 30:190] = (70, 80, 90)
    made.differs("wire", wire, "a dark line of 1 px, dithered", "cross")
    patch = plain.astype(np.float64)
    patch[40:76, 120:170] -= 9
    made.differs("patch", to_pixels(patch), "a patch 9 levels darker", "same")
    dead = _noise(plain, 2, 19, 0.5)
    dead[:, 77] = 0
    made.differs("column", dead, "a dead black column, noise", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All plain scenes."""
    for make in (_white, _card_light, _gradient, _black, _card_dark, _sky):
        yield make()
