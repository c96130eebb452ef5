"""PNG of 16 bits: colours, alpha, and writers."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest

from percept_cli.errors import UnsupportedImage
from tests.support import icc
from tests.support.deep_files import chunk, png, values
from tests.support.deep_frames import EXACT, GAMMA, P3_CHROMATICITIES, alpha, colours, frame, off


def test_alpha_that_is_opaque_everywhere_is_none() -> None:
    pixels = values(4)
    pixels[..., 3] = 65535
    assert frame(png(pixels)) == frame(png(pixels[..., :3]))
    assert frame(png(pixels)).alpha is None


def test_colours_under_transparency_are_kept_and_either_is_enough_to_be_deep() -> None:
    pixels = values(4, 255) * 257
    assert not frame(png(pixels)).deep
    pixels[3, 3, 3] = 1
    found = frame(png(pixels))
    assert found.deep
    assert off(colours(found), pixels[..., :3] / 257) == 0
    assert off(alpha(found), pixels[..., 3] / 257) < EXACT


@pytest.mark.parametrize("channels", [1, 3])
def test_a_colour_that_stands_for_nothing_is_compared_in_16_bits(channels: int) -> None:
    pixels = values(channels)
    pixels[2, 3] = pixels[4, 4] = 1000
    pixels[5, 5] = 1001  # the same in 8 bits
    key = struct.pack(">H", 1000) * channels
    opacity = np.full((11, 13), 255.0)
    opacity[2, 3] = opacity[4, 4] = 0
    assert off(alpha(frame(png(pixels, before=[chunk(b"tRNS", key)]))), opacity) == 0


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_gamma_of_a_png(channels: int) -> None:
    pixels = values(channels)
    shown = pixels[..., : 1 if channels < 3 else 3]
    truth = 255 * icc.srgb_encoded((shown / 65535) ** (1 / 0.55556))
    found = frame(png(pixels, before=[GAMMA]))
    assert off(colours(found), truth) < 0.02
    srgb = chunk(b"sRGB", b"\0")  # which counts before gAMA
    assert frame(png(pixels, before=[srgb, GAMMA])) == frame(png(pixels))


def test_the_primaries_of_a_png() -> None:
    pixels = values(3)
    found = colours(frame(png(pixels, before=[P3_CHROMATICITIES])))
    assert off(found, icc.DISPLAY_P3.in_srgb(pixels / 257)) < 0.25


def test_cicp() -> None:
    pixels = values(3)
    assert frame(png(pixels, before=[chunk(b"cICP", bytes([1, 13, 0, 1])), GAMMA])) == frame(png(pixels))
    with pytest.raises(UnsupportedImage, match=r"^some/name\.png: its cICP chunk states 9/16/0/1"):
        frame(png(pixels, before=[chunk(b"cICP", bytes([9, 16, 0, 1]))]))


def test_the_library_s_own_writer_is_read_as_well() -> None:
    pixels = values(4)
    assert frame(bytes(imagecodecs.png_encode(pixels))) == frame(png(pixels))
