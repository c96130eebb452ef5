"""OpenEXR: against files made by hand from its specification, and by the library of its authors."""

from __future__ import annotations

import builtins
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs as ic
import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.exr.frames import read_exr
from percept_cli.formats.jxl import head as jxl_head
from percept_cli.formats.jxl.reader import read_jxl
from percept_cli.formats.pages import Source
from percept_cli.images.limits import Limits
from percept_cli.images.nonfinite import nonfinite
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from tests.support.container_files import (
    HEIGHT,
    WIDTH,
    Array,
    jxl,
    linear_jxl,
    noise,
    pillow_jxl,
    read,
    wide,
    with_transfer,
)
from tests.support.scenes import (
    ONE,
    RGB,
    alpha_of,
    anything,
    colours_of,
    exr,
    exr_by_hand,
    light,
    only,
    planes,
    refused,
)

pytest.importorskip("pillow_jxl")


# --- OpenEXR ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_exr_by_hand(kind: type) -> None:
    values = light(0, 5, 7, 3, kind=kind)
    frame = only(read_exr(exr_by_hand(planes(values)), "x", anything))
    assert np.array_equal(colours_of(frame), values.astype(np.float32))
    assert frame.alpha is None


@pytest.mark.parametrize("compression", ["NO", "RLE", "ZIPS", "ZIP", "PIZ"])
@pytest.mark.parametrize("tiled", [False, True])
def test_exr_of_the_library(compression: str, tiled: bool, tmp_path: Path) -> None:
    import OpenEXR

    header: dict[str, Any] = {"compression": getattr(OpenEXR, f"{compression}_COMPRESSION")}
    if tiled:
        tiles = OpenEXR.TileDescription()
        tiles.xSize, tiles.ySize = 16, 8
        header |= {"type": OpenEXR.tiledimage, "tiles": tiles}
    values = light(1, 45, 37, 3)
    frame = only(read_exr(exr(tmp_path, planes(values), **header), "x", anything))
    assert np.array_equal(colours_of(frame), values)


@pytest.mark.parametrize("compression", ["PXR24", "B44", "B44A", "DWAA", "DWAB", "ZSTD"])
def test_exr_of_other_compressions_is_as_the_library_reads_it(compression: str, tmp_path: Path) -> None:
    import OpenEXR

    values = light(2, 300, 37, 3, kind=np.float16)
    data = exr(tmp_path, planes(values), compression=getattr(OpenEXR, f"{compression}_COMPRESSION"))
    with OpenEXR.File(io.BytesIO(data), separate_channels=True) as file:
        expected = np.stack([file.channels()[name].pixels for name in RGB], axis=2)
    assert np.array_equal(colours_of(only(read_exr(data, "x", anything))), expected.astype(np.float32))


def test_exr_alpha_is_divided_out() -> None:
    alpha = np.array([[1.0, 0.5, 0.25, 0.0, 2.0, -1.0]], np.float32)
    values = np.full((1, 6, 3), 0.5, np.float32)
    frame = only(read_exr(exr_by_hand(planes(values) | {"A": alpha}), "x", anything))
    # Colours under alpha 0 stay: light that covers nothing.
    assert colours_of(frame)[0, :, 0].tolist() == [0.5, 1.0, 2.0, 0.5, 0.5, 0.5]
    assert alpha_of(frame)[0].tolist() == [255, 127.5, 63.75, 0, 255, 0]


def test_exr_alpha_that_is_1_everywhere_is_none() -> None:
    values = light(3, 2, 3, 4)
    values[..., 3] = 1
    frame = only(read_exr(exr_by_hand(planes(values, ("R", "G", "B", "A"))), "x", anything))
    assert frame.alpha is None


