"""Pictures on one sheet."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.drawing import sheet
from percept_cli.drawing.over import draw
from percept_cli.results.found import HeatMap
from tests.conftest import as_picture, drawing
from tests.support.heat_maps import COLOURS, pixels, random_heat


def test_a_banner_is_drawn_three_times_below_each_other() -> None:
    wide, narrow = (as_picture(drawing(*size)) for size in ((900, 100), (300, 200)))
    assert draw("triptych", wide, wide, random_heat(900, 100)).image.width < 1000
    assert draw("triptych", narrow, narrow, random_heat(300, 200)).image.width > 900


def test_what_is_too_large_is_drawn_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = as_picture(drawing(640, 480))
    one = HeatMap(1, 640, 480, bytes(640 * 300 + 333) + b"\xff" + bytes(640 * 480 - 640 * 300 - 334), 12.0)
    monkeypatch.setattr(sheet, "MOST_PIXELS", 640 * 480 // 4)
    found = draw("alone", picture, picture, one, scale=False)
    assert (found.image.size, found.shrink) == ((320, 240), 2)
    assert np.argwhere((pixels(found.image) == COLOURS[255]).all(axis=2)).tolist() == [[150, 166]]
    assert draw("triptych", picture, picture, one).shrink == 4
    monkeypatch.setattr(sheet, "MOST_PIXELS", 1 << 40)
    assert draw("overlay", picture, picture, one, most_side=700).shrink == 4
    assert draw("overlay", picture, picture, one, most_side=2000).shrink == 1
