"""Text in FreeType's rendering modes, with mistakes in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import freetype
import numpy as np

from tests.corpus.make import fonts
from tests.corpus.make.common import Floats, Pixels, Scene, to_pixels

FACES = {
    "DejaVu Sans": "dejavu/DejaVuSans.ttf",
    "DejaVu Sans Bold": "dejavu/DejaVuSans-Bold.ttf",
    "DejaVu Mono": "dejavu/DejaVuSansMono.ttf",
    "DejaVu Mono Bold": "dejavu/DejaVuSansMono-Bold.ttf",
    "DejaVu Serif": "dejavu/DejaVuSerif.ttf",
    "DejaVu Serif Bold": "dejavu/DejaVuSerif-Bold.ttf",
    "Liberation Sans": "liberation2/LiberationSans-Regular.ttf",
    "Liberation Sans Bold": "liberation2/LiberationSans-Bold.ttf",
    "Liberation Serif": "liberation2/LiberationSerif-Regular.ttf",
    "Liberation Serif Bold": "liberation2/LiberationSerif-Bold.ttf",
    "Liberation Mono": "liberation2/LiberationMono-Regular.ttf",
    "Liberation Mono Bold": "liberation2/LiberationMono-Bold.ttf",
    "Carlito": "crosextra/Carlito-Regular.ttf",
    "Carlito Bold": "crosextra/Carlito-Bold.ttf",
    "Fira Code": "firacode/FiraCode-Regular.ttf",
    "Fira Code Bold": "firacode/FiraCode-Bold.ttf",
    "Gentium": "gentium/Gentium-R.ttf",
    "Gentium Italic": "gentium/Gentium-I.ttf",
    "Lato": "lato/Lato-Regular.ttf",
    "Lato Bold": "lato/Lato-Bold.ttf",
    "Noto Sans": "noto/NotoSans-Regular.ttf",
    "Noto Sans Bold": "noto/NotoSans-Bold.ttf",
    "Noto Serif": "noto/NotoSerif-Regular.ttf",
    "Noto Serif Italic": "noto/NotoSerif-Italic.ttf",
    "Open Sans": "open-sans/OpenSans-Regular.ttf",
    "Open Sans Bold": "open-sans/OpenSans-Bold.ttf",
    "Roboto": "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
    "Roboto Bold": "roboto/unhinted/RobotoTTF/Roboto-Bold.ttf",
}
Colour = tuple[int, int, int]
_UPRIGHT = freetype.Matrix(0x10000, 0, 0, 0x10000)


@dataclass(frozen=True)
class Mode:
    """How glyphs become pixels; lines and pens stay where they are."""

    flags: int
    subpixel: bool = False  # glyphs stand at quarters of a pixel, else at whole ones
    lcd: bool = False
    contrast: float = 1.0  # exponent on coverage; below 1 is darker


NONE = Mode(freetype.FT_LOAD_NO_HINTING)
FRACTIONAL = Mode(freetype.FT_LOAD_NO_HINTING, subpixel=True)
LIGHT = Mode(freetype.FT_LOAD_TARGET_LIGHT)
LIGHT_FRACTIONAL = Mode(freetype.FT_LOAD_TARGET_LIGHT, subpixel=True)
LCD = Mode(freetype.FT_LOAD_TARGET_LCD | freetype.FT_LOAD_NO_HINTING, lcd=True)


@dataclass(frozen=True)
class Line:
    """A run of text: the left end of its baseline, its face and colour."""

    x: float
    y: int
    text: str
    face: str
    size: float
    colour: Colour


@dataclass(frozen=True)
class Page:
    """Lines on a plain ground, with rules `(x0, y0, x1, y1, colour)` under them."""

    width: int
    height: int
    ground: Colour
    lines: tuple[Line, ...]
    rules: tuple[tuple[int, int, int, int, Colour], ...] = ()

    def change(self, index: int, old: str, new: str) -> Page:
        """Replace words in a line."""
        line = self.lines[index]
        if old not in line.text:
            raise ValueError(f"{old!r} is not in {line.text!r}")
        return self.put(index, replace(line, text=line.text.replace(old, new, 1)))

    def move(self, index: int, x: float = 0, y: int = 0) -> Page:
        """Move a line."""
        line = self.lines[index]
        return self.put(index, replace(line, x=line.x + x, y=line.y + y))

    def recolour(self, index: int, colour: Colour) -> Page:
        """Give a line another colour."""
        return self.put(index, replace(self.lines[index], colour=colour))

    def reface(self, index: int, face: str) -> Page:
        """Set a line in another face."""
        return self.put(index, replace(self.lines[index], face=face))

    def without(self, index: int) -> Page:
        """Leave a line out."""
        return replace(self, lines=self.lines[:index] + self.lines[index + 1 :])

    def put(self, index: int, line: Line) -> Page:
        """Put another line in a line's place."""
        return replace(self, lines=(*self.lines[:index], line, *self.lines[index + 1 :]))


