"""The window of an imaginary ferry office: sidebar, search field, button, list of sailings."""

from dataclasses import dataclass

from rendering.arrays import Pixels
from rendering.canvas import Canvas

WIDTH, HEIGHT = 480, 320
_SIDEBAR, _TOP = 118, 30


@dataclass(frozen=True)
class Theme:
    """The colours of the window."""

    bar: str
    side: str
    page: str
    card: str
    edge: str
    ink: str
    soft: str
    accent: str
    chosen: str


LIGHT = Theme(
    "#e9ecf1",
    "#f4f6f9",
    "#ffffff",
    "#ffffff",
    "#dde2ea",
    "#1d2736",
    "#6b7789",
    "#2563c9",
    "#dfe9fa",
)
DARK = Theme(
    "#11161f",
    "#171d28",
    "#1d2430",
    "#252e3d",
    "#323d50",
    "#e8edf5",
    "#93a0b4",
    "#5b8def",
    "#273449",
)


@dataclass(frozen=True)
class _Sailing:
    route: str
    detail: str
    leaves: str
    full: float
    state: str


_SAILINGS = (
    _Sailing("Eastholm to Brack Isle", "MV Saltmarsh · berth 2", "07:15", 0.92, "boarding"),
    _Sailing("Eastholm to Fennick", "MV Grey Heron · berth 1", "07:40", 0.48, "on time"),
    _Sailing("Brack Isle to Eastholm", "MV Lantern · berth 3", "08:05", 0.71, "delayed"),
    _Sailing("Fennick to Orrin Point", "MV Kittiwake · berth 1", "08:30", 0.23, "on time"),
)
_STATES = {
    "boarding": ("#1f8a5b", "#ffffff"),
    "on time": ("#cfe8dc", "#14613f"),
    "delayed": ("#fbdcc4", "#93400b"),
}
_PAGES = ("Sailings", "Bookings", "Crew", "Weather", "Settings")


@dataclass(frozen=True)
class State:
    """What may differ between two pictures of the window."""

    theme: Theme = LIGHT
    button: str = ""
    bookings: str = "18"


def _page_icon(canvas: Canvas, index: int, y: float, colour: str, hole: str) -> None:
    """Draw one of the sidebar's little pictures, 12 pixels square."""
    x = 22.0
    if index == 0:
        canvas.polygon([(x - 6, y + 1), (x + 6, y + 1), (x + 4, y + 5), (x - 4, y + 5)], colour)
        canvas.polygon([(x - 0.5, y - 6), (x - 0.5, y), (x - 4.5, y)], colour)
        canvas.polygon([(x + 0.8, y - 4), (x + 0.8, y), (x + 4, y)], colour)
    elif index == 1:
        canvas.box(x - 5, y - 6, 10, 12, colour, 2)
        for row in (-2.5, 0.5, 3.5):
            canvas.line([(x - 2.5, y + row), (x + 2.5, y + row)], hole)
    elif index == 2:
        canvas.disc(x, y - 3, 2.8, colour)
        canvas.box(x - 5, y + 1, 10, 5, colour, 2.5)
    elif index == 3:
        canvas.disc(x - 2, y, 4, colour)
        canvas.disc(x + 3, y + 1, 3, colour)
        canvas.box(x - 6, y + 1, 12, 4, colour, 2)
    else:
        for row, knob in ((-4, 2), (0, -2), (4, 3)):
            canvas.line([(x - 6, y + row), (x + 6, y + row)], colour, 1.25)
            canvas.disc(x + knob, y + row, 1.9, colour)


def _title_bar(canvas: Canvas, theme: Theme) -> None:
    canvas.box(0, 0, WIDTH, _TOP, theme.bar)
    canvas.text(WIDTH / 2, _TOP / 2, "Ferry Desk", 11.5, theme.ink, "mm", 1)
    x, y = WIDTH - 18.0, _TOP / 2
    canvas.line([(x - 4, y - 4), (x + 4, y + 4)], theme.soft, 1.25)
    canvas.line([(x - 4, y + 4), (x + 4, y - 4)], theme.soft, 1.25)
    canvas.box(x - 26, y - 4, 8, 8, theme.soft, 1.5)
    canvas.box(x - 24.75, y - 2.75, 5.5, 5.5, theme.bar, 0.5)
    canvas.line([(x - 48, y + 3), (x - 40, y + 3)], theme.soft, 1.25)


