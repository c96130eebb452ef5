"""TIFF of floating point."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.tiff.light import read_float_tiff
from percept_cli.images.limits import parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.support.scenes import alpha_of, anything, case, colours_of, light, only, refused, tiff

# --- TIFF ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": 3},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": 3, "byteorder": ">"},
        {"tile": (16, 32), "compression": "zlib"},
        {"rowsperstrip": 4},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "compression": "zlib", "predictor": 3, "rowsperstrip": 4},
    ],
)
def test_tiff_of_floats_is_light(kind: type, channels: int, options: dict[str, Any]) -> None:
    values = light(11, 21, 37, channels, kind=kind)
    stored = values[..., 0] if channels == 1 else values
    options = dict(options)
    planar = options.pop("planarconfig", None)
    if channels == 3:
        options["photometric"] = "rgb"
        if planar:
            stored, options["planarconfig"] = np.ascontiguousarray(np.moveaxis(values, 2, 0)), planar
    frame = only(read_float_tiff(tiff(stored, **options), "x", anything))
    assert np.array_equal(colours_of(frame), np.broadcast_to(values.astype(np.float32), (21, 37, 3)))
    assert frame.alpha is None


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_alpha_is_what_extrasamples_says(planar: str) -> None:
    values = np.full((1, 3, 4), 0.5, np.float32)
    values[0, :, 3] = 1, 0.5, 0
    stored = values if planar == "contig" else np.ascontiguousarray(np.moveaxis(values, 2, 0))
    found = {}
    for kind in ("unassalpha", "assocalpha", "unspecified"):
        data = tiff(stored, photometric="rgb", planarconfig=planar, extrasamples=[kind])
        found[kind] = only(read_float_tiff(data, "x", anything))
    assert colours_of(found["unassalpha"])[0, :, 0].tolist() == [0.5, 0.5, 0]  # what is not there has no colour
    assert colours_of(found["assocalpha"])[0, :, 0].tolist() == [0.5, 1.0, 0.5]
    for kind in ("unassalpha", "assocalpha"):
        assert alpha_of(found[kind])[0].tolist() == [255, 127.5, 0]
    assert found["unspecified"].alpha is None


def test_tiff_of_grey_and_alpha() -> None:
    values = np.array([[[0.25, 0.5]]], np.float32)
    data = tiff(values, photometric="minisblack", planarconfig="contig", extrasamples=["assocalpha"])
    frame = only(read_float_tiff(data, "x", anything))
    assert colours_of(frame)[0, 0].tolist() == [0.5] * 3
    assert alpha_of(frame)[0, 0] == 127.5


def test_tiff_of_pillow_is_read() -> None:
    values = light(12, 5, 6)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF")
    frame = only(read_float_tiff(out.getvalue(), "x", anything))
    assert np.array_equal(colours_of(frame)[..., 2], values)


def test_tiff_pages_are_frames_and_thumbnails_are_not() -> None:
    import tifffile

    pages, out = [light(seed, 3 + seed, 4) for seed in range(3)], io.BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(pages[0])
        file.write(light(9, 1, 1), subfiletype=1)
        for page in pages[1:]:
            file.write(page)
    seen = []
    decoded = read_float_tiff(out.getvalue(), "x", lambda width, height: seen.append((width, height)))
    assert [(frame.width, frame.height) for frame in decoded.frames] == [(4, 3), (4, 4), (4, 5)] == seen
    for frame, page in zip(decoded.frames, pages, strict=True):
        assert np.array_equal(colours_of(frame)[..., 0], page)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_pages_are_turned_as_pillow_turns_them(orientation: int) -> None:
    from PIL import ImageOps

    values = light(13, 3, 4)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF", tiffinfo={274: orientation})
    with Image.open(io.BytesIO(out.getvalue())) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(colours_of(only(read_float_tiff(out.getvalue(), "x", anything)))[..., 0], expected)


STRIPS = tiff(np.ones((64, 64), np.float32))


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableImage, []),
        (b"II*\0", UnreadableImage, []),
        (b"II*\0\xff\xff\xff\0", UnreadableImage, []),
        (STRIPS[:1000], UnreadableImage, ["beyond the end of the file"]),
        (STRIPS[:-1], UnreadableImage, ["beyond the end of the file"]),
        (tiff(np.ones((4, 4), np.uint8)), UnsupportedImage, ["samples are float16"]),
        (tiff(np.ones((4, 4), np.uint16)), UnsupportedImage, ["samples are float16"]),
        (tiff(np.ones((4, 4), np.complex64)), UnsupportedImage, ["samples are float16"]),
        (tiff(np.ones((4, 4), np.float32), photometric="miniswhite"), UnsupportedImage, ["in grey and RGB"]),
        (tiff(np.ones((4, 4, 4), np.float32), photometric="separated"), UnsupportedImage, ["in grey and RGB"]),
        (tiff(np.ones((4, 4), np.float32), compression="zlib")[:-3] + b"xyz", UnreadableImage, []),
    ],
    ids=case,
)
def test_tiff_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_float_tiff, data, kind, *words)


def test_tiff_of_a_million_samples_must_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.formats.light.free_memory", lambda: 1000)
    refused(read_float_tiff, STRIPS, UnsupportedImage, "memory")


def test_pages_of_light_are_counted_together() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as pages:
        for _ in range(4):
            pages.write(np.ones((8, 10, 3), np.float32), photometric="rgb")
    for limits, message in (("frames=3", "its 4 frames are more"), ("pixels=300", "10×8 pixels in 4 frames")):
        with pytest.raises(UnsupportedImage, match=message):
            decode(file.getvalue(), "x", ImagePolicy(limits=parse_limits(limits)))
