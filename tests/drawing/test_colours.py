"""The table of colours: what its script makes."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import chain, pairwise

import pytest
from PIL import Image

from percept_cli.drawing.colours import OPACITY, SCALE, heat_png, scale_png
from percept_cli.drawing.over import colours_of
from percept_cli.results.found import HeatMap
from scripts.make_colour_scale import scale
from tests.support.heat_maps import pixels


@pytest.mark.numeric
def test_the_table_is_what_the_script_makes() -> None:
    """No channel is nearer than 6e-4 levels to where it would round otherwise: no processor is that far off."""
    assert bytes(channel for colour in SCALE for channel in colour) == scale()


def test_the_table_is_there_without_any_library() -> None:
    script = "import sys, percept_cli.drawing.colours; print({'numpy', 'PIL', 'torch'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def heat(values: list[list[int]], stride: int = 1, top: float = 12.0) -> HeatMap:
    return HeatMap(stride, len(values[0]), len(values), bytes(chain.from_iterable(values)), top)


# What is drawn.


def test_every_pixel_has_the_colour_of_its_value() -> None:
    found = pixels(colours_of(heat([[0, 10, 255], [7, 128, 1]], stride=2), 5, 4))
    rows = [[0, 0, 10, 10, 255], [0, 0, 10, 10, 255], [7, 7, 128, 128, 1], [7, 7, 128, 128, 1]]
    assert found.tolist() == [[list(SCALE[value]) for value in row] for row in rows]


def test_one_value_has_one_colour_in_every_picture() -> None:
    """However large a picture is, and whatever else is in it: no scale is stretched."""
    for value in (0, 1, 77, 255):
        alone = pixels(colours_of(heat([[value]]), 1, 1))
        among = pixels(colours_of(heat([[3, 255, value, 9]], stride=4), 16, 4))
        assert alone[0, 0].tolist() == among[0, 8].tolist() == list(SCALE[value])


def test_the_scale_only_gets_lighter_in_equal_steps() -> None:
    def lab(colour: tuple[int, int, int]) -> tuple[float, float, float]:
        """sRGB to OKLab by the matrices of its publication, the other way round than the scale is made."""
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)
        )
        long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
        medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
        short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
        return (
            0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
            1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
        )

    labs = [lab(colour) for colour in SCALE]
    assert len(set(SCALE)) == 256
    # Rounding to 8 bits moves a colour by up to a third of a step.
    assert all(after[0] > before[0] - 0.001 for before, after in pairwise(labs))
    steps = [sum((b - a) ** 2 for a, b in zip(labs[i], labs[i + 8], strict=True)) ** 0.5 for i in range(248)]
    assert max(steps) / min(steps) < 1.35


def test_a_heat_map_as_png_has_the_scale_and_shows_nothing_where_nothing_differs() -> None:
    heat = HeatMap(stride=4, width=3, height=1, values=bytes([0, 100, 255]), top=1.0)
    with Image.open(io.BytesIO(heat_png(heat))) as image:
        pixels = image.convert("RGBA")
        assert pixels.size == (3, 1)
        assert [pixels.getpixel((x, 0)) for x in (1, 2)] == [(*SCALE[100], 255), (*SCALE[255], 255)]
        assert pixels.getpixel((0, 0)) == (*SCALE[0], 0)
    with Image.open(io.BytesIO(scale_png())) as image:
        assert image.size == (256, 1)
    assert list(OPACITY) == sorted(OPACITY)
