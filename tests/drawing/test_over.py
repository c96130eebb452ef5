"""Heat maps as pictures: over the candidate, alone, and beside both."""

from __future__ import annotations

import pytest
from PIL import Image

from percept_cli.drawing import STYLES, HeatStyle, sheet
from percept_cli.drawing.legend import GROUND, writing_for
from percept_cli.drawing.over import DARKEST, LIGHTEST, OPACITY, colours_of, draw, over, titles_of, values_of
from percept_cli.results.found import HeatMap, nothing_differs
from tests.conftest import as_picture, drawing
from tests.support.heat_maps import COLOURS, RENDER, pixels, random_heat


def test_over_a_picture_equal_places_are_its_grey_and_strong_ones_their_colour() -> None:
    picture = as_picture(drawing(256, 3))
    found = pixels(over(picture, HeatMap(1, 256, 3, bytes(range(256)) * 3, 12.0)))
    grey = pixels(over(picture, nothing_differs(256, 3, 12.0)))
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()
    assert grey.min() >= DARKEST
    assert grey.max() <= LIGHTEST
    nothing, all_of_it = OPACITY.index(0), OPACITY.index(255)
    assert (found[:, nothing] == grey[:, nothing]).all()
    assert (found[:, all_of_it:] == COLOURS[all_of_it:]).all()
    assert list(OPACITY) == sorted(OPACITY)


def test_a_shrunk_map_keeps_the_largest_values() -> None:
    for stride, shrink in ((1, 2), (1, 4), (2, 4), (2, 2), (8, 2)):
        whole = values_of(random_heat(37, 21, stride), 37, 21)
        small = values_of(random_heat(37, 21, stride), 37, 21, shrink)
        blocks = [
            [whole[y : y + shrink, x : x + shrink].max() for x in range(0, 37, shrink)]
            for y in range(0, 21, shrink)
        ]
        assert small.tolist() == blocks


def test_nothing_differs_at_any_size() -> None:
    for width, height in ((1, 1), (2, 1), (8, 8), (640, 3), (1920, 1080)):
        for shrink in (1, 2, 8):
            found = values_of(nothing_differs(width, height, 1.0), width, height, shrink)
            assert found.shape == (-(-height // shrink), -(-width // shrink))
            assert not found.any()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (8, 300), (400, 30), (201, 150)])
def test_every_style_at_every_size(style: HeatStyle, size: tuple[int, int]) -> None:
    reference, candidate = (as_picture(drawing(*size, seed)) for seed in (0, 1))
    one = random_heat(*size)
    layers = {f"relu{index}_1": one for index in range(1, 4)}
    plain = draw(style, reference, candidate, one, layers=layers, scale=False)
    scaled = draw(style, reference, candidate, one, layers=layers, titles=titles_of(RENDER))
    assert scaled.shrink == plain.shrink == 1
    if style in ("overlay", "alone"):
        assert (plain.image.size, plain.enlarge) == (size, 1)
        expected = colours_of(one, *size) if style == "alone" else over(candidate, one)
        assert (pixels(plain.image) == pixels(expected)).all()
        # With the scale the very same pixels, as many times as large, in the middle of what is above it.
        large = expected.resize([side * scaled.enlarge for side in size], Image.Resampling.NEAREST)
        left = (scaled.image.width - large.width) // 2
        assert (pixels(scaled.image)[: large.height, left : left + large.width] == pixels(large)).all()
    else:
        assert scaled.enlarge == plain.enlarge
        assert scaled.image.height > plain.image.height
    assert scaled.enlarge == max(1, sheet.SMALL_SIDE // max(size))
    assert pixels(scaled.image)[-1, -1].tolist() == list(GROUND)


def test_a_triptych_holds_both_pictures_pixel_for_pixel() -> None:
    reference, candidate = (as_picture(drawing(300, 200, seed)) for seed in (0, 1))
    one = random_heat(300, 200, 4)
    found = pixels(draw("triptych", reference, candidate, one).image)
    writing = writing_for(900)
    top = writing.size // 2 + writing.line + writing.size // 3
    sides = [pixels(Image.frombytes("RGB", (300, 200), side.pixels[:])) for side in (reference, candidate)]
    for index, expected in enumerate((*sides, pixels(over(candidate, one)))):
        left = writing.size + index * (300 + writing.size)
        assert (found[top : top + 200, left : left + 300] == expected).all()