@cache
def _face(name: str, size: float) -> freetype.Face:
    face = freetype.Face(str(fonts.find(f"truetype/{FACES[name]}")))
    face.set_char_size(round(size * 64))  # at 72 dots per inch, a point is a pixel
    return face


def _stamp(coverage: Floats, bitmap: freetype.Bitmap, left: int, top: int, lcd: bool) -> None:
    if not bitmap.rows:
        return
    raw = np.array(bitmap.buffer, dtype=np.float64).reshape(bitmap.rows, bitmap.pitch)[:, : bitmap.width] / 255
    glyph = raw.reshape(bitmap.rows, -1, 3) if lcd else np.repeat(raw[:, :, None], 3, axis=2)
    height, width, _ = coverage.shape
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + glyph.shape[0], height), min(left + glyph.shape[1], width)
    if y1 > y0 and x1 > x0:
        part = coverage[y0:y1, x0:x1]
        np.maximum(part, glyph[y0 - top : y1 - top, x0 - left : x1 - left], out=part)


def draw(page: Page, mode: Mode, spacing: float = 1) -> Pixels:
    """Draw a page in one of the rendering modes; advances are unhinted, so that lines keep their length.

    With another `spacing`, the advances of another font engine: every line is that many times as long.
    """
    picture = np.empty((page.height, page.width, 3))
    picture[:] = page.ground
    for x0, y0, x1, y1, colour in page.rules:
        picture[y0:y1, x0:x1] = colour
    for line in page.lines:
        face = _face(line.face, line.size)
        coverage = np.zeros_like(picture)
        pen = line.x
        for character in line.text:
            whole = int(np.floor(pen)) if mode.subpixel else int(np.floor(pen + 0.5))
            shift = round((pen - whole) * 4) * 16 if mode.subpixel else 0
            face.set_transform(_UPRIGHT, freetype.Vector(shift, 0))
            face.load_char(character, mode.flags)
            advance = face.glyph.linearHoriAdvance / 65536
            face.glyph.render(freetype.FT_RENDER_MODE_LCD if mode.lcd else freetype.FT_RENDER_MODE_NORMAL)
            slot = face.glyph
            _stamp(coverage, slot.bitmap, whole + slot.bitmap_left, line.y - slot.bitmap_top, mode.lcd)
            pen += advance * spacing
        coverage **= mode.contrast
        picture += (np.asarray(line.colour) - picture) * coverage
    return to_pixels(picture)


def lines_below(
    texts: Sequence[str], x: float, y: int, step: int, face: str, size: float, colour: Colour
) -> tuple[Line, ...]:
    """Lines one below the other."""
    return tuple(Line(x, y + step * row, text, face, size, colour) for row, text in enumerate(texts))


INK = (26, 28, 33)
PAPER = (255, 255, 255)


def _receipt() -> Scene:
    items = (
        "2 x Sourdough loaf          9.60",
        "1 x Salted butter           3.45",
        "6 x Free range egg          2.88",
        "1 x Plum jam                4.20",
        "3 x Espresso                7.50",
        "--------------------------------",
        "Subtotal                   27.63",
        "Tax 7 %                     1.93",
        "Total                      29.56",
    )
    page = Page(320, 220, PAPER, lines_below(items, 20, 30, 21, "DejaVu Mono", 14, INK))
    made = Scene("text", "tune", "receipt", draw(page, FRACTIONAL))
    made.same("light", draw(page, LIGHT_FRACTIONAL), "light hinting")
    made.same("whole", draw(page, NONE), "glyphs at whole pixels")
    made.same("contrast", draw(page, replace(FRACTIONAL, contrast=0.88)), "slightly darker strokes")
    made.differs(
        "digit", draw(page.change(8, "29.56", "29.86"), FRACTIONAL), "digit 5 became 8 in the total", "same"
    )
    changed = draw(page.change(2, "2.88", "2.38"), LIGHT_FRACTIONAL)
    made.differs("digit-light", changed, "digit 8 became 3, light hinting", "cross")
    made.differs("gone", draw(page.change(3, "4.20", ""), NONE), "a price is missing, whole pixels", "cross")
    return made


