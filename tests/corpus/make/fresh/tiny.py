"""Favicons and swatches by two rasterisers and through codecs, 9×9 to 48×48 pixels."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.make.codecs import jpeg, webp
from tests.corpus.make.common import Pixels, Scene, generator, to_pixels
from tests.corpus.make.fresh.cairo import CairoCanvas
from tests.corpus.make.icons import paint
from tests.corpus.make.text import FRACTIONAL, LIGHT, NONE, Line, Page, draw
from tests.corpus.make.tiny import BLUE, GOLD, GREEN, RED, WHITE, _favicon, _swatch
from tests.corpus.make.vector import Colour, Point

VIOLET, TEAL, NIGHT, SAND = (112, 70, 190), (10, 130, 140), (26, 30, 46), (240, 226, 200)


def _cairo(
    size: int,
    icon: str,
    ground: Colour,
    ink: Colour,
    shift: Point = (0, 0),
    mirror: bool = False,
    badge: Colour | None = None,
) -> Pixels:
    """What `_favicon` draws, by cairo."""
    canvas = CairoCanvas(size, size, (255, 255, 255), shift)
    canvas.box(0, 0, size, size, ground, radius=size * 0.2)
    inset = size * 0.17
    paint(canvas, icon, inset, inset, size - 2 * inset, ink, 3, mirror)  # type: ignore[arg-type]
    if badge:
        canvas.disc(size * 0.8, size * 0.2, size * 0.17, badge)
    return canvas.pixels()


def _bell() -> Scene:
    made = Scene("tiny", "fresh", "bell20", _favicon(20, "bell", VIOLET, WHITE))
    made.same("cairo", _cairo(20, "bell", VIOLET, WHITE), "another rasteriser")
    made.same("jitter", _favicon(20, "bell", VIOLET, WHITE, (0.1, -0.1)), "a seventh of a pixel off")
    made.differs("lock", _cairo(20, "lock", VIOLET, WHITE), "bell became lock, another rasteriser", "cross")
    made.differs("badge", _favicon(20, "bell", VIOLET, WHITE, badge=RED), "a red badge", "same")
    return made


def _folder() -> Scene:
    picture = _favicon(48, "folder", SAND, TEAL)
    made = Scene("tiny", "fresh", "folder48", picture)
    made.same("jpeg", jpeg(picture, 95), "JPEG of quality 95, whole colours")
    made.same("webp", webp(picture, 96), "WebP of quality 96")
    made.same("cairo", _cairo(48, "folder", SAND, TEAL), "another rasteriser")
    made.differs("file", jpeg(_favicon(48, "file", SAND, TEAL), 95), "folder became sheet, JPEG", "cross")
    made.differs(
        "blue", webp(_favicon(48, "folder", SAND, (30, 80, 200)), 96), "the folder is blue, WebP", "cross"
    )
    made.differs("mirror", _favicon(48, "folder", SAND, TEAL, mirror=True), "mirrored", "same")
    return made


def _pin() -> Scene:
    made = Scene("tiny", "fresh", "pin32", _favicon(32, "pin", NIGHT, GOLD))
    made.same("cairo", _cairo(32, "pin", NIGHT, GOLD), "another rasteriser")
    made.same("level", _favicon(32, "pin", (27, 31, 46), GOLD), "the ground is one level off")
    made.differs(
        "badge", _cairo(32, "pin", NIGHT, GOLD, badge=GREEN), "a green badge, another rasteriser", "cross"
    )
    made.differs("down", _favicon(32, "pin", NIGHT, GOLD, (0, 3)), "3 px lower", "same")
    return made


def _letter() -> Scene:
    page = Page(24, 24, GREEN, (Line(5.0, 18, "R", "Roboto Bold", 18, WHITE),))
    made = Scene("tiny", "fresh", "letter24", draw(page, FRACTIONAL))
    made.same("light", draw(page, LIGHT), "light hinting")
    made.differs("other", draw(page.change(0, "R", "K"), LIGHT), "R became K, light hinting", "cross")
    made.differs("ink", draw(page.recolour(0, GOLD), NONE), "the letter is golden", "cross")
    return made


def _quilt() -> Scene:
    plain = _swatch([[TEAL, SAND, TEAL], [SAND, NIGHT, SAND], [TEAL, SAND, TEAL]], 3)
    made = Scene("tiny", "fresh", "quilt9", plain)
    noisy = to_pixels(plain.astype(float) + generator(410).integers(-1, 2, plain.shape))
    made.same("noise", noisy, "one level of noise")
    turned = _swatch([[SAND, TEAL, SAND], [TEAL, NIGHT, TEAL], [SAND, TEAL, SAND]], 3)
    made.differs("turned", turned, "two colours changed places", "same")
    middle = noisy.copy()
    middle[3:6, 3:6] = BLUE
    made.differs("middle", middle, "the middle is blue, one level of noise", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All tiny scenes."""
    for make in (_bell, _folder, _pin, _letter, _quilt):
        yield make()
