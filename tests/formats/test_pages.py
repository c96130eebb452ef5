"""What readers of deep files share: turns, and the question of their size."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import UnsupportedImage
from percept_cli.formats import pages
from percept_cli.formats.decode import decode
from tests.support.deep_files import Values, chunk, pam, png, pnm, tiff, values
from tests.support.deep_frames import EXACT, PNG, RGB, TIFF, TWO_PAGES, alpha, colours, frame, off

TURNS: dict[int, Callable[[Values], Values]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a.swapaxes(0, 1), 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("container", ["png", "png, behind", "tiff"])
def test_the_turn_is_applied(orientation: int, container: str) -> None:
    pixels = values(4)
    exif = Image.Exif()
    exif[0x0112] = orientation
    said = [chunk(b"eXIf", exif.tobytes()[6:])]
    data = {
        "png": lambda: png(pixels, before=said),
        "png, behind": lambda: png(pixels, behind=said),
        "tiff": lambda: tiff(pixels, photometric=RGB, tags={274: orientation}),
    }[container]()
    found, wanted = frame(data), TURNS[orientation](pixels) / 257
    assert (found.height, found.width) == wanted.shape[:2]
    assert off(colours(found), wanted[..., :3]) < EXACT
    assert off(alpha(found), wanted[..., 3]) < EXACT


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        (PNG, (13, 11, 1)),
        (TIFF, (13, 11, 1)),
        (TWO_PAGES, (13, 11, 2)),
        (pnm(values(3)), (13, 11, 1)),
        (pam(values(3)), (13, 11, 1)),
    ],
    ids=["png", "tiff", "two pages", "pnm", "pam"],
)
def test_its_size_is_asked_about_once_before_the_pixels(data: bytes, asked: tuple[int, int, int]) -> None:
    calls = []
    with patch.object(pages, "check_pixels", lambda *asked: calls.append(asked[:3])):
        decode(data, "x")
    assert calls == [asked]

    def refuse(*_: object) -> None:
        raise UnsupportedImage("the caller's own words")

    with (
        patch.object(pages, "check_pixels", refuse),
        pytest.raises(UnsupportedImage, match=r"^x: the caller's own words$"),
    ):
        decode(data, "x")
