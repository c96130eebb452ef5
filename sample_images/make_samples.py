"""Render the sample pairs: `python sample_images/make_samples.py [--output DIR] [--check]`."""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from rendering import files
from rendering.arrays import Pixels
from rendering.chart import render_bars, render_lines
from rendering.effects import gaussian_blur, sensor_noise, white_balance
from rendering.interface import DARK, State, render_interface
from rendering.page import render_page
from rendering.scene import View, render_scene
from rendering.terrain import render_terrain
from rendering.wall import GRANITE, SANDSTONE, render_wall

# The same libraries give the same pixels. Another FreeType may shade a glyph's edge by a hair more,
# and another processor's sine may differ in its last bit: that tips values over a rounding edge,
# which is one level. Anything beyond is another picture.
PNG_LEVELS = 1

# A stored JPEG is compared with the pixels it was made from, so it differs by its own losses:
# 6.5 levels on average when this was written. The bound leaves room for other codecs, and is
# still below the 13 levels that moving such a wall by a single pixel makes.
JPEG_MEAN_LEVELS = 9.0


@dataclass(frozen=True)
class Pair:
    """A reference, its candidate and the way the candidate is written."""

    name: str
    reference: Callable[[], Pixels]
    candidate: Callable[[], Pixels]
    encode: Callable[[Pixels], bytes] = files.png


@dataclass(frozen=True)
class Picture:
    """One rendered picture and the file it belongs in."""

    path: Path
    pixels: Pixels
    encode: Callable[[Pixels], bytes]


LOW_VIEW = View(width=333, height=251, camera=(-2.5, 1.9, 6.6), target=(0.05, 0.78, 0.0))
CLOSE_VIEW = View(width=288, height=216, camera=(4.6, 1.7, 5.6), target=(0.25, 0.66, 0.25), field=31)
LAMP_RIGHT = (3.3, 4.9, 3.2)


@cache
def lake() -> Pixels:
    """The valley with its lake, the reference of the colour shift."""
    return render_terrain(333, 251, heading=0.9)


@cache
def peaks() -> Pixels:
    """The valley below the peaks, the reference of the blur."""
    return render_terrain(256, 192)


@cache
def wide_page() -> Pixels:
    """The page with one column more than the two pictures cut from it."""
    return render_page(361, 270)


@cache
def wide_wall() -> Pixels:
    """A wall with one column more than the two pictures cut from it."""
    return render_wall(251, 190, GRANITE, left=300.0, top=500.0)


@cache
def sandstone_wall() -> Pixels:
    """The stretch of wall behind the noise pair."""
    return render_wall(240, 180, SANDSTONE, left=900.0, top=220.0)


@cache
def granite_wall() -> Pixels:
    """The stretch of wall behind the JPEG pair."""
    return render_wall(256, 256, GRANITE, left=-640.0, top=120.0)


def scene_pairs() -> list[Pair]:
    """Pairs of the ray-traced still life."""
    return [
        Pair(
            "scene-missing-object",
            lambda: render_scene(View()),
            lambda: render_scene(View(without="lemon")),
        ),
        Pair(
            "scene-moved-light",
            lambda: render_scene(View()),
            lambda: render_scene(View(light=LAMP_RIGHT)),
        ),
        Pair(
            "scene-texture-swap",
            lambda: render_scene(LOW_VIEW),
            lambda: render_scene(replace(LOW_VIEW, wooden_ball=True)),
        ),
        Pair(
            "scene-antialiasing",
            lambda: render_scene(CLOSE_VIEW),
            lambda: render_scene(replace(CLOSE_VIEW, grid=2, seed=9)),
        ),
    ]


