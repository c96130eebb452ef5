"""Colours of more than 8 bits become sRGB as those of 8 do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from percept_cli.images.policy import ImagePolicy
from tests.conftest import drawing
from tests.support import icc
from tests.support.colour_files import with_elements
from tests.support.deep_files import chunk, png, tiff, values
from tests.support.deep_frames import (
    EXACT,
    GAMMA,
    INKS,
    P3_CHROMATICITIES,
    alpha,
    colours,
    frame,
    off,
    with_profile,
)
from tests.support.pictures import seen

IGNORE = ImagePolicy(ignore_icc=True)
SPACES = {"display p3": icc.DISPLAY_P3, "adobe rgb": icc.ADOBE_RGB}


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("container", ["png", "tiff"])
def test_a_picture_in_a_wide_space_is_what_its_values_stand_for(name: str, container: str) -> None:
    space = SPACES[name]
    pixels = values(3, size=(120, 100))  # many of them outside sRGB
    found = colours(frame(with_profile(space.profile, pixels)[container]))
    truth = space.in_srgb(pixels / 257)
    # Profiles have 16 bits behind the point, which counts where a channel is nearly 0, and sRGB's curve steep.
    assert off(found, truth) < 0.25
    assert np.abs(found - truth).mean() < 0.006
    assert off(found[0, :2], np.array([[0, 0, 0], [255, 255, 255]])) < 1e-4


@pytest.mark.parametrize("name", SPACES)
def test_8_and_16_bits_of_the_same_colours_are_the_same_but_for_rounding(name: str) -> None:
    space = SPACES[name]
    levels = values(3, 255, size=(120, 100))
    out = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(out, "PNG", icc_profile=space.profile)
    shallow = seen(out.getvalue(), "x").array
    deep = colours(frame(with_profile(space.profile, levels * 257)["png"]))
    # Half a level of rounding, and what 16 bits inside littleCMS leave of the darkest (see test_colour_profiles).
    assert off(deep, shallow) < 0.6
    assert np.mean(np.rint(deep) != shallow) < 0.005


@pytest.mark.parametrize("profile", [icc.SRGB.profile, None], ids=["srgb", "none"])
@pytest.mark.parametrize("channels", [1, 3])
def test_profiles_that_are_srgb_leave_every_value_alone(profile: bytes | None, channels: int) -> None:
    pixels = values(channels)
    files = {"plain": png(pixels)} if profile is None else with_profile(profile, pixels)
    for data in files.values():
        assert frame(data) == frame(png(pixels))


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("channels", [1, 2])
def test_grey_profiles(gamma: float, channels: int) -> None:
    pixels = values(channels)
    for data in with_profile(icc.grey_profile(gamma), pixels).values():
        found = frame(data)
        truth = 255 * icc.srgb_encoded((pixels[..., :1] / 65535) ** (round(gamma * 256) / 256))
        assert off(colours(found), truth) < 0.02  # the slope of sRGB's curve at 0 × 16 bits, and some for floats
        assert np.ptp(colours(found), axis=2).max() < 1e-3  # grey stays grey
        if channels == 2:
            assert off(alpha(found), pixels[..., 1] / 257) < EXACT


def test_inks() -> None:
    pixels = values(4, size=(40, 30))
    share = pixels / 65535
    truth = 255 * (1 - share[..., :3]) * (1 - share[..., 3:])
    assert off(colours(frame(tiff(pixels, photometric=INKS))), truth) < 3 * EXACT
    found = colours(frame(tiff(pixels, photometric=INKS, tags={34675: icc.cmyk_profile()})))
    assert off(found, truth) < 6  # as for 8 bits: the table has 13 steps per ink
    assert np.abs(found - truth).mean() < 0.6
    levels = values(4, 255)
    image = Image.frombytes("CMYK", (13, 11), levels.astype(np.uint8).tobytes())
    rounded = np.rint(colours(frame(tiff(levels * 257, photometric=INKS))))
    assert off(rounded, np.asarray(image.convert("RGB"))) <= 1  # Pillow's rounding


def test_tables_of_colours() -> None:
    """Display P3 as a table; its perceptual one, which exchanges red and blue, is not asked for."""
    pixels = icc.DISPLAY_P3.of_srgb(np.asarray(drawing(40, 30)).astype(float)).astype(np.uint16) * 257
    found = colours(frame(with_profile(icc.rgb_lut_profile(), pixels)["tiff"]))
    assert off(found, icc.DISPLAY_P3.in_srgb(pixels / 257)) < 2  # 33 steps per channel


def test_alpha_is_not_converted() -> None:
    pixels = values(4)
    for data in with_profile(icc.DISPLAY_P3.profile, pixels).values():
        assert off(alpha(frame(data)), pixels[..., 3] / 257) < EXACT


def test_a_table_of_floats_that_takes_hours_is_not_used() -> None:
    """As for 8 bits: 60,000 elements for each pixel, which littleCMS would go through in floats above all."""
    pixels = values(3, size=(64, 48))
    plain = icc.Space(icc.P3_POINTS, 563 / 256).profile
    for data, known in zip(
        with_profile(with_elements(60_000), pixels).values(), with_profile(plain, pixels).values(), strict=True
    ):
        assert off(colours(frame(data)), colours(frame(known))) < 0.1  # of the gammas: 563/256 and 2.2 as 8.8 bits


def test_profiles_can_be_ignored() -> None:
    pixels = values(3)
    plain = frame(png(pixels))
    broken = chunk(b"iCCP", b"icc\0\0" + b"no deflate")
    for data in (
        *with_profile(icc.DISPLAY_P3.profile, pixels).values(),
        *with_profile(b"no profile", pixels).values(),
        png(pixels, before=[broken]),
        png(pixels, before=[GAMMA, P3_CHROMATICITIES, chunk(b"cICP", bytes(4))]),
    ):
        assert frame(data, IGNORE) == plain