def _sidebar(canvas: Canvas, state: State) -> None:
    theme = state.theme
    canvas.box(0, _TOP, _SIDEBAR, HEIGHT - _TOP, theme.side)
    canvas.line([(_SIDEBAR, _TOP), (_SIDEBAR, HEIGHT)], theme.edge)
    for index, page in enumerate(_PAGES):
        y, chosen = _TOP + 26 + 28.0 * index, index == 0
        ground = theme.chosen if chosen else theme.side
        canvas.box(8, y - 12, _SIDEBAR - 16, 24, ground, 6)
        _page_icon(canvas, index, y, theme.accent if chosen else theme.soft, ground)
        canvas.text(36, y + 0.5, page, 11, theme.accent if chosen else theme.ink, "lm", int(chosen))
        if page == "Bookings":
            canvas.box(_SIDEBAR - 33, y - 7, 21, 14, theme.edge, 7)
            canvas.text(_SIDEBAR - 22.5, y + 0.5, state.bookings, 9.5, theme.ink, "mm")
    canvas.box(14, HEIGHT - 62, _SIDEBAR - 28, 1, theme.edge)
    canvas.disc(25, HEIGHT - 36, 11, "#c76b4a")
    canvas.text(25, HEIGHT - 35.5, "IR", 9.5, "#ffffff", "mm")
    canvas.text(42, HEIGHT - 38, "Ida Rowan", 10.5, theme.ink)
    canvas.text(42, HEIGHT - 26, "Harbour office", 8.5, theme.soft)


def _header(canvas: Canvas, state: State) -> None:
    theme, left = state.theme, _SIDEBAR + 18.0
    canvas.text(left, _TOP + 32, "Morning sailings", 17, theme.ink, weight=1)
    canvas.text(left, _TOP + 48, "Thursday, tide turns at 09:52", 10, theme.soft)
    canvas.box(WIDTH - 108, _TOP + 16, 92, 26, state.button or theme.accent, 6)
    canvas.text(WIDTH - 54, _TOP + 29.5, "Add sailing", 11, "#ffffff", "mm", 1)
    canvas.line([(WIDTH - 98, _TOP + 29), (WIDTH - 90, _TOP + 29)], "#ffffff", 1.5)
    canvas.line([(WIDTH - 94, _TOP + 25), (WIDTH - 94, _TOP + 33)], "#ffffff", 1.5)
    canvas.box(left, _TOP + 58, WIDTH - 16 - left, 24, theme.edge, 6)
    canvas.box(left + 1, _TOP + 59, WIDTH - 18 - left, 22, theme.page, 5)
    canvas.disc(left + 13, _TOP + 69, 4, theme.soft)
    canvas.disc(left + 13, _TOP + 69, 2.75, theme.page)
    canvas.line([(left + 16, _TOP + 72), (left + 19, _TOP + 75)], theme.soft, 1.25)
    canvas.text(left + 26, _TOP + 70.5, "Find a route, vessel or berth", 10.5, theme.soft, "lm")


def _row(canvas: Canvas, sailing: _Sailing, top: float, theme: Theme) -> None:
    left, width = _SIDEBAR + 18.0, WIDTH - 34.0 - _SIDEBAR
    canvas.box(left, top, width, 42, theme.edge, 7)
    canvas.box(left + 1, top + 1, width - 2, 40, theme.card, 6)
    canvas.text(left + 12, top + 25, sailing.leaves, 13, theme.ink, weight=1)
    canvas.text(left + 58, top + 18, sailing.route, 11, theme.ink)
    canvas.text(left + 58, top + 32, sailing.detail, 9, theme.soft)
    canvas.box(left + 192, top + 19, 52, 5, theme.edge, 2.5)
    canvas.box(left + 192, top + 19, 52 * sailing.full, 5, theme.accent, 2.5)
    canvas.text(left + 218, top + 34, f"{round(100 * sailing.full)}% full", 8.5, theme.soft, "ms")
    ground, ink = _STATES[sailing.state]
    canvas.box(left + width - 70, top + 12, 60, 18, ground, 9)
    canvas.text(left + width - 40, top + 21.5, sailing.state, 9.5, ink, "mm")


def render_interface(state: State) -> Pixels:
    """Draw the window."""
    canvas = Canvas(WIDTH, HEIGHT, state.theme.page)
    _title_bar(canvas, state.theme)
    _sidebar(canvas, state)
    _header(canvas, state)
    for index, sailing in enumerate(_SAILINGS):
        _row(canvas, sailing, _TOP + 92.0 + 49 * index, state.theme)
    return canvas.pixels()