def drawing_pairs() -> list[Pair]:
    """Pairs of charts, windows and pages of text."""
    return [
        Pair("chart-changed-digit", render_bars, lambda: render_bars({"May": "442"})),
        Pair("chart-missing-series", render_lines, lambda: render_lines(without="warm start")),
        Pair(
            "chart-antialiasing",
            render_lines,
            lambda: render_lines(resampling=Image.Resampling.LANCZOS),
        ),
        Pair(
            "ui-identical-reencode",
            lambda: render_interface(State()),
            lambda: render_interface(State()),
            files.interlaced_png,
        ),
        Pair(
            "ui-recoloured-button",
            lambda: render_interface(State()),
            lambda: render_interface(State(button="#2c8c57")),
        ),
        Pair(
            "ui-changed-digit",
            lambda: render_interface(State(theme=DARK)),
            lambda: render_interface(State(theme=DARK, bookings="13")),
        ),
        Pair("text-shift-1px", lambda: wide_page()[:, 1:], lambda: wide_page()[:, :-1]),
        Pair("text-blur", render_page, lambda: gaussian_blur(render_page(), 0.8)),
    ]


def photo_pairs() -> list[Pair]:
    """Pairs of the mountain valley and the stone walls."""
    return [
        Pair(
            "photo-texture-swap",
            lambda: render_wall(256, 256, GRANITE),
            lambda: render_wall(256, 256, SANDSTONE),
        ),
        Pair("photo-colour-shift", lake, lambda: white_balance(lake(), (1.05, 1.0, 0.93))),
        Pair("photo-shift-1px", lambda: wide_wall()[:, 1:], lambda: wide_wall()[:, :-1]),
        Pair("photo-blur", peaks, lambda: gaussian_blur(peaks(), 1.2)),
        Pair("photo-noise", sandstone_wall, lambda: sensor_noise(sandstone_wall(), 7.0, seed=2024)),
        Pair("photo-jpeg", granite_wall, granite_wall, files.jpeg),
    ]


def pictures(folder: Path) -> Iterator[Picture]:
    """Render every picture in turn, with the path it has below `folder`."""
    for pair in [*scene_pairs(), *drawing_pairs(), *photo_pairs()]:
        ending = ".jpg" if pair.encode is files.jpeg else ".png"
        yield Picture(folder / "reference" / f"{pair.name}.png", pair.reference(), files.png)
        yield Picture(folder / "candidate" / f"{pair.name}{ending}", pair.candidate(), pair.encode)


def write(folder: Path) -> None:
    """Render and store every picture."""
    for picture in pictures(folder):
        picture.path.parent.mkdir(parents=True, exist_ok=True)
        picture.path.write_bytes(picture.encode(np.ascontiguousarray(picture.pixels)))
        print(picture.path.relative_to(folder))


def complaint(picture: Picture) -> str:
    """Say what is wrong with a stored picture; empty if it matches its render."""
    if not picture.path.is_file():
        return "is missing"
    stored = files.decode(picture.path.read_bytes())
    if stored.shape != picture.pixels.shape:
        return f"has shape {stored.shape}, the render has {picture.pixels.shape}"
    apart = np.abs(stored.astype(np.int16) - picture.pixels.astype(np.int16))
    if picture.encode is files.jpeg:
        average = float(apart.mean())
        return f"is {average:.1f} levels away on average" if average > JPEG_MEAN_LEVELS else ""
    worst = int(apart.max())
    return f"is up to {worst} levels away" if worst > PNG_LEVELS else ""


def check(folder: Path) -> int:
    """Render everything again, name every stored picture that differs and count them."""
    failures = 0
    for picture in pictures(folder):
        problem = complaint(picture)
        if problem:
            failures += 1
            print(f"{picture.path.relative_to(folder)} {problem}", file=sys.stderr)
    return failures


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Render the sample pairs, or check the stored ones.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).resolve().parent,
        metavar="DIR",
        help="folder that holds reference/ and candidate/ (default: the folder of this script)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 if a stored picture is not what the script renders",
    )
    options = parser.parse_args()
    if options.check:
        return 1 if check(options.output) else 0
    write(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