def test_alpha_that_is_no_number_makes_a_pixel_that_is_none() -> None:
    alpha = np.array([[math.nan, math.inf, 0.5]], np.float32)
    decoded = read_exr(exr_by_hand(planes(np.ones((1, 3, 3), np.float32)) | {"A": alpha}), "x", anything)
    (kinds,) = nonfinite(decoded)
    assert kinds is not None
    assert kinds.tolist() == [[1, 1, 0]]
    assert alpha_of(only(decoded))[0].tolist() == [255, 255, 127.5]


def test_exr_of_luminance_is_grey() -> None:
    values = light(4, 3, 4)
    frame = only(read_exr(exr_by_hand({"Y": values, "Z": values}), "x", anything))
    assert np.array_equal(colours_of(frame), np.repeat(values[..., None], 3, axis=2))


def test_exr_with_pixels_that_do_not_unpack_is_damaged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = exr(tmp_path, planes(np.repeat(light(9, 40, 4, 3), 10, axis=1)))  # what does not shrink is not packed
    refused(read_exr, data[:-100] + bytes(100), UnreadableImage, "Unable to run decoder")
    assert capfd.readouterr().out == ""  # whatever the library has to say, reports are written there


def test_exr_of_many_channels_must_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.formats.light.free_memory", lambda: 20)
    refused(read_exr, exr_by_hand(ONE), UnsupportedImage, "3 channels", "memory")


def test_exr_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "OpenEXR":
            raise ImportError(name)
        return usual(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnsupportedImage) as caught:
        read_exr(exr_by_hand(ONE), "x", anything)
    assert "pip install 'percept-cli[hdr]'" in caught.value.hint


def test_the_curve_of_a_deep_jpeg_xl_is_applied() -> None:
    """That of digital cinema is x^2.6, which no code of ours has: the library's profile says it."""
    values = np.zeros((8, 8, 3), np.uint16)
    values[:] = np.arange(8, dtype=np.uint16)[:, np.newaxis, np.newaxis] * 9362
    colours, _ = read(read_jxl, with_transfer(linear_jxl(values, 16), 17))
    light = (values / 65535) ** 2.6
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(colours - expected).max() < 0.1
    with pytest.raises(UnsupportedImage, match="lossy JPEG XL"):
        lossy = bytes(ic.jpegxl_encode(values, lossless=False, bitspersample=16))
        read(read_jxl, with_transfer(lossy, 17))


def test_jpeg_xl_by_its_own_writer() -> None:
    values = noise(8, 3)
    data = pillow_jxl(Image.fromarray(values), lossless=True)
    assert (read(read_jxl, data)[0] == values).all()
    data = pillow_jxl(Image.fromarray(noise(8, 4)), lossless=True, use_container=True)
    colours, alpha = read(read_jxl, data)
    assert alpha is not None
    assert (np.dstack([colours, alpha]) == noise(8, 4)).all()


def test_a_jpeg_inside_jpeg_xl_is_that_jpeg() -> None:
    stream = io.BytesIO()
    image = Image.fromarray(noise(8, 3))
    exif = image.getexif()
    exif[0x112] = 6
    image.save(stream, "JPEG", exif=exif)
    data = bytes(ic.jpegxl_encode_jpeg(stream.getvalue(), usecontainer=True))
    colours, _ = read(read_jxl, data)
    with Image.open(stream) as image:
        expected = np.asarray(image.transpose(Image.Transpose.ROTATE_270))
    assert (colours == expected).all()


