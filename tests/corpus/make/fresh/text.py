"""Text and formulas in other faces; with letters that stand elsewhere by fractions of a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.corpus.make.common import Pixels, Scene
from tests.corpus.make.fresh.formulas import formula
from tests.corpus.make.text import (
    FRACTIONAL,
    LCD,
    LIGHT,
    LIGHT_FRACTIONAL,
    NONE,
    PAPER,
    Line,
    Page,
    draw,
    lines_below,
)

LCD_FRACTIONAL = replace(LCD, subpixel=True)


def _reduced(page: Page, times: int = 4) -> Pixels:
    """Draw a page larger and reduce it: glyphs at any fraction of a pixel, anti-aliased by counting."""
    lines = tuple(replace(line, x=line.x * times, y=line.y * times, size=line.size * times) for line in page.lines)
    rules = tuple(
        (x0 * times, y0 * times, x1 * times, y1 * times, colour) for x0, y0, x1, y1, colour in page.rules
    )
    large = draw(Page(page.width * times, page.height * times, page.ground, lines, rules), NONE)
    return np.asarray(Image.fromarray(large).resize((page.width, page.height), Image.Resampling.BOX), np.uint8)


def _caption() -> Scene:
    page = Page(150, 48, PAPER, (Line(14, 31, "Figure 7.2", "Noto Serif", 22, (10, 10, 10)),))
    made = Scene("text", "fresh", "caption", draw(page, FRACTIONAL))
    made.same("light", draw(page, LIGHT_FRACTIONAL), "a label alone, light hinting")
    made.same("whole", draw(page, NONE), "a label alone, glyphs at whole pixels")
    made.same("reduced", _reduced(page), "a label alone, drawn large and reduced")
    made.differs(
        "digit", draw(page.change(0, "7.2", "7.3"), LIGHT_FRACTIONAL), "2 became 3, light hinting", "cross"
    )
    made.differs("word", draw(page.change(0, "Figure", "Future"), FRACTIONAL), "another word", "same")
    return made


def _initial() -> Scene:
    page = Page(190, 150, PAPER, (Line(66, 98, "G", "Gentium", 72, (34, 30, 60)),))
    made = Scene("text", "fresh", "initial", draw(page, FRACTIONAL))
    made.same("reduced", _reduced(page), "one letter in an empty picture, drawn large and reduced")
    made.same("light", draw(page, LIGHT), "one letter in an empty picture, light hinting")
    made.differs("other", _reduced(page.change(0, "G", "C")), "G became C, drawn large and reduced", "cross")
    made.differs("accent", draw(page.change(0, "G", "Ğ"), FRACTIONAL), "G became Ğ", "same")
    return made


def _story() -> Scene:
    texts = (
        "At the foot of the pass stood an inn",
        "with nine windows, of which eight had",
        "been bricked up in some earlier war.",
        "The landlady counted them aloud for",
        "every guest, so that none could say",
        "he had not been told about the dark.",
    )
    page = Page(330, 200, (252, 250, 246), lines_below(texts, 20, 34, 27, "Gentium", 19, (46, 38, 30)))
    made = Scene("text", "fresh", "story", draw(page, FRACTIONAL))
    made.same("wider", draw(page, FRACTIONAL, 1.004), "lines are 0.4 % longer, as by another font engine")
    made.same("wider-light", draw(page, LIGHT_FRACTIONAL, 0.996), "lines are 0.4 % shorter, light hinting")
    made.same("reduced", _reduced(page), "drawn large and reduced")
    word = draw(page.change(3, "aloud", "twice"), LIGHT_FRACTIONAL, 1.004)
    made.differs("word", word, "a word changed, longer lines, light hinting", "cross")
    made.differs("italic", draw(page.reface(4, "Gentium Italic"), NONE), "a line is italic, whole pixels", "cross")
    made.differs("line", draw(page.without(5), FRACTIONAL), "the last line is missing", "same")
    return made


def _ledger() -> Scene:
    names = ("Rent", "Water", "Power", "Phone", "Repairs", "Insurance")
    sums = ("- 840", "- 31", "- 66", "- 24", "- 118", "- 57")
    ink = (222, 226, 232)
    lines = lines_below(names, 18, 34, 29, "Open Sans", 16, ink)
    lines += lines_below(sums, 190, 34, 29, "Open Sans Bold", 16, (240, 150, 120))
    rules = tuple((18, 43 + 29 * row, 252, 44 + 29 * row, (60, 66, 80)) for row in range(5))
    page = Page(270, 200, (28, 32, 44), lines, rules)
    made = Scene("text", "fresh", "ledger", draw(page, LIGHT))
    made.same("none", draw(page, NONE), "no hinting, light on dark")
    made.same("wider", draw(page, FRACTIONAL, 1.008), "lines are 0.8 % longer, quarter pixels")
    plus = page
    for row in range(6, 12):
        plus = plus.change(row, "-", "+")
    made.differs("plus", draw(plus, LIGHT), "every minus became a plus", "same")
    made.differs("plus-none", draw(plus, NONE), "every minus became a plus, no hinting", "cross")
    made.differs("swap", draw(page.change(8, "66", "86"), FRACTIONAL), "digit 6 became 8, quarter pixels", "cross")
    return made


def _code() -> Scene:
    texts = (
        "fn area(r: &Rect) -> u32 {",
        "    if r.w == 0 { return 0; }",
        "    if r.h == 0 { return 0; }",
        "    let sum = r.w * r.h;",
        "    log(sum);",
        "    sum",
        "}",
    )
    lines = lines_below(texts, 14, 28, 22, "Fira Code", 15, (212, 212, 220))
    page = Page(290, 180, (30, 30, 38), lines).recolour(0, (130, 190, 250))
    made = Scene("text", "fresh", "code", draw(page, LIGHT))
    made.same("none", draw(page, NONE), "no hinting, light on dark")
    made.same("lcd", draw(page, LCD), "subpixel rendering, light on dark")
    made.same("fractional", draw(page, FRACTIONAL, 1.004), "quarter pixels, lines 0.4 % longer")
    turned = page.change(1, "==", "!=").change(2, "==", "!=")
    made.differs("turned", draw(turned, NONE), "both == became !=, no hinting", "cross")
    made.differs("star", draw(page.change(3, "r.w * r.h", "r.w + r.h"), LIGHT), "* became +", "same")
    made.differs("colour", draw(page.recolour(0, (250, 160, 120)), LCD), "a line is orange, subpixels", "cross")
    return made


def _menu() -> Scene:
    texts = ("Lentil soup", "Baked trout", "Barley salad", "Plum crumble", "House cider")
    prices = ("€ 6.50", "€ 17.20", "€ 9.80", "€ 7.40", "€ 4.90")
    ink = (44, 62, 50)
    lines = lines_below(texts, 22, 40, 30, "Lato", 18, ink) + lines_below(
        prices, 212, 40, 30, "Lato Bold", 17, ink
    )
    page = Page(300, 190, (246, 242, 230), lines)
    made = Scene("text", "fresh", "menu", draw(page, LIGHT_FRACTIONAL))
    made.same("none", draw(page, FRACTIONAL), "no hinting")
    made.same("lcd", draw(page, LCD_FRACTIONAL), "subpixel rendering")
    dollars = page
    for row in range(5, 10):
        dollars = dollars.change(row, "€", "$")
    made.differs("dollars", draw(dollars, FRACTIONAL), "every € became $, no hinting", "cross")
    made.differs("dish", draw(page.change(1, "trout", "perch"), LIGHT_FRACTIONAL), "a word changed", "same")
    made.differs("row", draw(page.move(4, y=6).move(9, y=6), LIGHT), "a row stands 6 px lower", "cross")
    return made


def _station() -> Scene:
    texts = ("Платформа 4", "Отправление 18:25", "Остановки: все")
    page = Page(260, 120, (0, 62, 116), lines_below(texts, 20, 38, 32, "Noto Sans Bold", 20, PAPER))
    made = Scene("text", "fresh", "platform", draw(page, NONE))
    made.same("light", draw(page, LIGHT), "light hinting, light on dark")
    made.same("wider", draw(page, FRACTIONAL, 1.005), "lines are 0.5 % longer, quarter pixels")
    made.differs("minute", draw(page.change(1, "25", "28"), LIGHT), "digit 5 became 8, light hinting", "cross")
    made.differs("place", draw(page.change(0, "4", "1"), NONE), "digit 4 became 1", "same")
    return made


def _formulas() -> Iterator[Scene]:
    root, wrong = r"$x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}$", r"$x=\frac{-b\pm\sqrt{b^2-4ac}}{3a}$"
    made = Scene("text", "fresh", "roots", formula(root, "cm"))
    made.same("path", formula(root, "cm", engine="svg"), "a formula alone, as outlines, by cairo")
    made.same("hinted", formula(root, "cm", hinting="default"), "a formula alone, hinted")
    made.differs("digit", formula(wrong, "cm", engine="svg"), "2 became 3 below the bar, by cairo", "cross")
    made.differs("sign", formula(root.replace(r"\pm", "+"), "cm"), "± became +", "same")
    yield made
    total = r"$\sum_{k=1}^{n} k^3 = \left(\frac{n(n+1)}{2}\right)^2$"
    made = Scene("text", "fresh", "cubes", formula(total, "stix"))
    made.same("path", formula(total, "stix", engine="svg"), "a formula alone, as outlines, by cairo")
    made.same("auto", formula(total, "stix", hinting="force_autohint"), "a formula alone, by the auto-hinter")
    made.differs("power", formula(total.replace("k^3", "k^5"), "stix", hinting="default"), "3 became 5", "cross")
    made.differs("minus", formula(total.replace("n+1", "n-1"), "stix", engine="svg"), "+ became −", "cross")
    yield made
    short = r"$\alpha_1 < \beta$"
    made = Scene("text", "fresh", "order", formula(short, "dejavuserif", width=110, height=44))
    made.same("cairo", formula(short, "dejavuserif", "cairo", width=110, height=44), "a short formula, by cairo")
    made.same(
        "hinted", formula(short, "dejavuserif", hinting="default", width=110, height=44), "a short formula, hinted"
    )
    turned = formula(short.replace("<", ">"), "dejavuserif", "cairo", width=110, height=44)
    made.differs("turned", turned, "< became >, by cairo", "cross")
    yield made


def scenes() -> Iterator[Scene]:
    """All scenes of text."""
    for make in (_caption, _initial, _story, _ledger, _code, _menu, _station):
        yield make()
    yield from _formulas()
