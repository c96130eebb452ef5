"""Pictures of other sizes, and rectangles of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from percept_cli import compare
from percept_cli.errors import InvalidSetting, SizeMismatch, UnsupportedImage
from percept_cli.images.picture import Picture
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.sizes import cropped, one_size, resized
from tests.conftest import as_picture, drawing
from tests.support.views import SHALLOW

CHEAP: dict[str, Any] = {"layers": "relu1_2", "device": "cpu"}
NAMES = "a.png", "b.png"


def sizes_by(policy: ImagePolicy, *sizes: tuple[int, int]) -> list[tuple[int, int]]:
    first, second = (as_picture(drawing(*size, seed)) for seed, size in enumerate(sizes))
    return [(side.width, side.height) for side in one_size(first, second, policy, NAMES)]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"resize": "reference"}, (40, 30)),
        ({"resize": "candidate"}, (20, 16)),
        ({"resize": "fit:10x100", "pad": "edge"}, (10, 8)),
        ({"pad": "edge"}, (40, 30)),
        ({"pad": "#102030"}, (40, 30)),
    ],
)
def test_other_sizes_become_one(settings: dict[str, Any], wanted: tuple[int, int]) -> None:
    assert sizes_by(ImagePolicy(**settings), (40, 30), (20, 16)) == [wanted, wanted]


@pytest.mark.parametrize(
    ("resize", "wanted"),
    [("scale:0.5", (20, 15)), ("scale:2", (80, 60)), ("fit:20x20", (20, 15)), ("fit:400x300", (400, 300))],
)
def test_equal_sizes_are_brought_to_a_size_that_is_asked_for(resize: str, wanted: tuple[int, int]) -> None:
    assert sizes_by(ImagePolicy(resize=resize), (40, 30), (40, 30)) == [wanted, wanted]
    assert sizes_by(ImagePolicy(resize="scale:0.001"), (40, 30), (40, 30)) == [(1, 1), (1, 1)]


def test_nothing_is_resized_unasked() -> None:
    for resize in ("error", "scale:0.5", "fit:10x10"):
        with pytest.raises(SizeMismatch, match=r"the sizes differ: a\.png is \d+×\d+ pixels, b\.png is") as error:
            sizes_by(ImagePolicy(resize=resize), (40, 30), (30, 10))
        assert "--resize" in error.value.hint
    first, second = as_picture(drawing(40, 30)), as_picture(drawing(40, 30, seed=1))
    same = one_size(first, second, ImagePolicy(resize="reference", pad="edge"), NAMES)
    assert same[0] is first
    assert same[1] is second


@pytest.mark.parametrize("size", [(13, 7), (40, 30), (90, 61)])
def test_the_resampler_is_antialiased_lanczos(size: tuple[int, int]) -> None:
    """Against its definition (Turkowski 1990): sinc(x) sinc(x/3), widened by the factor of shrinking."""
    picture = as_picture(drawing(40, 30))
    rows, columns = (weights(*pair) for pair in ((30, size[1]), (40, size[0])))
    wanted = np.einsum("ij,jkc,lk->ilc", rows, picture.array.astype(np.float64), columns)
    found = resized(picture, *size).array.astype(np.float64)
    # Pillow's weights are float64 and its pixels float32: the error of one rounding on each axis.
    assert np.abs(found - np.clip(wanted, 0, 255)).max() < 1e-3


def weights(old: int, new: int) -> np.ndarray[Any, Any]:
    """New × old."""
    scale = old / new
    widened = max(1.0, scale)
    centres = (np.arange(new) + 0.5) * scale
    places = (np.arange(old) + 0.5 - centres[:, None]) / widened
    found = np.where(np.abs(places) < 3, np.sinc(places) * np.sinc(places / 3), 0)
    normalised: np.ndarray[Any, Any] = found / found.sum(axis=1, keepdims=True)
    return normalised


def test_what_is_resized_is_not_rounded_to_levels() -> None:
    assert resized(as_picture(drawing(40, 30)), 20, 15).deep
    flat = Picture(8, 8, bytes([10, 20, 30]) * 64)
    assert resized(flat, 3, 5) == Picture(3, 5, bytes([10, 20, 30]) * 15)


def test_padding_keeps_every_pixel_at_its_place() -> None:
    small, large = as_picture(drawing(20, 16)), as_picture(drawing(40, 12, seed=1))
    first, second = one_size(small, large, ImagePolicy(pad="#ff8000"), NAMES)
    assert np.array_equal(first.array[:16, :20], small.array)
    assert (first.array[:, 20:] == [255, 128, 0]).all()
    assert np.array_equal(second.array[:12], large.array)
    assert (second.array[12:] == [255, 128, 0]).all()
    first, _ = one_size(small, large, ImagePolicy(pad="edge"), NAMES)
    assert (first.array[:, 20:] == small.array[:, 19:20]).all()


def test_a_rectangle_is_compared_alone() -> None:
    first, second = drawing(40, 30), drawing(40, 30)
    second.putpixel((35, 25), (255, 0, 0))
    assert compare(first, second, crop="0,0,30,20", **CHEAP).distance == 0
    found = compare(first, second, crop=(20, 10, 20, 20), **CHEAP)
    assert (found.width, found.height) == (20, 20)
    assert found.distance == compare(first.crop((20, 10, 40, 30)), second.crop((20, 10, 40, 30)), **CHEAP).distance
    with pytest.raises(InvalidSetting, match="the crop 40,0,5,5 lies outside the image of 40×30 pixels"):
        compare(first, second, crop="40,0,5,5", **CHEAP)


def test_a_rectangle_makes_other_sizes_one() -> None:
    assert compare(drawing(40, 30), drawing(40, 30).crop((0, 0, 25, 30)), crop="0,0,20,20", **CHEAP).distance == 0
    assert cropped(as_picture(drawing(40, 30)), as_box("30,20,50,50")).width == 10


def as_box(text: str) -> Any:
    from percept_cli.geometry import parse_box

    return parse_box(text)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (15, 16)])
def test_tiny_pictures_have_a_distance(size: tuple[int, int]) -> None:
    first, second = np.zeros((*size, 3), np.uint8), np.full((*size, 3), 255, np.uint8)
    found = compare(first, second, preset="five-taps", device="cpu")
    assert found.distance > 0
    assert any("are too few for" in note for note in found.notes)
    assert compare(first, first, device="cpu").distance == 0


def test_a_size_beyond_the_limit_is_refused_before_it_is_made() -> None:
    for resize, limits in (("fit:999999x999999", "pixels=1G"), ("scale:16", "pixels=10000")):
        with pytest.raises(UnsupportedImage, match=r"after resizing or padding: .* are more than the limit"):
            compare(drawing(40, 30), drawing(40, 30, seed=1), resize=resize, limits=limits, **SHALLOW)
    with pytest.raises(UnsupportedImage, match=r"reference after resizing or padding: 40×30 pixels"):
        compare(drawing(40, 10), drawing(10, 30), pad="edge", limits="pixels=1000", **SHALLOW)
