"""Web pages by headless Chromium under several font settings, with mistakes in them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.corpus.make import fonts
from tests.corpus.make.common import Pixels, Scene, decode

CHROMIUM = "/usr/bin/chromium"
PAGES = Path(__file__).parent / "pages"
# What the driver sets by itself, and would hide the fonts' settings.
DRIVER_DEFAULTS = ["--font-render-hinting=none", "--disable-lcd-text"]


@dataclass(frozen=True)
class Setting:
    """How a machine is set up to draw letters: the fonts' settings and the browser's flags."""

    style: str
    rgba: str = "none"
    flags: tuple[str, ...] = ()


NONE = Setting("hintnone")
SLIGHT = Setting("hintslight")
FULL = Setting("hintfull")
LCD = Setting("hintslight", "rgb", ("--enable-lcd-text",))
RASTER = Setting("hintnone", "none", ("--enable-gpu-rasterization", "--use-angle=swiftshader"))


def _configuration(setting: Setting, folder: Path) -> Path:
    """Write the fonts' settings as fontconfig reads them."""
    hinting = str(setting.style != "hintnone").lower()
    edits = "".join(
        f'<edit name="{name}" mode="assign">{value}</edit>'
        for name, value in (
            ("antialias", "<bool>true</bool>"),
            ("hinting", f"<bool>{hinting}</bool>"),
            ("hintstyle", f"<const>{setting.style}</const>"),
            ("rgba", f"<const>{setting.rgba}</const>"),
        )
    )
    matches = "".join(f'<match target="{target}">{edits}</match>' for target in ("pattern", "font"))
    folders = "".join(f"<dir>{root}</dir>" for root in fonts.roots())
    path = folder / f"{setting.style}-{setting.rgba}.conf"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"{folders}<cachedir>{folder}</cachedir>{matches}</fontconfig>",
        encoding="utf-8",
    )
    return path


class Renderer:
    """Browsers, one for every setting that is asked for."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._driver = sync_playwright().start()
        self._browsers: dict[Setting, Browser] = {}

    def close(self) -> None:
        """End the browsers."""
        for browser in self._browsers.values():
            browser.close()
        self._driver.stop()

    def draw(self, html: str, width: int, height: int, setting: Setting) -> Pixels:
        """Draw a page."""
        if setting not in self._browsers:
            environment: dict[str, str | float | bool] = {
                **os.environ,
                "FONTCONFIG_FILE": str(_configuration(setting, self._folder)),
            }
            self._browsers[setting] = self._driver.chromium.launch(
                executable_path=CHROMIUM,
                ignore_default_args=DRIVER_DEFAULTS,
                args=["--no-sandbox", "--force-device-scale-factor=1", *setting.flags],
                env=environment,
            )
        tab = self._browsers[setting].new_page(viewport={"width": width, "height": height})
        tab.set_content(html)
        picture = tab.screenshot()
        tab.close()
        return decode(picture)


def page(name: str, old: str = "", new: str = "", folder: Path = PAGES) -> str:
    """A page's source, with a change to what stands exactly once in it."""
    html = (folder / f"{name}.html").read_text(encoding="utf-8")
    if old and html.count(old) != 1:
        raise ValueError(f"{old!r} stands {html.count(old)} times in {name}")
    return html.replace(old, new) if old else html


def sign(name: str, number: int) -> str:
    """The source of an icon in a page."""
    html = page(name)
    start = html.index(f"<svg id=i{number} ")
    return html[start : html.index("</svg>", start) + len("</svg>")]


