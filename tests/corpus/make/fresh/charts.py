"""Other charts by matplotlib, by Agg and by cairo, with one or all of their marks changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.figure import Figure

from tests.corpus.make import fonts
from tests.corpus.make.codecs import jpeg, webp
from tests.corpus.make.common import Pixels, Scene, generator
from tests.corpus.make.fresh.formulas import Engine, render

Plot = Callable[[Figure], None]
for _name in (
    "lato/Lato-Regular.ttf",
    "open-sans/OpenSans-Regular.ttf",
    "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
):
    font_manager.fontManager.addfont(str(fonts.find(f"truetype/{_name}")))


def draw(
    plot: Plot,
    size: tuple[int, int],
    face: str = "Lato",
    engine: Engine = "agg",
    hinting: str = "no_hinting",
    snap: bool = True,
    shift: float = 0,
) -> Pixels:
    """Draw a figure at 100 dots per inch; `shift` moves the axes by that part of a pixel, right and up."""
    style: dict[str, Any] = {"font.family": face, "font.size": 10, "text.hinting": hinting, "path.snap": snap}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
        plot(figure)
        for axes in figure.axes if shift else ():
            axes.set_position(axes.get_position().translated(shift / size[0], shift / size[1]))
        return render(figure, engine)


def _histogram(colour: str = "#5d7fa3", extra: int = -1, low: str = "0") -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.11, 0.14, 0.86, 0.74))
        heights = np.bincount(generator(420).binomial(18, 0.45, 400), minlength=19)
        if extra >= 0:
            heights[extra] += 14
        axes.bar(np.arange(19), heights, 0.9, color=colour)
        axes.set_ylim(0, 92)
        axes.set_xticks((0, 6, 12, 18), (low, "6", "12", "18"))
        axes.set_title("Heads in 18 throws")

    return plot


def _throws() -> Scene:
    size = (380, 250)
    made = Scene("charts", "fresh", "throws", draw(_histogram(), size))
    made.same("cairo", draw(_histogram(), size, engine="cairo"), "by another rasteriser")
    made.same("shift", draw(_histogram(), size, snap=False, shift=0.2), "axes a fifth of a pixel off, not snapped")
    made.differs(
        "bar", draw(_histogram(extra=4), size, engine="cairo"), "a bar is higher, other rasteriser", "cross"
    )
    made.differs("tick", draw(_histogram(low="1"), size), "a tick reads 1, not 0", "same")
    green = draw(_histogram("#5da37f"), size, snap=False, shift=0.2)
    made.differs("colour", green, "bars are green, axes a fifth of a pixel off", "cross")
    return made


def _pie(order: Sequence[int] = (0, 1, 2, 3), gap: float = 0) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.02, 0.02, 0.7, 0.96))
        colours = ("#c65f4a", "#e3b04b", "#6a9a6f", "#4f6d8f")
        names = ("coal", "sun", "wind", "water")
        explode = (0, gap, 0, 0)
        wedges, *_ = axes.pie((14, 31, 38, 17), explode, colors=[colours[i] for i in order], startangle=70)
        figure.legend(wedges, names, loc="center right")

    return plot


def _power() -> Scene:
    size = (300, 210)
    made = Scene("charts", "fresh", "power", draw(_pie(), size, "Open Sans"))
    made.same("cairo", draw(_pie(), size, "Open Sans", "cairo"), "by another rasteriser")
    made.same("jpeg", jpeg(draw(_pie(), size, "Open Sans"), 95), "JPEG of quality 95, whole colours")
    swapped = draw(_pie((0, 2, 1, 3)), size, "Open Sans", "cairo")
    made.differs("swapped", swapped, "two slices changed colours, other rasteriser", "cross")
    made.differs("apart", draw(_pie(gap=0.08), size, "Open Sans"), "a slice is drawn out", "same")
    return made


def _grid(change: tuple[int, int] | None = None, number: str = "") -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.08, 0.13, 0.9, 0.84))
        values = generator(421).integers(10, 90, (5, 7))
        shown = values.copy()
        if change and not number:
            shown[change] = 99 - shown[change]
        axes.imshow(shown, cmap="cividis", vmin=0, vmax=100, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            told = number if number and change == (row, column) else f"{value}"
            ink = "white" if value < 55 else "black"
            axes.text(column, row, told, ha="center", va="center", color=ink)
        axes.set_xticks(range(7), "MTWTFSS")
        axes.set_yticks(range(5), "abcde")

    return plot


def _week() -> Scene:
    size = (340, 220)
    made = Scene("charts", "fresh", "visits", draw(_grid(), size, "Roboto"))
    made.same("cairo", draw(_grid(), size, "Roboto", "cairo"), "by another rasteriser")
    made.same("hinted", draw(_grid(), size, "Roboto", hinting="default"), "hinted letters")
    made.differs("cell", draw(_grid((1, 2)), size, "Roboto", "cairo"), "a cell has another colour", "cross")
    value = str(generator(421).integers(10, 90, (5, 7))[3, 4])
    other = value[:-1] + ("8" if value[-1] != "8" else "4")
    number = draw(_grid((3, 4), other), size, "Roboto")
    made.differs("number", number, "a digit changed", "same")
    return made


def _marks(marker: str = "o", skip: int = -1, colour: str = "#8a4f9e", rise: float = 0, line: bool = True) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.12, 0.87, 0.84))
        rng = generator(422)
        x = np.sort(rng.uniform(0, 30, 46))
        y = 4 + 3 * np.sin(x / 5) + rng.normal(0, 0.6, 46) + rise
        there = np.arange(46) != skip
        axes.plot(x[there], y[there], marker, color=colour, ms=6)
        if line:
            axes.plot(np.linspace(0, 30), 4 + 3 * np.sin(np.linspace(0, 30) / 5), color="#404040", lw=1)
        axes.set_xlim(-1, 31)
        axes.set_ylim(-1, 10)

    return plot


def _tide() -> Scene:
    size = (380, 240)
    made = Scene("charts", "fresh", "tide", draw(_marks(), size))
    made.same("cairo", draw(_marks(), size, engine="cairo"), "by another rasteriser")
    made.same("shift", draw(_marks(), size, snap=False, shift=0.25), "axes a quarter of a pixel off, not snapped")
    made.same("auto", draw(_marks(), size, hinting="force_autohint"), "letters by the auto-hinter")
    made.differs("squares", draw(_marks("s"), size), "dots became squares", "same")
    made.differs(
        "rings", draw(_marks("D"), size, engine="cairo"), "dots became diamonds, other rasteriser", "cross"
    )
    made.differs(
        "risen", draw(_marks(rise=0.25), size, engine="cairo"), "all dots 5 px higher, other rasteriser", "cross"
    )
    made.differs(
        "gone", draw(_marks(skip=20), size, engine="cairo"), "a dot is missing, other rasteriser", "cross"
    )
    return made


def _bands(levels: int = 9, mark: bool = True) -> Plot:
    def plot(figure: Figure) -> None:
        figure.set_facecolor("#11161d")
        axes = figure.add_axes((0.09, 0.11, 0.88, 0.85))
        axes.set_facecolor("#11161d")
        y, x = np.mgrid[0:3:60j, 0:4:80j]
        z = np.sin(2 * x + y) + np.cos(1.5 * y - x)
        axes.contour(x, y, z, np.linspace(-1.6, 1.6, levels), cmap="plasma", linewidths=1.6)
        if mark:
            axes.plot([1.2], [1.9], "^", color="white", ms=9)
        axes.tick_params(colors="#c9d2dc")

    return plot


def _field() -> Scene:
    size = (360, 260)
    made = Scene("charts", "fresh", "field", draw(_bands(), size, "Roboto"))
    made.same("cairo", draw(_bands(), size, "Roboto", "cairo"), "by another rasteriser, light on dark")
    made.same("webp", webp(draw(_bands(), size, "Roboto"), 97), "WebP of quality 97")
    made.differs("mark", draw(_bands(mark=False), size, "Roboto", "cairo"), "the mark is missing", "cross")
    made.differs("levels", draw(_bands(8), size, "Roboto"), "another number of lines", "same")
    return made


def _axis(last: str = "1.0", line: bool = True) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.12, 0.16, 0.84, 0.76))
        if line:
            axes.plot([0, 0.3, 1], [0.2, 0.7, 0.65], color="black", lw=1)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xticks((0, 0.5, 1), ("0.0", "0.5", last))
        axes.set_yticks(())

    return plot


def _empty() -> Scene:
    size = (260, 170)
    made = Scene("charts", "fresh", "kink", draw(_axis(), size, "Open Sans"))
    made.same("cairo", draw(_axis(), size, "Open Sans", "cairo"), "nearly empty, by another rasteriser")
    made.same(
        "shift", draw(_axis(), size, "Open Sans", snap=False, shift=0.2), "nearly empty, a fifth of a pixel off"
    )
    made.differs(
        "tick", draw(_axis("1.5"), size, "Open Sans", "cairo"), "a tick reads 1.5, other rasteriser", "cross"
    )
    made.differs("line", draw(_axis(line=False), size, "Open Sans", "cairo"), "the line is missing", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All charts."""
    for make in (_throws, _power, _week, _tide, _field, _empty):
        yield make()
