"""Other web pages by Chromium in other fonts; with marks, tiles and signs changed one by one and all at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.corpus.make import web
from tests.corpus.make.codecs import jpeg, webp
from tests.corpus.make.common import Pixels, Scene, generator
from tests.corpus.make.web import LCD, NONE, RASTER, SLIGHT, Renderer, Setting

PAGES = Path(__file__).parent / "pages"
Draw = Callable[..., Pixels]


def _drawer(renderer: Renderer, name: str, width: int, height: int) -> Draw:
    def draw(setting: Setting, *changes: tuple[str, str], style: str = "") -> Pixels:
        html = web.page(name, folder=PAGES)
        for old, new in changes:
            if old not in html:
                raise ValueError(f"{old!r} does not stand in {name}")
            html = html.replace(old, new)
        return renderer.draw(f"{html}<style>{style}</style>", width, height, setting)

    return draw


def _recipe(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "recipe", 420, 250)
    made = Scene("web", "fresh", "recipe", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting")
    made.same("wider", draw(NONE, style="body{letter-spacing:.02px}"), "advances a fiftieth of a pixel wider")
    made.differs("amount", draw(SLIGHT, ("350 ml", "850 ml")), "digit 3 became 8, slight hinting", "cross")
    made.differs("chip", draw(NONE, ("<span>easy</span>", "")), "a chip is missing", "same")
    title = draw(LCD, ("#8c3b1f", "#1f5c8c"))
    made.differs("title", title, "the title is blue, not red, subpixel rendering", "cross")
    return made


def _month(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "month", 460, 270)
    made = Scene("web", "fresh", "month", draw(SLIGHT))
    made.same("none", draw(NONE), "no hinting, light on dark")
    made.same("lcd", draw(LCD), "subpixel rendering, light on dark")
    made.differs("dots", draw(NONE, ("left:26px", "left:34px")), "all dots 8 px to the right, no hinting", "cross")
    made.differs("dot", draw(LCD, ("18<i></i>", "18")), "a dot is missing, subpixel rendering", "cross")
    made.differs("sundays", draw(SLIGHT, ("#f28b52", "#dfe3ea")), "Sundays are not orange", "same")
    return made


def _chat(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "chat", 380, 300)
    made = Scene("web", "fresh", "chat", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting")
    made.same("webp", webp(draw(NONE), 96), "WebP of quality 96")
    made.same("jpeg", jpeg(draw(NONE), 95), "JPEG of quality 95, whole colours")
    made.differs("time", webp(draw(NONE, ("16:45", "16:48")), 96), "digit 5 became 8, WebP of quality 96", "cross")
    made.differs("bubble", draw(SLIGHT, ("#d5f2d0", "#ffffff")), "a bubble is white, slight hinting", "cross")
    made.differs("tick", draw(NONE, ("16:44 ✓", "16:44")), "a tick is missing", "same")
    return made


def _park(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "park", 480, 320)
    places = [(round(x), round(y)) for x, y in generator(510).uniform((20, 20), (440, 270), (13, 2))]

    def marks(x: float = 0, y: float = 0, skip: int = -1, fill: str = "#b3261e") -> tuple[str, str]:
        drawn = "".join(
            f"<g transform='translate({left + x} {top + y})'>"
            f"<path d='M10 25 L3 12 A8 8 0 1 1 17 12 Z' fill='{fill}'/>"
            "<circle cx=10 cy=8.5 r=3 fill='#fff'/></g>"
            for index, (left, top) in enumerate(places)
            if index != skip
        )
        return "<!--marks-->", f"<svg width=480 height=320 style='left:0;top:0'>{drawn}</svg>"

    made = Scene("web", "fresh", "park", draw(NONE, marks()))
    made.same("slight", draw(SLIGHT, marks()), "a map, slight hinting")
    made.same("quarter", draw(NONE, marks(0.25, 0.2)), "a map, all marks a quarter of a pixel off")
    made.same("raster", draw(RASTER, marks()), "a map, by the graphics processor's rasteriser")
    made.differs("moved", draw(NONE, marks(5, 4)), "all marks of the map 6 px off", "same")
    made.differs("moved-slight", draw(SLIGHT, marks(-6, 0)), "all marks 6 px to the left, slight hinting", "cross")
    made.differs("colour", draw(SLIGHT, marks(fill="#1e58b3")), "all marks are blue, slight hinting", "cross")
    made.differs("gone", draw(RASTER, marks(skip=6)), "a mark is missing, other rasteriser", "cross")
    return made


def _plans(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "plans", 540, 290)
    made = Scene("web", "fresh", "plans", draw(SLIGHT))
    made.same("none", draw(NONE), "no hinting")
    made.same("lcd", draw(LCD), "subpixel rendering")
    made.differs("signs", draw(NONE, ("✓", "✗")), "every tick became a cross, no hinting", "cross")
    made.differs("price", draw(LCD, ("$18", "$16")), "digit 8 became 6, subpixel rendering", "cross")
    made.differs("border", draw(SLIGHT, ("2px solid #5a4fcf", "2px solid #d7daea")), "a border is grey", "same")
    return made


def _door(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "door", 360, 220)
    made = Scene("web", "fresh", "door", draw(NONE))
    made.same("slight", draw(SLIGHT), "one button in an empty page, slight hinting")
    made.same("raster", draw(RASTER), "one button in an empty page, other rasteriser")
    made.differs("word", draw(SLIGHT, ("Sign in", "Sign up")), "in became up, slight hinting", "cross")
    made.differs(
        "place", draw(RASTER, ("left:120px", "left:126px")), "6 px to the right, other rasteriser", "cross"
    )
    return made


def _quilt(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "quilt", 400, 240)
    made = Scene("web", "fresh", "patchwork", draw(NONE))
    made.same("raster", draw(RASTER), "a pattern, by the graphics processor's rasteriser")
    made.same("slight", draw(SLIGHT), "a pattern, slight hinting")
    turned = ("rotate(0 16 16)", "rotate(90 16 16)")
    made.differs("turned", draw(NONE, turned), "the tile of the pattern is turned", "same")
    made.differs("turned-raster", draw(RASTER, turned), "the tile is turned, other rasteriser", "cross")
    made.differs("word", draw(SLIGHT, ("fair", "fare")), "a word changed, slight hinting", "cross")
    return made


def _stock(renderer: Renderer) -> Scene:
    draw = _drawer(renderer, "stock", 1280, 640)
    made = Scene("web", "fresh", "stock", draw(SLIGHT))
    made.same("none", draw(NONE), "1280×640, no hinting")
    made.same("lcd", draw(LCD), "1280×640, subpixel rendering")
    made.differs("pieces", draw(NONE, ("<td>655", "<td>855")), "1280×640, digit 6 became 8, no hinting", "cross")
    made.differs("states", draw(NONE, ("i.r{background:#d64545}", "")), "1280×640, red dots are green", "cross")
    made.differs(
        "shelf", draw(SLIGHT, ("9 drawer<td>1024", "8 drawer<td>1024")), "1280×640, digit 9 became 8", "same"
    )
    return made


def scenes() -> Iterator[Scene]:
    """All web pages."""
    with tempfile.TemporaryDirectory() as folder:
        renderer = Renderer(Path(folder))
        try:
            for make in (_recipe, _month, _chat, _park, _plans, _door, _quilt, _stock):
                yield make(renderer)
        finally:
            renderer.close()
