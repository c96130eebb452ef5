"""Icons by two rasterisers: marks of a map, tiles of a pattern, rows of stars; with one or all of them changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from tests.corpus.make import icons
from tests.corpus.make.codecs import jpeg, webp
from tests.corpus.make.common import Pixels, Scene, generator
from tests.corpus.make.fresh.cairo import CairoCanvas
from tests.corpus.make.icons import Item, Sheet, draw, paint
from tests.corpus.make.vector import LANCZOS, Colour


def cairo(sheet: Sheet, jitter: float = 0, seed: int = 0) -> Pixels:
    """Draw a sheet as `icons.draw` does, by cairo."""
    canvas = CairoCanvas(sheet.width, sheet.height, sheet.ground)
    for bar in sheet.bars:
        canvas.box(*bar)
    for item, angle in zip(sheet.items, generator(seed).uniform(0, 2 * math.pi, len(sheet.items)), strict=True):
        canvas.shift = (jitter * math.cos(angle), jitter * math.sin(angle))
        if item.tile:
            pad = sheet.size * 0.3
            corners = (item.x - pad, item.y - pad, item.x + sheet.size + pad, item.y + sheet.size + pad)
            canvas.box(*corners, item.tile, radius=pad)
        # It has what `paint` asks of a canvas.
        paint(canvas, item.icon, item.x, item.y, sheet.size, item.colour, item.stroke, item.mirror)  # type: ignore[arg-type]
    return canvas.pixels()


def _each(sheet: Sheet, **changes: object) -> Sheet:
    """Change every icon."""
    for index in range(len(sheet.items)):
        sheet = sheet.put(index, **changes)
    return sheet


def _strewn(
    names: tuple[str, ...], colour: Colour, seed: int, width: int, height: int, size: float
) -> tuple[Item, ...]:
    """Icons strewn over a picture, none on another."""
    rng = generator(seed)
    items: list[Item] = []
    while len(items) < len(names):
        x, y = rng.uniform(8, width - size - 8), rng.uniform(8, height - size - 8)
        if all(math.hypot(x - other.x, y - other.y) > size * 1.8 for other in items):
            items.append(Item(names[len(items)], round(x), round(y), colour))
    return tuple(items)


def _harbour() -> Scene:
    water, roads = (196, 222, 236), (252, 252, 250)
    bars = (
        (0.0, 96.0, 300.0, 200.0, water),
        (0.0, 40.0, 300.0, 47.0, roads),
        (84.0, 0.0, 91.0, 96.0, roads),
        (210.0, 0.0, 216.0, 96.0, roads),
        (0.0, 82.0, 300.0, 86.0, (240, 214, 160)),
    )
    sheet = Sheet(300, 200, (234, 238, 228), 20, _strewn(("pin",) * 11, (176, 48, 62), 401, 300, 200, 20), bars)
    made = Scene("icons", "fresh", "harbour", draw(sheet))
    made.same("cairo", cairo(sheet), "a map with marks, by another rasteriser")
    made.same("jitter", cairo(sheet, 0.2, 402), "every mark a fifth of a pixel off, by another rasteriser")
    away = sheet
    for index in range(11):
        away = away.move(index, x=5, y=-3)
    made.differs("moved", draw(away), "every mark 6 px off", "same")
    made.differs("moved-cairo", cairo(away), "every mark 6 px off, by another rasteriser", "cross")
    made.differs("flags", cairo(_each(sheet, icon="flag")), "pins became flags, by another rasteriser", "cross")
    return made


def _alone() -> Scene:
    sheet = Sheet(180, 140, (255, 255, 255), 48, (Item("cloud", 66, 46, (70, 110, 180)),))
    made = Scene("icons", "fresh", "alone", draw(sheet))
    made.same("cairo", cairo(sheet), "one icon in an empty picture, by another rasteriser")
    made.same("jpeg", jpeg(draw(sheet), 95), "one icon in an empty picture, JPEG of quality 95")
    made.differs("sun", cairo(sheet.put(0, icon="sun")), "cloud became sun, by another rasteriser", "cross")
    made.differs("mirror", draw(sheet.put(0, mirror=True)), "the cloud is mirrored", "same")
    return made


def _weave() -> Scene:
    items = icons._grid(("next",) * 40, 8, 6, 6, 30, ((92, 84, 70),))
    sheet = Sheet(246, 156, (236, 228, 210), 20, items)
    made = Scene("icons", "fresh", "weave", draw(sheet))
    made.same("cairo", cairo(sheet), "a pattern, by another rasteriser")
    made.same("jitter", draw(sheet, jitter=0.2, seed=405), "every tile of the pattern a fifth of a pixel off")
    made.differs(
        "one", cairo(sheet.put(19, mirror=True)), "a tile of the pattern is turned, other rasteriser", "cross"
    )
    made.differs("all", draw(_each(sheet, mirror=True)), "every tile of the pattern is turned", "same")
    half = sheet
    for index in range(0, 40, 2):
        half = half.put(index, mirror=True)
    made.differs("half", cairo(half, 0.15, 406), "every second tile is turned, other rasteriser", "cross")
    return made


def _stars() -> Scene:
    gold, grey = (238, 170, 30), (206, 208, 214)
    rows = (5, 3, 4, 2)
    items = tuple(
        Item("star", 24 + 30 * column, 18 + 34 * row, gold if column < count else grey)
        for row, count in enumerate(rows)
        for column in range(5)
    )
    bars = tuple(
        (184.0, 25.0 + 34 * row, 184.0 + 22 * count, 31.0 + 34 * row, gold) for row, count in enumerate(rows)
    )
    sheet = Sheet(310, 152, (255, 255, 255), 22, items, bars)
    made = Scene("icons", "fresh", "stars", draw(sheet))
    made.same("cairo", cairo(sheet), "rows of stars, by another rasteriser")
    made.same("webp", webp(draw(sheet), 95), "rows of stars, WebP of quality 95")
    made.differs("fewer", cairo(sheet.put(7, colour=grey)), "a star is grey, by another rasteriser", "cross")
    made.differs("hearts", draw(_each(sheet, icon="drop")), "stars became drops", "same")
    short = replace(sheet, bars=(*bars[:2], (184.0, 93.0, 240.0, 99.0, gold), bars[3]))
    made.differs("bar", draw(short, resample=LANCZOS), "a bar is shorter, another filter", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All sheets of icons."""
    for make in (_harbour, _alone, _weave, _stars):
        yield make()
