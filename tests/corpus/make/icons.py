"""Icon sheets and toolbars."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from tests.corpus.make.common import Pixels, Scene, generator
from tests.corpus.make.vector import BOX, HAMMING, LANCZOS, Canvas, Colour, Point

# Icons on a grid of 24 units: closed shapes, open strokes, discs (x, y, radius) and rings (x, y, radius).
Shape = tuple[str, tuple[float, ...]]
ICONS: dict[str, tuple[Shape, ...]] = {
    "home": (("fill", (12, 3, 22, 12, 19, 12, 19, 21, 5, 21, 5, 12, 2, 12)),),
    "search": (("ring", (10, 10, 7)), ("line", (15, 15, 21, 21))),
    "bell": (("fill", (5, 17, 7, 15, 7, 9, 9, 5, 12, 4, 15, 5, 17, 9, 17, 15, 19, 17)), ("disc", (12, 20, 2))),
    "mail": (("line", (3, 6, 21, 6, 21, 18, 3, 18, 3, 6)), ("line", (3, 6, 12, 13, 21, 6))),
    "trash": (
        ("line", (4, 6, 20, 6)),
        ("line", (9, 6, 9, 3, 15, 3, 15, 6)),
        ("line", (6, 6, 7, 21, 17, 21, 18, 6)),
    ),
    "play": (("fill", (6, 3, 21, 12, 6, 21)),),
    "pause": (("fill", (5, 4, 10, 4, 10, 20, 5, 20)), ("fill", (14, 4, 19, 4, 19, 20, 14, 20))),
    "next": (("fill", (4, 4, 15, 12, 4, 20)), ("fill", (16, 4, 19, 4, 19, 20, 16, 20))),
    "stop": (("fill", (5, 5, 19, 5, 19, 19, 5, 19)),),
    "plus": (("line", (12, 4, 12, 20)), ("line", (4, 12, 20, 12))),
    "minus": (("line", (4, 12, 20, 12)),),
    "check": (("line", (4, 13, 10, 19, 20, 6)),),
    "close": (("line", (5, 5, 19, 19)), ("line", (19, 5, 5, 19))),
    "arrow": (("line", (4, 12, 20, 12)), ("line", (13, 5, 20, 12, 13, 19))),
    "chart": (
        ("fill", (4, 13, 8, 13, 8, 21, 4, 21)),
        ("fill", (10, 8, 14, 8, 14, 21, 10, 21)),
        ("fill", (16, 3, 20, 3, 20, 21, 16, 21)),
    ),
    "folder": (("fill", (2, 5, 9, 5, 11, 8, 22, 8, 22, 20, 2, 20)),),
    "file": (
        ("line", (6, 3, 14, 3, 19, 8, 19, 21, 6, 21, 6, 3)),
        ("line", (9, 12, 16, 12)),
        ("line", (9, 16, 16, 16)),
    ),
    "cloud": (
        ("disc", (8, 14, 5)),
        ("disc", (13, 10, 6)),
        ("disc", (18, 14, 4)),
        ("fill", (8, 14, 18, 14, 18, 18, 8, 19)),
    ),
    "lock": (("ring", (12, 8, 5.5)), ("fill", (4, 10, 20, 10, 20, 21, 4, 21))),
    "user": (("disc", (12, 8, 5)), ("fill", (3, 21, 5, 16, 9, 14, 15, 14, 19, 16, 21, 21))),
    "clock": (("ring", (12, 12, 10)), ("line", (12, 6, 12, 12, 16, 15))),
    "flag": (("line", (5, 3, 5, 22)), ("fill", (5, 3, 20, 7, 5, 13))),
    "drop": (("disc", (12, 15, 6.5)), ("fill", (12, 2, 18, 13, 6, 13))),
    "sun": (
        ("disc", (12, 12, 5)),
        ("line", (12, 1.5, 12, 4)),
        ("line", (12, 20, 12, 22.5)),
        ("line", (1.5, 12, 4, 12)),
        ("line", (20, 12, 22.5, 12)),
    ),
    "pin": (("disc", (12, 9, 7)), ("fill", (5.6, 12, 18.4, 12, 12, 23))),
    "star": (
        (
            "fill",
            tuple(
                12 + (10 if corner % 2 == 0 else 4.2) * wave(math.pi * corner / 5)
                for corner in range(10)
                for wave in (math.sin, lambda angle: -math.cos(angle))
            ),
        ),
    ),
}


@dataclass(frozen=True)
class Item:
    """An icon at its place, on a tile or bare."""

    icon: str
    x: float
    y: float
    colour: Colour
    tile: Colour | None = None
    mirror: bool = False
    stroke: float = 2


@dataclass(frozen=True)
class Sheet:
    """Icons of one size on a plain ground, with bars `(x0, y0, x1, y1, colour)` under them."""

    width: int
    height: int
    ground: Colour
    size: float
    items: tuple[Item, ...]
    bars: tuple[tuple[float, float, float, float, Colour], ...] = ()

    def put(self, index: int, **changes: object) -> Sheet:
        """Change an icon."""
        changed = replace(self.items[index], **changes)  # type: ignore[arg-type]
        return replace(self, items=(*self.items[:index], changed, *self.items[index + 1 :]))

    def move(self, index: int, x: float = 0, y: float = 0) -> Sheet:
        """Move an icon."""
        item = self.items[index]
        return self.put(index, x=item.x + x, y=item.y + y)

    def drop(self, index: int) -> Sheet:
        """Leave an icon out."""
        return replace(self, items=self.items[:index] + self.items[index + 1 :])


def paint(
    canvas: Canvas,
    icon: str,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    stroke: float = 2,
    mirror: bool = False,
) -> None:
    """Draw an icon on a canvas."""
    unit = size / 24
    for kind, numbers in ICONS[icon]:
        if kind in ("disc", "ring"):
            centre, middle, radius = numbers
            across = 24 - centre if mirror else centre
            if kind == "disc":
                canvas.disc(x + across * unit, y + middle * unit, radius * unit, colour)
            else:
                canvas.ring(x + across * unit, y + middle * unit, radius * unit, stroke * unit, colour)
            continue
        points: list[Point] = [
            (x + (24 - numbers[i] if mirror else numbers[i]) * unit, y + numbers[i + 1] * unit)
            for i in range(0, len(numbers), 2)
        ]
        if kind == "fill":
            canvas.polygon(points, colour)
        else:
            canvas.line(points, stroke * unit, colour)


def draw(
    sheet: Sheet, scale: int = 8, jitter: float = 0, seed: int = 0, resample: Image.Resampling = BOX
) -> Pixels:
    """Draw a sheet; `jitter` moves every icon by that many pixels, each in its own direction."""
    canvas = Canvas(sheet.width, sheet.height, sheet.ground, scale, resample=resample)
    for bar in sheet.bars:
        canvas.box(*bar)
    angles = generator(seed).uniform(0, 2 * math.pi, 64)
    for item, angle in zip(sheet.items, angles, strict=False):
        canvas.shift = (jitter * math.cos(angle), jitter * math.sin(angle))
        if item.tile:
            pad = sheet.size * 0.3
            corners = (item.x - pad, item.y - pad, item.x + sheet.size + pad, item.y + sheet.size + pad)
            canvas.box(*corners, item.tile, radius=pad)
        paint(canvas, item.icon, item.x, item.y, sheet.size, item.colour, item.stroke, item.mirror)
    return canvas.pixels()


def _grid(
    names: Sequence[str],
    columns: int,
    left: float,
    top: float,
    step: float,
    colours: Sequence[Colour],
    tiles: Sequence[Colour | None] = (None,),
    stroke: float = 2,
) -> tuple[Item, ...]:
    return tuple(
        Item(
            name,
            left + step * (index % columns),
            top + step * (index // columns),
            colours[index % len(colours)],
            tiles[index % len(tiles)],
            stroke=stroke,
        )
        for index, name in enumerate(names)
    )


WHITE = (255, 255, 255)
SLATE = (60, 66, 78)


def _toolbar() -> Scene:
    names = ("home", "search", "file", "folder", "trash", "mail", "bell", "chart", "clock", "user")
    items = _grid(names, 10, 16, 12, 38, (SLATE,))
    sheet = Sheet(400, 48, (243, 244, 246), 24, items, ((0, 47, 400, 48, (210, 212, 216)),))
    made = Scene("icons", "tune", "toolbar", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.2, seed=1), "every icon a fifth of a pixel off")
    made.same("lanczos", draw(sheet, resample=LANCZOS), "another reduction filter")
    made.differs("drop", draw(sheet.drop(6)), "an icon is missing", "same")
    made.differs(
        "swap", draw(sheet.put(3, icon="cloud"), jitter=0.2, seed=2), "folder became cloud, jitter", "cross"
    )
    moved = draw(sheet.move(8, y=4), jitter=0.15, seed=3)
    made.differs("moved", moved, "an icon 4 px lower, jitter", "cross")
    return made


def _launcher() -> Scene:
    names = ("play", "cloud", "star", "mail", "chart", "pin", "drop", "sun", "lock", "flag", "bell", "clock")
    tiles = ((66, 133, 244), (219, 68, 85), (244, 180, 0), (15, 157, 88), (120, 84, 200))
    sheet = Sheet(296, 224, (30, 34, 42), 32, _grid(names, 4, 28, 24, 70, (WHITE,), tiles))
    made = Scene("icons", "tune", "launcher", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.25, seed=4), "every tile a quarter of a pixel off")
    made.same("coarse", draw(sheet, scale=4), "16 instead of 64 samples in a pixel")
    made.differs(
        "tile", draw(sheet.put(5, tile=(219, 120, 40)), jitter=0.2, seed=5), "a tile is orange, jitter", "cross"
    )
    made.differs("mirror", draw(sheet.put(9, mirror=True)), "the flag is mirrored", "same")
    made.differs("drop", draw(sheet.drop(11), scale=4), "a tile is missing, fewer samples", "cross")
    return made


def _thin() -> Scene:
    names = (
        "search",
        "mail",
        "trash",
        "plus",
        "check",
        "close",
        "arrow",
        "file",
        "clock",
        "minus",
        "lock",
        "chart",
    )
    sheet = Sheet(244, 124, WHITE, 20, _grid(names, 6, 14, 20, 38, ((20, 24, 32),), stroke=1.4))
    made = Scene("icons", "tune", "thin", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.12, seed=6), "every icon an eighth of a pixel off")
    made.same("hamming", draw(sheet, resample=HAMMING, scale=6), "another filter and fewer samples")
    made.differs("plus", draw(sheet.put(3, icon="minus")), "plus became minus", "same")
    made.differs(
        "red", draw(sheet.put(5, colour=(210, 40, 40)), jitter=0.12, seed=7), "the cross is red, jitter", "cross"
    )
    return made


def _sidebar() -> Scene:
    names = ("user", "home", "star", "folder", "cloud", "lock", "bell")
    sheet = Sheet(64, 300, (44, 52, 72), 22, _grid(names, 1, 21, 22, 40, ((190, 200, 220),)))
    made = Scene("icons", "judge", "sidebar", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.2, seed=11), "every icon a fifth of a pixel off")
    made.same("coarse", draw(sheet, scale=5), "25 instead of 64 samples in a pixel")
    made.differs("drop", draw(sheet.drop(4), jitter=0.2, seed=12), "an icon is missing, jitter", "cross")
    made.differs("active", draw(sheet.put(2, colour=(255, 190, 60))), "the star is yellow", "same")
    made.differs("moved", draw(sheet.move(3, x=5), scale=5), "an icon 5 px right, fewer samples", "cross")
    return made


def _player() -> Scene:
    names = ("play", "next", "stop", "plus", "star", "arrow", "close")
    bars = ((20.0, 62.0, 340.0, 66.0, (70, 74, 84)), (20.0, 62.0, 152.0, 66.0, (90, 170, 255)))
    sheet = Sheet(360, 80, (18, 20, 24), 28, _grid(names, 7, 24, 18, 48, ((232, 234, 240),)), bars)
    made = Scene("icons", "judge", "player", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.25, seed=13), "every icon a quarter of a pixel off")
    made.same("lanczos", draw(sheet, resample=LANCZOS), "another reduction filter")
    made.differs(
        "pause", draw(sheet.put(0, icon="pause"), resample=LANCZOS), "play became pause, other filter", "cross"
    )
    made.differs(
        "mirror", draw(sheet.put(5, mirror=True), jitter=0.2, seed=14), "the arrow is mirrored, jitter", "cross"
    )
    bar = replace(sheet, bars=(bars[0], (20.0, 62.0, 176.0, 66.0, (90, 170, 255))))
    made.differs("bar", draw(bar), "the bar is 24 px longer", "same")
    return made


def _markers() -> Scene:
    names = ("pin", "drop", "flag", "sun", "pin", "cloud", "star", "check")
    colours = ((196, 60, 60), (40, 110, 190), (60, 140, 80), (220, 150, 20))
    items = _grid(names, 4, 24, 20, 62, colours)
    bars = ((0.0, 74.0, 260.0, 84.0, (255, 244, 200)), (120.0, 0.0, 128.0, 150.0, (255, 255, 255)))
    sheet = Sheet(260, 150, (226, 234, 222), 30, items, bars)
    made = Scene("icons", "judge", "markers", draw(sheet))
    made.same("jitter", draw(sheet, jitter=0.3, seed=15), "every mark three tenths of a pixel off")
    made.same("hamming", draw(sheet, resample=HAMMING), "another reduction filter")
    made.differs("moved", draw(sheet.move(4, x=-6, y=3)), "a mark 7 px off", "same")
    made.differs("colour", draw(sheet.put(0, colour=(60, 140, 80)), resample=HAMMING), "a mark is green", "cross")
    made.differs(
        "swap", draw(sheet.put(7, icon="close"), jitter=0.25, seed=16), "check became cross, jitter", "cross"
    )
    return made


def scenes() -> Iterator[Scene]:
    """All sheets of icons."""
    for make in (_toolbar, _launcher, _thin, _sidebar, _player, _markers):
        yield make()
