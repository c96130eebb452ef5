"""What only one of two images has is hatched in it, and a line says where the other's is missing."""

from __future__ import annotations

import pytest
from PIL import Image

from percept_cli.drawing.marks import COLOUR, marked
from percept_cli.results.fit import Band, Fit
from tests.support.heat_maps import pixels

WHITE = (255, 255, 255)
FIT = Fit((40, 60), (40, 70), "bands", (Band("rows", "removed", 6, 10, 10), Band("rows", "inserted", 16, 46, 40)))


@pytest.mark.parametrize("shrink", [1, 2])
def test_own_rows_are_hatched_and_missing_ones_a_line(shrink: int) -> None:
    candidate = pixels(marked(Image.new("RGB", (40 // shrink, 70 // shrink), WHITE), FIT, "candidate", shrink))
    reference = pixels(marked(Image.new("RGB", (40 // shrink, 60 // shrink), WHITE), FIT, "reference", shrink))
    for found, line, (first, last) in ((candidate, 10, (40, 55)), (reference, 46, (10, 15))):
        touched = (found != 255).any(axis=(1, 2)).nonzero()[0].tolist()
        assert touched == sorted({line // shrink, *range(first // shrink, last // shrink + 1)})
        assert (found[line // shrink] == COLOUR).all()
        between = found[first // shrink + 1]
        assert (between == COLOUR).all(axis=1).sum() in range(2, 8)  # the hatching; else a tint
        assert (between[:, 0] < 255).all()


def test_columns_and_what_is_missing_at_the_edge() -> None:
    fit = Fit((40, 60), (30, 60), "top-left", (Band("columns", "removed", 10, 30, 30),))
    candidate = pixels(marked(Image.new("RGB", (30, 60), WHITE), fit, "candidate"))
    assert (candidate[:, 29] == COLOUR).all()
    assert (candidate[:, :29] == 255).all()