def test_floats_in_jpeg_xl() -> None:
    values = np.random.default_rng(0).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    colours, _ = read(read_jxl, with_transfer(bytes(ic.jpegxl_encode(values, lossless=True)), 13))
    np.testing.assert_allclose(colours, values * 255, rtol=1e-6)
    values[0, 0, 0] = 1.5
    with pytest.raises(UnsupportedImage, match="below black or above white"):
        read(read_jxl, with_transfer(bytes(ic.jpegxl_encode(values, lossless=True)), 13))


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("channels", [3, 4])
def test_linear_floats_are_a_scene(kind: type, channels: int) -> None:
    values: Array = (np.random.default_rng(0).random((HEIGHT, WIDTH, channels)) * 9).astype(kind)
    values[..., 3:] /= 9
    decoded = read_jxl(Source(bytes(ic.jpegxl_encode(values, lossless=True)), "a.jxl", AS_SEEN))
    (frame,) = decoded.frames
    assert decoded.scene
    assert frame.deep
    assert (np.frombuffer(frame.colours[:], np.float32) == values[..., :3].astype(np.float32).ravel()).all()
    assert (frame.alpha is not None) == (channels == 4)
    if frame.alpha is not None:
        np.testing.assert_allclose(
            np.frombuffer(frame.alpha[:], np.float32), values[..., 3].ravel().astype(np.float32) * 255, rtol=1e-6
        )


def test_linear_whole_numbers_become_srgb() -> None:
    """Light and levels by the standard's table: half of the light is level 187.52."""
    values = np.zeros((4, 4, 3), np.uint16)
    values[0, 0] = 65535, 32768, 131
    colours, _ = read(read_jxl, linear_jxl(values, 16))
    np.testing.assert_allclose(colours[0, 0], (255, 187.5168, 6.5856), atol=2e-3)
    same, _ = read(read_jxl, linear_jxl(values, 16), ImagePolicy(ignore_icc=True))
    np.testing.assert_allclose(same[0, 0], values[0, 0] / 257, rtol=1e-6)


def test_hdr_and_other_curves_of_jpeg_xl_are_refused() -> None:
    for code, words in ((16, "transfer function is PQ"),):
        with pytest.raises(UnsupportedImage, match=words):
            read(read_jxl, with_transfer(linear_jxl(noise(16, 3), 16), code))


HEADS: dict[str, tuple[Callable[[], bytes], dict[str, Any]]] = {
    "small": (lambda: jxl(noise(8, 3, shape=(16, 64)), 8), {"width": 64, "height": 16}),
    "square": (lambda: jxl(noise(8, 3, shape=(77, 77)), 8), {"width": 77, "height": 77}),
    "16 to 9": (lambda: jxl(noise(8, 3, shape=(90, 160)), 8), {"width": 160, "height": 90}),
    "large": (lambda: jxl(np.zeros((3, 9000), np.uint8), 8), {"width": 9000, "height": 3, "grey": True}),
    "alpha": (lambda: jxl(noise(8, 4), 8), {"alpha": True, "depth": 8, "multiplied": False}),
    "16 bits": (lambda: jxl(noise(16, 4), 16), {"alpha": True, "depth": 16, "floats": False, "transfer": 13}),
    "9 bits": (lambda: jxl(noise(9, 1), 9), {"depth": 9}),
    "floats": (lambda: bytes(ic.jpegxl_encode(np.ones((4, 4), np.float32))), {"depth": 32, "floats": True}),
    "halves": (lambda: bytes(ic.jpegxl_encode(np.ones((4, 4), np.float16))), {"depth": 16, "floats": True}),
    "lossy": (lambda: pillow_jxl(Image.fromarray(noise(8, 3)), quality=70), {"bt_709": True, "transfer": 13}),
}


@pytest.mark.parametrize("case", HEADS)
def test_heads_of_jpeg_xl(case: str) -> None:
    write, expected = HEADS[case]
    said = jxl_head.head(write())
    assert {key: getattr(said, key) for key in expected} == expected


def test_the_profile_of_a_jpeg_xl_has_the_limit_of_metadata() -> None:
    image = Image.fromarray(noise(8, 3))
    image.info["icc_profile"] = wide()
    data = pillow_jxl(image, lossless=True)
    read(read_jxl, data)
    with pytest.raises(
        UnsupportedImage, match=r"^a\.x: its [\d,]+ bytes of profiles, EXIF and texts are more than"
    ):
        read(read_jxl, data, ImagePolicy(limits=Limits(metadata=100)))
