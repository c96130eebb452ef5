"""Flat areas, text and icons through JPEG and WebP of high quality, with and without a defect in them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.make import icons, photo
from tests.corpus.make.codecs import jpeg, palette, soft, webp
from tests.corpus.make.common import Pixels, Scene, to_pixels
from tests.corpus.make.text import FRACTIONAL, LIGHT, PAPER, Line, Page, draw, lines_below
from tests.corpus.make.vector import Canvas, Colour


def _notice(price: str = "Tickets 14 €", ink: Colour = (200, 40, 50)) -> Pixels:
    lines = (
        Line(18, 44, "Chamber music", "Lato Bold", 28, ink),
        Line(18, 76, "St. Anne, Sunday at 17:00", "Lato", 17, (40, 44, 52)),
        Line(18, 102, price, "Lato", 17, (40, 44, 52)),
    )
    return draw(Page(260, 124, PAPER, lines, ((18, 54, 120, 57, ink),)), FRACTIONAL)


def _poster() -> Scene:
    picture = _notice()
    made = Scene("codecs", "fresh", "notice", picture)
    made.same("jpeg95", jpeg(picture, 95), "red and grey text, JPEG of quality 95, whole colours")
    made.same("webp96", webp(picture, 96), "red and grey text, WebP of quality 96")
    made.same("lossless", webp(picture, None), "lossless WebP: identical pixels", "same")
    made.differs("price", jpeg(_notice("Tickets 19 €"), 95), "digit 4 became 9, JPEG of quality 95", "cross")
    made.differs("ink", webp(_notice(ink=(40, 90, 170)), 96), "red became blue, WebP of quality 96", "cross")
    made.differs("jpeg12", jpeg(picture, 12, "4:2:0"), "JPEG of quality 12: ringing", "cross")
    return made


def _tiles(changed: bool = False) -> Pixels:
    colours = ((232, 76, 61), (46, 134, 193), (244, 208, 63), (39, 120, 84), (90, 60, 120), (236, 240, 241))
    canvas = Canvas(216, 144, (250, 250, 250))
    for index, colour in enumerate(colours):
        x, y = 8 + 70 * (index % 3), 8 + 66 * (index // 3)
        canvas.box(x, y, x + 60, y + 60, (colour[1], colour[0], colour[2]) if changed and index == 4 else colour)
    return canvas.pixels()


def _flat() -> Scene:
    picture = _tiles()
    made = Scene("codecs", "fresh", "tiles", picture)
    made.same("jpeg95", jpeg(picture, 95), "flat tiles, JPEG of quality 95, whole colours")
    made.same("webp98", webp(picture, 98), "flat tiles, WebP of quality 98")
    made.differs("tile", jpeg(_tiles(changed=True), 95), "a tile has another colour, JPEG of quality 95", "cross")
    made.differs("palette", palette(picture, 4), "4 colours", "same")
    made.differs("jpeg8", jpeg(picture, 8, "4:2:0"), "JPEG of quality 8: blocks", "cross")
    return made


def _buttons() -> Scene:
    names = ("search", "plus", "bell", "user", "arrow", "check")
    items = icons._grid(names, 3, 14, 12, 66, ((52, 58, 70), (20, 110, 190)))
    sheet = icons.Sheet(206, 142, PAPER, 48, items)
    picture = icons.draw(sheet)
    made = Scene("codecs", "fresh", "buttons", picture)
    made.same("jpeg95", jpeg(picture, 95), "icons of 48 px, JPEG of quality 95, whole colours")
    made.same("jpeg97-420", jpeg(picture, 97, "4:2:0"), "icons of 48 px, JPEG of quality 97, halved colours")
    made.same("webp95", webp(picture, 95), "icons of 48 px, WebP of quality 95")
    made.differs("minus", jpeg(icons.draw(sheet.put(1, icon="minus")), 95), "plus became minus, JPEG", "cross")
    made.differs("soft", soft(picture, 2), "reduced and enlarged", "same")
    return made


def _log() -> Scene:
    texts = ("12:01 pump on", "12:04 valve 2 open", "12:09 level 71 %", "12:10 pump off")
    page = Page(210, 112, (22, 24, 28), lines_below(texts, 12, 26, 23, "Noto Sans", 15, (160, 220, 170)))
    picture = draw(page, LIGHT)
    made = Scene("codecs", "fresh", "log", picture)
    made.same("jpeg96", jpeg(picture, 96), "text on dark, JPEG of quality 96, whole colours")
    made.same("webp97", webp(picture, 97), "text on dark, WebP of quality 97")
    made.differs("level", webp(draw(page.change(2, "71", "77"), LIGHT), 97), "digit 1 became 7, WebP", "cross")
    made.differs("off", jpeg(draw(page.change(3, "off", "on"), LIGHT), 96), "off became on, JPEG", "cross")
    made.differs("webp0", webp(picture, 1), "WebP of quality 1: smears", "cross")
    return made


def _dune() -> Scene:
    picture = to_pixels(photo.ground(176, 128, 470, (120, 84, 52), (246, 214, 160)))
    made = Scene("codecs", "fresh", "dune", picture)
    made.same("jpeg97", jpeg(picture, 97), "JPEG of quality 97, whole colours")
    made.differs("jpeg10", jpeg(picture, 10, "4:2:0"), "JPEG of quality 10: blocks", "cross")
    made.differs("soft", soft(picture, 2.5), "reduced and enlarged", "same")
    return made


def scenes() -> Iterator[Scene]:
    """All scenes of codecs."""
    for make in (_poster, _flat, _buttons, _log, _dune):
        yield make()