def _form(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("form", old, new), 380, 310, setting)

    made = Scene("web", "tune", "form", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting")
    made.same("lcd", draw(LCD), "slight hinting, subpixel rendering")
    made.differs("digit", draw(NONE, "4050-262", "4050-282"), "digit 6 became 8", "same")
    made.differs("button", draw(SLIGHT, "#2563eb", "#16a34a"), "the button is green, slight hinting", "cross")
    icon = draw(FULL, sign("form", 1), '<span class="i" style="display:inline-block;width:18px"></span>')
    made.differs("icon", icon, "the icon is missing, full hinting", "cross")
    return made


def _table(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("table", old, new), 460, 230, setting)

    made = Scene("web", "tune", "table", draw(SLIGHT))
    made.same("none", draw(NONE), "no hinting")
    made.same("lcd", draw(LCD), "subpixel rendering")
    made.differs("digit", draw(NONE, "193", "198"), "digit 3 became 8, no hinting", "cross")
    made.differs("colour", draw(SLIGHT, ".n{color:#b42318}", ""), "a red 0 is black", "same")
    rule = draw(SLIGHT, "<tr><td>Handle", "<tr style='border-bottom:1px solid #fff'><td style='border:0'>Handle")
    made.differs("rule", rule, "a hairline is missing below a cell", "same")
    made.differs("word", draw(LCD, "Turin", "Milan"), "Turin became Milan, subpixel rendering", "cross")
    return made


def _dash(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("control", old, new), 600, 290, setting)

    made = Scene("web", "tune", "control", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting, light on dark")
    made.same("raster", draw(RASTER), "drawn by the graphics processor's rasteriser")
    made.differs("icon", draw(NONE, sign("control", 2), ""), "the clock is missing", "same")
    made.differs("digit", draw(SLIGHT, "128 ms", "123 ms"), "digit 8 became 3, slight hinting", "cross")
    made.differs("bar", draw(FULL, "width:81%", "width:76%"), "a bar is shorter, full hinting", "cross")
    return made


def _blog(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("garden", old, new), 480, 340, setting)

    made = Scene("web", "tune", "garden", draw(SLIGHT))
    made.same("none", draw(NONE), "no hinting")
    made.same("lcd", draw(LCD), "subpixel rendering")
    made.differs("link", draw(NONE, "a{color:#1a5fb4}", ""), "a link is not blue, no hinting", "cross")
    made.differs("border", draw(SLIGHT, "border-left:3px", "border-left:0px"), "the border is missing", "same")
    return made


def _office(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("tickets", old, new), 1920, 1080, setting)

    made = Scene("web", "tune", "tickets", draw(NONE))
    made.same("slight", draw(SLIGHT), "full HD, slight hinting")
    made.differs("digit", draw(NONE, "<td>4211", "<td>4217"), "full HD, digit 1 became 7", "same")
    made.differs(
        "word", draw(SLIGHT, "Old laptop", "Old tablet"), "full HD, a word changed, slight hinting", "cross"
    )
    made.differs(
        "shift", draw(SLIGHT, "left:266px", "left:274px"), "full HD, the panel 8 px right, hinting", "cross"
    )
    return made


def _shop(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("shop", old, new), 560, 290, setting)

    made = Scene("web", "judge", "shop", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting")
    made.same("raster", draw(RASTER), "drawn by the graphics processor's rasteriser")
    made.differs("price", draw(SLIGHT, "12.80", "12.30"), "digit 8 became 3, slight hinting", "cross")
    made.differs("icon", draw(NONE, sign("shop", 1), ""), "the cart is missing", "same")
    made.differs("tin", draw(LCD, "#8aa37b", "#a39d7b"), "a tin has another colour, subpixel rendering", "cross")
    return made


def _mails(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("inbox", old, new), 520, 262, setting)

    made = Scene("web", "judge", "inbox", draw(SLIGHT))
    made.same("none", draw(NONE), "no hinting, light on dark")
    made.same("lcd", draw(LCD), "subpixel rendering, light on dark")
    made.differs("time", draw(NONE, "08:57", "08:51"), "digit 7 became 1, no hinting", "cross")
    made.differs("badge", draw(SLIGHT, "<span>08:30", "<i class=n>2</i><span>08:30"), "a badge more", "same")
    gone = '<svg width="18" height="18"></svg>'
    made.differs("star", draw(FULL, sign("inbox", 5), gone), "a star is missing, full hinting", "cross")
    return made


def _docs(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("manual", old, new), 550, 290, setting)

    made = Scene("web", "judge", "manual", draw(NONE))
    made.same("slight", draw(SLIGHT), "slight hinting")
    made.same("lcd", draw(LCD), "subpixel rendering")
    rule = draw(NONE, ";border-bottom:1px solid #c8ced6", ";border-bottom:1px solid #fff")
    made.differs("rule", rule, "the hairline under the heading is missing", "same")
    made.differs("digit", draw(SLIGHT, "tries=5", "tries=6"), "digit 5 became 6, slight hinting", "cross")
    note = draw(FULL, "#e7f3ec;border-left:4px solid #2f855a", "#f9ecea;border-left:4px solid #b54a3c")
    made.differs("note", note, "the note is red, not green, full hinting", "cross")
    return made


def _map(renderer: Renderer) -> Scene:
    def draw(setting: Setting, old: str = "", new: str = "") -> Pixels:
        return renderer.draw(page("walk", old, new), 1920, 1080, setting)

    made = Scene("web", "judge", "walk", draw(NONE))
    made.same("slight", draw(SLIGHT), "full HD, slight hinting")
    pin = "<div class=p style='left:1100px;top:820px'></div>"
    made.differs("pin", draw(SLIGHT, pin, ""), "full HD, a mark is missing, slight hinting", "cross")
    made.differs("digit", draw(NONE, "82 m", "32 m"), "full HD, digit 8 became 3", "same")
    made.differs(
        "name", draw(FULL, "School</div>", "Stool</div>"), "full HD, a word changed, full hinting", "cross"
    )
    return made


def scenes() -> Iterator[Scene]:
    """All web pages."""
    with tempfile.TemporaryDirectory() as folder:
        renderer = Renderer(Path(folder))
        try:
            for make in (_form, _table, _dash, _blog, _office, _shop, _mails, _docs, _map):
                yield make(renderer)
        finally:
            renderer.close()
