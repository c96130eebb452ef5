"""The curve of sRGB against IEC 61966-2-1, evaluated with plain floats."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.images.srgb import encoded, from_light, to_light

HALF_A_STEP = 2.0**-24  # float32, relative: results are rounded to it once


def light_of(code: float) -> float:
    return code / 12.92 if code <= 0.04045 else ((code + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_every_level_is_as_much_light_as_the_standard_says(kind: type) -> None:
    found = to_light(np.arange(256).astype(kind))
    # Of float32 levels the formula is evaluated in float32: a power of 2.4 loses 2.4 times what its base did.
    loss = 8 * HALF_A_STEP if kind is np.float32 else HALF_A_STEP
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([light_of(level / 255) for level in range(256)], rel=loss)


def test_levels_come_back() -> None:
    levels = np.arange(256, dtype=np.uint8)
    back = from_light(to_light(levels))
    assert back.dtype == np.float32
    # Light was rounded by half a step, which weighs most where the curve is steep: 255 · 12.92 at black is too
    # little to be seen, at white it is 255 ÷ 2.4 of it.
    assert np.abs(back - levels).max() < 255 * 2 * HALF_A_STEP


def test_black_and_white_are_exact_and_what_is_beyond_is_cut() -> None:
    assert from_light(np.array([-1.0, 0.0, 1.0, 7.0])).tolist() == [0.0, 0.0, 255.0, 255.0]
    assert to_light(np.array([0, 255], np.uint8)).tolist() == [0.0, 1.0]


def test_more_light_is_never_darker_where_the_two_pieces_meet() -> None:
    light = np.linspace(0.0031307, 0.0031309, 10_001)
    assert (np.diff(encoded(light)) >= 0).all()
