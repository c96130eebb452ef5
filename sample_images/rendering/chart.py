"""Two charts: grouped bars with value labels, and lines with markers."""

from PIL import Image

from rendering.arrays import Pixels
from rendering.canvas import Canvas

_INK, _SOFT, _GRID, _PAPER = "#20293a", "#667085", "#e3e7ee", "#ffffff"
_TEAL, _AMBER, _VIOLET, _GREY = "#14808c", "#f2a541", "#7a5cc7", "#98a2b3"

_MONTHS = ("Mar", "Apr", "May", "Jun", "Jul", "Aug")
_GENERATED = (268, 341, 412, 455, 438, 386)
_USED = (322, 287, 251, 236, 259, 271)

_RELEASES = ("4.0", "4.1", "4.2", "4.3", "4.4", "5.0", "5.1", "5.2", "5.3")
_TIMES = {
    "cold start": (842, 815, 828, 760, 701, 634, 655, 590, 548),
    "first page": (516, 498, 530, 471, 452, 447, 381, 362, 349),
    "warm start": (233, 241, 226, 219, 238, 194, 187, 192, 171),
}
_LINE_COLOURS = {"cold start": _VIOLET, "first page": _TEAL, "warm start": _AMBER}


def _heading(canvas: Canvas, title: str, subtitle: str) -> None:
    canvas.text(20, 29, title, 15, _INK, weight=1)
    canvas.text(20, 45, subtitle, 10.5, _SOFT)


def _legend(canvas: Canvas, entries: dict[str, str], y: float) -> None:
    """Lay the entries out from the right edge, last one rightmost."""
    x = canvas.width - 20.0
    for name, colour in reversed(entries.items()):
        x -= canvas.measure(name, 10.5)
        canvas.text(x, y, name, 10.5, _INK)
        canvas.box(x - 14, y - 8.5, 9, 9, colour, 2)
        x -= 28


def _scale(canvas: Canvas, left: float, top: float, bottom: float, high: int, step: int) -> float:
    """Draw the horizontal grid with its labels and return the pixels per unit."""
    unit = (bottom - top) / high
    for value in range(0, high + 1, step):
        y = bottom - value * unit
        canvas.line([(left, y), (canvas.width - 20, y)], _GRID if value else _SOFT)
        canvas.text(left - 8, y + 0.5, str(value), 10, _SOFT, "rm")
    return unit


def render_bars(labels: dict[str, str] | None = None) -> Pixels:
    """Draw the bar chart; `labels` overrides the printed value above a month's first bar."""
    canvas = Canvas(400, 300, _PAPER)
    _heading(canvas, "Roof panels, spring and summer", "kilowatt hours per month")
    _legend(canvas, {"generated": _TEAL, "used": _AMBER}, 68)
    left, top, bottom = 52.0, 84.0, 257.0
    unit = _scale(canvas, left, top, bottom, 500, 100)
    pitch = (canvas.width - 20 - left) / len(_MONTHS)
    for index, month in enumerate(_MONTHS):
        middle = round(left + pitch * (index + 0.5))
        for side, value, colour in ((-1, _GENERATED[index], _TEAL), (1, _USED[index], _AMBER)):
            start = middle - 19 if side < 0 else middle + 1
            canvas.box(start, bottom - value * unit, 18, value * unit, colour)
            label = (labels or {}).get(month, str(value)) if side < 0 else str(value)
            canvas.text(start + 9, bottom - value * unit - 4, label, 9, _INK, "ms")
        canvas.line([(middle + 0.5, bottom), (middle + 0.5, bottom + 4)], _SOFT)
        canvas.text(middle, bottom + 17, month, 10.5, _INK, "ms")
    canvas.text(20, 291, "Meter readings taken at noon on the last day of the month.", 9, _SOFT)
    return canvas.pixels()


def render_lines(
    without: str = "",
    resampling: Image.Resampling = Image.Resampling.BOX,
) -> Pixels:
    """Draw the line chart, leaving out one series or reducing it with another filter."""
    canvas = Canvas(420, 260, _PAPER)
    _heading(canvas, "Start-up time by release", "milliseconds, median of 50 runs")
    shown = {name: colour for name, colour in _LINE_COLOURS.items() if name != without}
    _legend(canvas, shown, 66)
    left, top, bottom = 52.0, 82.0, 222.0
    unit = _scale(canvas, left, top, bottom, 1000, 250)
    pitch = (canvas.width - 34 - left) / (len(_RELEASES) - 1)
    places = [left + 8 + pitch * index for index in range(len(_RELEASES))]
    for x, release in zip(places, _RELEASES, strict=True):
        canvas.line([(x, bottom), (x, bottom + 4)], _SOFT)
        canvas.text(x, bottom + 17, release, 10.5, _INK, "ms")
    goal = bottom - 300 * unit
    for x in range(round(left), canvas.width - 20, 8):
        canvas.line([(x, goal), (min(x + 4, canvas.width - 20), goal)], _GREY)
    canvas.text(left + 4, goal - 4, "goal for first page", 9, _SOFT)
    for name, colour in shown.items():
        points = [(x, bottom - ms * unit) for x, ms in zip(places, _TIMES[name], strict=True)]
        canvas.line(points, colour, 2)
        for x, y in points:
            canvas.disc(x, y, 3.4, colour)
            canvas.disc(x, y, 1.7, _PAPER)
    return canvas.pixels(resampling)
