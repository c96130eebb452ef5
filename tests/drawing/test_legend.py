"""The strip below a heat map: its numbers, its colours, its title."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from percept_cli.drawing.colours import SCALE
from percept_cli.drawing.legend import GROUND, INK, Legend, Writing, writing_for
from percept_cli.drawing.over import draw, titles_of
from tests.conftest import as_picture, drawing
from tests.support.heat_maps import RENDER, pixels, random_heat

# The scale.


@pytest.mark.parametrize("top", [12.0, 4.0, 1.0, 0.001, 1000.0, 2.5, 20.0, 0.3])
@pytest.mark.parametrize("width", [188, 480, 1920])
def test_the_numbers_on_the_scale_stand_where_they_belong_and_apart(top: float, width: int) -> None:
    writing = writing_for(width)
    legend = Legend(top, 0, SCALE, (("Distance",),))
    left, right = writing.size, width - writing.size
    ticks = sorted(legend.ticks(left, right, writing))
    assert [ticks[0][0], ticks[-1][0]] == [0, top]
    assert (ticks[0][1], ticks[-1][1]) == (left, right - 1)
    assert len(ticks) >= 3
    spans = []
    for value, x, text in ticks:
        assert float(text) == pytest.approx(value)
        assert x == pytest.approx(left + (value / top) ** 0.5 * (right - left - 1), abs=0.51)
        half = writing.width(text) / 2
        middle = left + half if value == 0 else right - half if value == top else x
        spans.append((middle - half, middle + half))
    assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_the_scale_is_drawn_in_the_colours_of_the_picture() -> None:
    picture = as_picture(drawing(600, 40))
    found = pixels(draw("alone", picture, picture, random_heat(600, 40)).image)[40:]
    size = writing_for(600).size
    inside = found[:, size:-size]
    bars = [row for row in inside if not ((row == GROUND).all(axis=1) | (row == INK).all(axis=1)).any()]
    (bar,) = {row.tobytes() for row in bars}
    values = [SCALE.index((red, green, blue)) for red, green, blue in np.frombuffer(bar, np.uint8).reshape(-1, 3)]
    assert values == pytest.approx([place * 256 / len(values) for place in range(len(values))], abs=1)
    assert (values[0], values[-1]) == (0, 255)
    assert (found[:, :size] == GROUND).all()


def test_a_title_that_does_not_fit_gives_way() -> None:
    writing = Writing(13)
    shown = []
    for width in (200, 300, 700):
        image = Image.new("RGB", (width, 200), GROUND)
        Legend(12.0, 9, SCALE, (titles_of(RENDER),)).draw_into(image, 0, writing)
        shown.append(int((pixels(image) != GROUND).any(axis=(0, 2)).nonzero()[0].max()))
    assert all(last < width for last, width in zip(shown, (200, 300, 700), strict=True))