def _article() -> Scene:
    texts = (
        "The harbour lay quiet under a thin",
        "layer of fog, and the ferries, which",
        "had been due at seven, waited for",
        "the pilot boat to come around the",
        "breakwater. Nobody on the quay was",
        "in a hurry; the gulls had the rails",
        "to themselves until almost noon.",
    )
    page = Page(340, 240, (250, 247, 240), lines_below(texts, 24, 40, 28, "DejaVu Serif", 16, (40, 36, 32)))
    made = Scene("text", "tune", "article", draw(page, LIGHT_FRACTIONAL))
    made.same("none", draw(page, FRACTIONAL), "no hinting")
    made.same("lcd", draw(page, replace(LCD, subpixel=True)), "subpixel rendering, no hinting")
    made.same("whole", draw(page, LIGHT), "glyphs at whole pixels")
    bold = draw(page.reface(3, "DejaVu Serif Bold"), FRACTIONAL)
    made.differs("bold", bold, "a line is bold, no hinting", "cross")
    missing = page.change(4, "Nobody", "      ")
    made.differs("word", draw(missing, LIGHT_FRACTIONAL), "a word is missing", "same")
    moved = draw(page.move(6, x=8), FRACTIONAL)
    made.differs("moved", moved, "the last line moved 8 px right, no hinting", "cross")
    return made


def _settings() -> Scene:
    grey = (205, 208, 214)
    labels = ("Notifications", "Appearance", "Language", "Storage", "Privacy", "Updates", "About this device")
    values = ("On", "Dark", "English", "41 GB of 64 GB", "Strict", "Weekly", "Model 3")
    lines = lines_below(labels, 18, 34, 30, "Liberation Sans", 15, grey)
    lines += lines_below(values, 196, 34, 30, "Liberation Sans", 13, (132, 140, 152))
    rules = tuple((18, 44 + 30 * row, 302, 45 + 30 * row, (52, 56, 64)) for row in range(6))
    page = Page(320, 240, (24, 26, 31), lines, rules)
    made = Scene("text", "tune", "settings", draw(page, LIGHT))
    made.same("none", draw(page, NONE), "no hinting, light on dark")
    made.same("fractional", draw(page, LIGHT_FRACTIONAL), "glyphs at quarter pixels")
    made.differs("value", draw(page.change(10, "41", "47"), LIGHT), "digit 1 became 7", "same")
    coloured = draw(page.recolour(11, (226, 110, 96)), NONE)
    made.differs("colour", coloured, "a value is red, no hinting", "cross")
    made.differs("row", draw(page.without(12), LIGHT), "a value is missing", "same")
    return made


def _headline() -> Scene:
    lines = (
        Line(20, 60, "Night trains return", "Liberation Serif Bold", 38, (18, 24, 48)),
        Line(20, 100, "to the coast line", "Liberation Serif Bold", 38, (18, 24, 48)),
        Line(21, 134, "Six sleepers a week from 14 June, says the operator", "Liberation Sans", 14, (90, 94, 104)),
    )
    page = Page(400, 160, PAPER, lines)
    made = Scene("text", "tune", "headline", draw(page, FRACTIONAL))
    made.same("lcd", draw(page, replace(LCD, subpixel=True)), "subpixel rendering")
    made.same("light", draw(page, LIGHT_FRACTIONAL), "light hinting")
    made.differs("letter", draw(page.change(1, "coast", "cost"), FRACTIONAL), "a letter is missing", "same")
    made.differs(
        "date", draw(page.change(2, "14", "19"), LIGHT_FRACTIONAL), "digit 4 became 9, light hinting", "cross"
    )
    plain = draw(page.reface(1, "Liberation Serif"), LIGHT_FRACTIONAL)
    made.differs("regular", plain, "a headline is regular, not bold, light hinting", "cross")
    return made


