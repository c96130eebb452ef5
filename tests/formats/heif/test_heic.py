"""HEIC: turns, profiles, its main picture, and what is multiplied in."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from percept_cli.formats.heif.heic import read_heic
from percept_cli.images.policy import ImagePolicy
from tests.support.container_files import HEIGHT, WIDTH, heic, noise, ph, read, wide

pytest.importorskip("pillow_jxl")


def test_alpha_that_is_multiplied_in_is_taken_out() -> None:
    values = noise(8, 4)
    values[..., :3] = np.rint(values[..., :3] * (values[..., 3:] / 255)).astype(np.uint8)
    values[0, 0] = 0
    colours, alpha = read(read_heic, heic("RGBa", values))
    assert alpha is not None
    assert (alpha == values[..., 3]).all()
    assert (colours[0, 0] == 0).all()
    again = np.rint(colours * (alpha[..., np.newaxis] / 255))
    assert (again == values[..., :3]).all()


def test_grey_of_video_is_brought_to_the_full_range() -> None:
    values = noise(8, 1)
    values[0, :4] = 16, 235, 0, 126
    colours, _ = read(read_heic, heic("L", values, full_range_flag=0))
    assert colours[0, :4, 0].tolist() == [0, 255, 0, 128]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(orientation: int) -> None:
    stored = Image.fromarray(noise(8, 3))
    exif = stored.getexif()
    exif[0x112] = orientation
    stream = io.BytesIO()
    file = ph.from_pillow(stored)  # which makes an irot of it, and keeps EXIF's word too
    file.info["exif"] = exif.tobytes()
    file.save(stream, quality=-1, chroma=444, matrix_coefficients=0, exif=exif.tobytes())
    turned = file.to_pillow()
    colours, _ = read(read_heic, stream.getvalue())
    reference = ph.read_heif(stream.getvalue()).to_pillow()
    assert (colours == np.asarray(reference)).all()
    assert sorted(turned.size) == sorted(reference.size)


def test_the_main_picture_of_a_collection() -> None:
    file = ph.HeifFile()
    for level in (10, 20, 30):
        file.add_frombytes("RGB", (8, 8), bytes([level]) * 192)
    stream = io.BytesIO()
    file.save(stream, primary_index=1, quality=-1, chroma=444, matrix_coefficients=0)
    colours, _ = read(read_heic, stream.getvalue())
    assert set(colours.ravel().tolist()) == {20}


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_a_profile_is_applied() -> None:
    values = np.full((4, 4, 3), (234, 51, 35), np.uint8)
    image = Image.fromarray(values)
    image.info["icc_profile"] = wide()
    stream = io.BytesIO()
    ph.from_pillow(image).save(stream, quality=-1, chroma=444, matrix_coefficients=0)
    colours, _ = read(read_heic, stream.getvalue())
    assert np.abs(colours.astype(int) - (255, 0, 0)).max() <= 1
    same, _ = read(read_heic, stream.getvalue(), ImagePolicy(ignore_icc=True))
    assert (same == values).all()


def test_profiles_of_deep_pictures() -> None:
    values = np.full((HEIGHT, WIDTH, 3), (939, 205, 142), np.uint16)
    for profile, expected in ((srgb(), values[0, 0] * (255 / 1023)), (wide(), (255, 0, 0))):
        file = ph.HeifFile()
        file.add_frombytes("RGB;10", (WIDTH, HEIGHT), values.tobytes())
        file.info.update(icc_profile=profile, icc_profile_type="prof", bit_depth=10)
        stream = io.BytesIO()
        file.save(stream, quality=-1, chroma=444, matrix_coefficients=0)
        assert np.abs(read(read_heic, stream.getvalue())[0] - expected).max() < 0.7
