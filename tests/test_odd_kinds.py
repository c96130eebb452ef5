"""Kinds of pictures that were listed and refused, or refused with a wrong reason."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from percept_cli import compare
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.known import format_of
from percept_cli.images.picture import Decoded
from tests.conftest import drawing


def values(decoded: Decoded) -> list[list[list[int]]]:
    (frame,) = decoded.frames
    found: list[list[list[int]]] = (
        np.frombuffer(frame.colours[:], np.float32 if frame.deep else np.uint8)
        .reshape(frame.height, frame.width, 3)
        .tolist()
    )
    return found


BLACK, WHITE = [0, 0, 0], [255, 255, 255]
PLAIN = {
    "P1": b"P1\n3 2\n0 1 0\n1 1 0\n",
    "P1, packed, with comments": b"P1 # bits\n3 # wide\n2\n01#x\n0 11\n0",
    "P2": b"P2\n3 2\n1\n1 0 1\n0 0 1\n",
    "P3": b"P3 3 2 255 255 255 255 0 0 0 255 255 255 0 0 0 0 0 0 255 255 255",
    "P4": b"P4 3 2\n" + bytes([0b01000000, 0b11000000]),
    "P5": b"P5 3 2 255\n" + bytes([255, 0, 255, 0, 0, 255]),
    "P6": b"P6 3 2 255\n" + bytes(3 * [255] + 3 * [0] + 3 * [255] + 6 * [0] + 3 * [255]),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_the_family_of_pbm(kind: str) -> None:
    """The same six pixels; in a bitmap 1 is black."""
    assert values(decode(PLAIN[kind], "a.pbm")) == [[WHITE, BLACK, WHITE], [BLACK, BLACK, WHITE]]


@pytest.mark.parametrize("data", [b"P1\n3 2\n0 1 0\n1 1\n", b"P1\n3 2\n0 1 0\n1 2 0\n", b"P1\n3", b"P1\n"])
def test_a_damaged_plain_bitmap(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match=r"^a\.pbm: "):
        decode(data, "a.pbm")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_dib_is_bmp_without_the_header_of_a_file(mode: str) -> None:
    image = drawing(23, 17).convert(mode)
    written = {}
    for kind in ("BMP", "DIB"):
        file = io.BytesIO()
        image.save(file, kind)
        written[kind] = file.getvalue()
    form = format_of(written["DIB"])
    assert form is not None
    assert form.name == "DIB"
    assert written["BMP"][14:] == written["DIB"]
    frames = [decode(data, "a.dib").frames for data in written.values()]
    assert frames[0] == frames[1]


@pytest.mark.parametrize(("mode", "hint"), [("HSV", 'image.convert("RGB")'), ("LAB", "PIL.ImageCms")])
def test_modes_of_other_colours_are_refused_for_what_they_are(mode: str, hint: str) -> None:
    image = Image.new(mode, (9, 7))
    with pytest.raises(
        UnsupportedImage, match=f"has colours of mode {mode}, which percept does not convert"
    ) as error:
        compare(image, image)
    assert hint in str(error.value.hint)


def test_modes_of_more_bits_are_refused_for_these() -> None:
    for mode in ("I", "F"):
        with pytest.raises(UnsupportedImage, match=rf"has more than 8 bits per channel \(mode {mode}\)"):
            compare(Image.new(mode, (9, 7)), Image.new(mode, (9, 7)))


def test_a_tiff_of_lab_is_refused_for_its_colours() -> None:
    file = io.BytesIO()
    Image.new("LAB", (9, 7)).save(file, "TIFF")
    with pytest.raises(UnsupportedImage, match=r"its colours are CIE Lab, which is not supported$"):
        decode(file.getvalue(), "a.tif")


def test_grey_with_alpha_multiplied_in_is_read() -> None:
    image = Image.new("LA", (9, 7), (200, 100))
    found = compare(image.convert("La"), image)
    assert found.distance < 1e-3  # a level of rounding, which multiplying costs