def _listing() -> Scene:
    texts = (
        "def mean(values):",
        '    """Average, or zero."""',
        "    total = 0.0",
        "    for value in values:",
        "        total += value",
        "    if not values:",
        "        return 0.0",
        "    return total / len(values)",
    )
    lines = lines_below(texts, 16, 28, 22, "Liberation Mono", 14, (36, 41, 46))
    page = Page(300, 204, (246, 248, 250), lines).recolour(1, (3, 98, 60))
    made = Scene("text", "judge", "listing", draw(page, LIGHT))
    made.same("none", draw(page, NONE), "no hinting")
    made.same("fractional", draw(page, FRACTIONAL), "no hinting, quarter pixels")
    made.same("lcd", draw(page, LCD), "subpixel rendering")
    made.differs("sign", draw(page.change(4, "+=", "-="), LIGHT), "a plus became a minus", "same")
    made.differs("name", draw(page.change(3, "values", "valves"), NONE), "a letter changed, no hinting", "cross")
    made.differs("colour", draw(page.recolour(1, (150, 40, 40)), FRACTIONAL), "a line is red, not green", "cross")
    return made


def _letter() -> Scene:
    texts = (
        "Dear Ms Okafor,",
        "thank you for your order of 18 March.",
        "Two of the chairs are ready; the third",
        "needs another coat of oil and follows",
        "by the end of the week. The invoice",
        "over 1,260 is enclosed.",
        "With kind regards, Workshop Lindahl",
    )
    page = Page(330, 240, PAPER, lines_below(texts, 26, 44, 27, "Liberation Serif", 18, (20, 20, 20)))
    made = Scene("text", "judge", "letter", draw(page, FRACTIONAL))
    made.same("light", draw(page, LIGHT_FRACTIONAL), "light hinting")
    made.same("contrast", draw(page, replace(FRACTIONAL, contrast=1.12)), "slightly lighter strokes")
    made.same("lcd", draw(page, replace(LCD, subpixel=True)), "subpixel rendering")
    digit = draw(page.change(5, "1,260", "1,280"), LIGHT_FRACTIONAL)
    made.differs("digit", digit, "digit 6 became 8, light hinting", "cross")
    made.differs("moved", draw(page.move(0, y=7), FRACTIONAL), "the first line moved 7 px down", "same")
    made.differs(
        "bold", draw(page.reface(5, "Liberation Serif Bold"), NONE), "a line is bold, whole pixels", "cross"
    )
    return made


def _departures() -> Scene:
    amber = (255, 196, 64)
    times = ("06:12", "06:40", "07:05", "07:18", "07:55", "08:20")
    places = ("Porto", "Lisboa Oriente", "Braga", "Coimbra B", "Faro", "Guarda")
    tracks = ("3", "1", "5", "2", "1", "4")
    lines = lines_below(times, 20, 38, 30, "DejaVu Sans Bold", 16, amber)
    lines += lines_below(places, 96, 38, 30, "DejaVu Sans", 16, (236, 238, 242))
    lines += lines_below(tracks, 282, 38, 30, "DejaVu Sans", 16, amber)
    page = Page(320, 220, (14, 22, 44), lines)
    made = Scene("text", "judge", "departures", draw(page, NONE))
    made.same("light", draw(page, LIGHT), "light hinting, light on dark")
    made.same("fractional", draw(page, FRACTIONAL), "glyphs at quarter pixels")
    made.differs("track", draw(page.change(14, "5", "6"), NONE), "track 5 became 6", "same")
    made.differs("gone", draw(page.without(9), LIGHT), "a town is missing, light hinting", "cross")
    made.differs("time", draw(page.change(3, "07:18", "07:13"), FRACTIONAL), "digit 8 became 3", "cross")
    return made


def _terminal() -> Scene:
    green, grey = (126, 211, 134), (200, 204, 200)
    texts = (
        "$ make check",
        "compile  src/parse.c      ok",
        "compile  src/emit.c       ok",
        "link     build/tool       ok",
        "test     24 of 24 passed",
        "$ _",
    )
    page = Page(300, 150, (16, 18, 16), lines_below(texts, 14, 26, 21, "DejaVu Mono", 13, grey))
    page = page.recolour(4, green)
    made = Scene("text", "judge", "terminal", draw(page, LIGHT))
    made.same("none", draw(page, NONE), "no hinting, light on dark")
    made.same("fractional", draw(page, LIGHT_FRACTIONAL), "glyphs at quarter pixels")
    made.differs("word", draw(page.change(2, "  ok", "bad"), LIGHT), "a word changed", "same")
    made.differs("digit", draw(page.change(4, "24 of", "21 of"), NONE), "digit 4 became 1, no hinting", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All scenes of text."""
    for make in (_receipt, _article, _settings, _headline, _listing, _letter, _departures, _terminal):
        yield make()
