"""Large pictures in every format that comes in strips, and where their pixels are kept."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining, kept
from percept_cli.images.picture import Decoded
from tests.support import icc

HEIGHT, WIDTH = 97, 131
RNG = np.random.default_rng(5)
COLOURS: NDArray[np.uint8] = RNG.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
COLOURS[:50] //= 8
COLOURS[:40, :, 3] = 255  # opaque at first: alpha begins in the middle
DEEP: NDArray[np.uint16] = RNG.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
DEEP[:40] = DEEP[:40] // 257 * 257  # whole levels at first
RGB = Image.fromarray(COLOURS[..., :3])
GREY = RGB.convert("L")
in_both_places = pytest.mark.usefixtures("place")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures of these tests be large, and their strips a few rows."""
    monkeypatch.setattr(joining, "LARGE", 5000)
    monkeypatch.setattr(tiff, "LARGE", 5000)
    monkeypatch.setattr(joining, "_STRIP", 700)


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where pixels are kept."""
    if request.param == "file":
        monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    return str(request.param)


def by_pillow(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def tiff_of(values: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    if options.get("planarconfig") == "separate":
        values = np.ascontiguousarray(np.moveaxis(values, 2, 0))
    tifffile.imwrite(file, values, photometric="minisblack" if values.ndim == 2 else "rgb", **options)
    return file.getvalue()


def pngs() -> dict[str, bytes]:
    kinds = {
        "RGB": RGB,
        "RGBA": Image.fromarray(COLOURS),
        "L": GREY,
        "LA": Image.fromarray(COLOURS).convert("LA"),
        "palette of 200": RGB.quantize(200),
        "4 bits": RGB.quantize(13),
        "2 bits": RGB.quantize(3),
        "1 bit": GREY.convert("1"),
    }
    found = {f"PNG, {kind}": by_pillow(image, "PNG") for kind, image in kinds.items()}
    found["PNG, one colour transparent"] = by_pillow(RGB, "PNG", transparency=tuple(COLOURS[0, 0, :3].tolist()))
    found["PNG, Display P3"] = by_pillow(RGB, "PNG", icc_profile=icc.DISPLAY_P3.profile)
    for channels in range(1, 5):
        values = np.ascontiguousarray(DEEP[..., :channels] if channels > 1 else DEEP[..., 0])
        found[f"PNG, 16 bits, {channels}"] = bytes(imagecodecs.png_encode(values))
    return found


def tiffs(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    kinds = {"RGB": RGB, "L": GREY, "RGBA": Image.fromarray(COLOURS), "CMYK": RGB.convert("CMYK")}
    kinds["palette"] = RGB.quantize(200)
    found = {
        f"TIFF, {codec}, {kind}": by_pillow(image, "TIFF", compression=codec)
        for codec in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
        for kind, image in kinds.items()
        if codec != "jpeg" or kind in ("RGB", "L", "CMYK")
    }
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 500)
    for codec in (None, "tiff_lzw", "group4"):
        found[f"TIFF, {codec}, 1 bit"] = by_pillow(GREY.convert("1"), "TIFF", compression=codec)
    layouts: list[dict[str, Any]] = [
        {},
        {"rowsperstrip": 10},
        {"rowsperstrip": 40},
        {"tile": (16, 32)},
        {"tile": (64, 64)},
        {"tile": (16, 16), "compression": "zlib", "predictor": True},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (32, 16)},
        {"planarconfig": "separate", "rowsperstrip": 7},
        {"bigtiff": True, "tile": (32, 32)},
        {"byteorder": ">", "rowsperstrip": 9},
    ]
    light = (DEEP[..., :3] / 65535).astype(np.float32)
    for layout in layouts:
        values: dict[str, NDArray[Any]] = {"8 bits": COLOURS[..., :3], "16 bits": DEEP[..., :3]}
        values["16 bits with alpha"] = DEEP
        if "planarconfig" not in layout:
            values["16 bits, grey"] = DEEP[..., 0]
        if "predictor" not in layout:
            values["light"] = light
        words = ", ".join(f"{name} {value}" for name, value in layout.items())
        found |= {f"TIFF, {kind}, {words}": tiff_of(array, **layout) for kind, array in values.items()}
    return found


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def plain(decoded: Decoded) -> tuple[object, ...]:
    """All that a file holds, wherever it is."""
    (frame,) = decoded.frames
    alpha = None if frame.alpha is None else frame.alpha[:]
    return frame.width, frame.height, frame.colours[:], alpha, frame.deep, decoded.scene, decoded.notes
