"""Charts by matplotlib, rendered in several ways, with mistakes in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tests.corpus.make.common import Pixels, Scene, generator

Plot = Callable[[Figure], None]
# Hinting changes how wide letters are, so only short labels are compared across it as `same`.
PLAIN: dict[str, Any] = {"text.hinting": "no_hinting", "path.snap": True}
HINTED = PLAIN | {"text.hinting": "default"}
AUTO = PLAIN | {"text.hinting": "force_autohint"}
NO_SNAP = PLAIN | {"path.snap": False}


def draw(
    plot: Plot, width: int, height: int, style: dict[str, Any] | None = None, scale: int = 1, shift: float = 0
) -> Pixels:
    """Draw a figure at 100 dots per inch.

    With a `scale` it is drawn larger and reduced, which is another anti-aliasing; `shift` moves the axes by that
    part of a pixel, right and up.
    """
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9, **(style or PLAIN)}):
        figure = Figure(figsize=(width / 100, height / 100), dpi=100 * scale)
        canvas = FigureCanvasAgg(figure)
        plot(figure)
        for axes in figure.axes if shift else ():
            axes.set_position(axes.get_position().translated(shift / width, shift / height))
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba(), np.uint8)[..., :3].copy()
    if scale == 1:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX), np.uint8)


def _lines(
    colours: Sequence[str], dashed: int = -1, skip: int = -1, legend: bool = True, last: str = "2024"
) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.11, 0.13, 0.85, 0.76))
        x = np.arange(7)
        for index, colour in enumerate(colours):
            y = 20 + 9 * index + np.cumsum(generator(index + 1).normal(1.5, 4, 7))
            if index != skip:
                axes.plot(
                    x, y, "--" if index == dashed else "-", color=colour, lw=2, label=f"Plant {'ABC'[index]}"
                )
        axes.set_xticks(x, ["2018", "2019", "2020", "2021", "2022", "2023", last])
        axes.set_ylim(0, 70)
        axes.grid(alpha=0.4)
        axes.set_title("Output by plant, kt")
        if legend:
            axes.legend(loc="upper left")

    return plot


def _growth() -> Scene:
    colours = ("#1f77b4", "#d62728", "#2ca02c")
    size = (420, 280)
    made = Scene("charts", "tune", "output", draw(_lines(colours), *size))
    made.same(
        "shift", draw(_lines(colours), *size, NO_SNAP, shift=0.3), "axes a third of a pixel off, not snapped"
    )
    made.same("no-snap", draw(_lines(colours), *size, NO_SNAP), "lines not snapped to pixels")
    made.same("reduced", draw(_lines(colours), *size, NO_SNAP, 2), "drawn at twice the size and reduced")
    made.differs("series", draw(_lines(colours, skip=1), *size), "a series is missing", "same")
    dashed = draw(_lines(colours, dashed=2), *size, HINTED)
    made.differs("dashed", dashed, "a line is dashed, hinted letters", "cross")
    made.differs(
        "legend", draw(_lines(colours, legend=False), *size, NO_SNAP, 2), "the legend is missing, reduced", "cross"
    )
    made.differs("tick", draw(_lines(colours, last="2025"), *size), "a tick reads 2025, not 2024", "same")
    return made


def _bars(values: Sequence[float], names: Sequence[str], colour: str, dark: bool = False, odd: int = -1) -> Plot:
    def plot(figure: Figure) -> None:
        ink = "#d8dce6" if dark else "#202428"
        figure.set_facecolor("#1c2028" if dark else "white")
        axes = figure.add_axes((0.1, 0.14, 0.87, 0.8))
        axes.set_facecolor("#232833" if dark else "white")
        bars = axes.bar(range(len(values)), values, 0.66, color=colour)
        if odd >= 0:
            bars[odd].set_color("#e07030")
        for index, value in enumerate(values):
            axes.text(index, value + 1, f"{value:g}", ha="center", va="bottom", color=ink)
        axes.set_xticks(range(len(names)), names)
        axes.set_ylim(0, 100)
        axes.tick_params(colors=ink)
        for spine in axes.spines.values():
            spine.set_color(ink)

    return plot


def _survey() -> Scene:
    values, names, size = [62, 48, 81, 37, 55, 70], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], (400, 260)
    made = Scene("charts", "tune", "week", draw(_bars(values, names, "#4c78a8"), *size))
    made.same("auto", draw(_bars(values, names, "#4c78a8"), *size, AUTO), "letters by the auto-hinter")
    reduced = draw(_bars(values, names, "#4c78a8"), *size, NO_SNAP, 3)
    made.same("reduced", reduced, "drawn at three times the size and reduced")
    shorter = [62, 48, 81, 37, 49, 70]
    made.differs(
        "bar",
        draw(_bars(shorter, names, "#4c78a8"), *size, HINTED),
        "a bar is 49, not 55, hinted letters",
        "cross",
    )
    made.differs("odd", draw(_bars(values, names, "#4c78a8", odd=2), *size), "a bar is orange", "same")
    label = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sun"]
    made.differs(
        "label", draw(_bars(values, label, "#4c78a8"), *size, AUTO), "Sat became Sun, auto-hinted letters", "cross"
    )
    return made


def _scatter(count: int, extra: bool = False, moved: bool = False, grid: bool = True) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.12, 0.87, 0.84))
        rng = generator(5)
        x, y = rng.uniform(0, 10, count), rng.normal(0, 1, count)
        y = 3 + 0.6 * x + y
        if moved:
            y[7] += 2
        axes.scatter(x, y, 22, color="#3b6fb6")
        if extra:
            axes.scatter([8.6], [2.2], 22, color="#3b6fb6")
        axes.plot([0, 10], [3, 9], color="#b04040", lw=1.2)
        axes.set_xlim(-0.4, 10.4)
        axes.set_ylim(0, 12)
        axes.set_axisbelow(True)
        if grid:
            axes.grid(alpha=0.5)

    return plot


def _points() -> Scene:
    size = (360, 270)
    made = Scene("charts", "judge", "points", draw(_scatter(60), *size))
    made.same("no-snap", draw(_scatter(60), *size, NO_SNAP), "lines not snapped to pixels")
    made.same("reduced", draw(_scatter(60), *size, NO_SNAP, 2), "drawn at twice the size and reduced")
    made.differs("extra", draw(_scatter(60, extra=True), *size), "a point more", "same")
    made.differs("moved", draw(_scatter(60, moved=True), *size, HINTED), "a point moved, hinted letters", "cross")
    made.differs(
        "grid", draw(_scatter(60, grid=False), *size, HINTED), "the grid is missing, hinted letters", "cross"
    )
    return made


def _dark() -> Scene:
    values, names, size = [34, 58, 91, 76, 22], ["north", "east", "south", "west", "other"], (380, 250)
    plain = _bars(values, names, "#7aa874", dark=True)
    made = Scene("charts", "judge", "regions", draw(plain, *size))
    made.same("hinted", draw(plain, *size, HINTED), "hinted letters, light on dark")
    made.same("reduced", draw(plain, *size, NO_SNAP, 2), "drawn at twice the size and reduced")
    made.differs(
        "bar", draw(_bars([34, 58, 91, 76, 26], names, "#7aa874", dark=True), *size), "a bar is 26, not 22", "same"
    )
    blue = draw(_bars(values, names, "#74a0a8", dark=True), *size, HINTED)
    made.differs("colour", blue, "bars are bluish, hinted letters", "cross")
    renamed = ["north", "east", "south", "rest", "other"]
    made.differs(
        "name", draw(_bars(values, renamed, "#7aa874", dark=True), *size, AUTO), "west became rest", "cross"
    )
    return made


def _area(
    order: Sequence[int] = (0, 1, 2), legend: bool = True, marker: bool = True, title: str = "Load, MW"
) -> Plot:
    def plot(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.11, 0.87, 0.78))
        x = np.linspace(0, 24, 49)
        parts = [6 + np.sin(x / 4), 3 + 2 * np.cos(x / 5), 2 + 1.5 * np.sin(x / 2.2)]
        colours = ("#88a0c8", "#e0b070", "#a0c090")
        names = ("base", "wind", "solar")
        axes.stackplot(
            x, *(parts[i] for i in order), colors=[colours[i] for i in order], labels=[names[i] for i in order]
        )
        axes.set_xlim(0, 24)
        axes.set_ylim(0, 18)
        axes.set_xticks(range(0, 25, 4), [f"{hour:02}:00" for hour in range(0, 25, 4)])
        axes.set_title(title)
        if marker:
            axes.axvline(15.5, color="#303030", lw=1)
        if legend:
            axes.legend(loc="upper right", ncols=3)

    return plot


def _load() -> Scene:
    size = (440, 260)
    made = Scene("charts", "judge", "load", draw(_area(), *size))
    made.same("reduced", draw(_area(), *size, NO_SNAP, 2), "drawn at twice the size and reduced")
    made.same("shift", draw(_area(), *size, NO_SNAP, shift=0.25), "axes a quarter of a pixel off, not snapped")
    made.differs("order", draw(_area((0, 2, 1)), *size), "two areas swapped", "same")
    made.differs(
        "line", draw(_area(marker=False), *size, HINTED), "the upright line is missing, hinted letters", "cross"
    )
    made.differs("legend", draw(_area(legend=False), *size, NO_SNAP, 2), "the legend is missing, reduced", "cross")
    made.differs("unit", draw(_area(title="Load, kW"), *size, AUTO), "MW became kW, auto-hinted letters", "cross")
    return made


def _wide(seed: int, panels: int, dark: bool, skip: tuple[int, int] = (-1, -1), late: str = "") -> Plot:
    """A full-screen board of panels."""

    def plot(figure: Figure) -> None:
        figure.set_facecolor("#15181e" if dark else "#f4f5f7")
        ink = "#c8ccd4" if dark else "#303438"
        columns = panels // 2
        for panel in range(panels):
            left = 0.035 + (panel % columns) * (0.96 / columns)
            axes = figure.add_axes((left, 0.56 - 0.5 * (panel // columns), 0.96 / columns - 0.035, 0.38))
            axes.set_facecolor("#1b1f27" if dark else "white")
            x = np.arange(40)
            for line in range(3):
                y = np.cumsum(generator(seed, panel, line).normal(0.1, 1, 40)) + 6 * line
                if (panel, line) != skip:
                    axes.plot(x, y, lw=1.8, color=("#5b9bd5", "#ed7d31", "#70ad47")[line])
            axes.set_title(f"Line {panel + 1}{late if panel == panels - 1 else ''}", color=ink, fontsize=14)
            axes.tick_params(colors=ink, labelsize=11)
            axes.grid(alpha=0.25)

    return plot


def _board() -> Scene:
    size = (1920, 1080)
    made = Scene("charts", "tune", "board", draw(_wide(8, 6, False), *size))
    made.same("hinted", draw(_wide(8, 6, False), *size, HINTED), "full HD, hinted letters")
    late = draw(_wide(8, 6, False, late=" (late)"), *size)
    made.differs("title", late, "full HD, a title has one word more", "same")
    skip = draw(_wide(8, 6, False, skip=(2, 1)), *size, HINTED)
    made.differs("series", skip, "full HD, a series is missing, hinted letters", "cross")
    return made


def _wall() -> Scene:
    size = (1920, 1080)
    made = Scene("charts", "judge", "wall", draw(_wide(9, 8, True), *size))
    made.same("auto", draw(_wide(9, 8, True), *size, AUTO), "full HD, letters by the auto-hinter")
    series = draw(_wide(9, 8, True, skip=(4, 2)), *size)
    made.differs("series", series, "full HD, a series is missing", "same")
    late = draw(_wide(9, 8, True, late=": stopped"), *size, HINTED)
    made.differs("title", late, "full HD, a title has one word more, hinted letters", "cross")
    return made


def scenes() -> Iterator[Scene]:
    """All charts."""
    for make in (_growth, _survey, _points, _dark, _load, _board, _wall):
        yield make()
