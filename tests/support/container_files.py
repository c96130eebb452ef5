"""HEIC, AVIF and JPEG XL files by independent writers, and what is read from them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import imagecodecs as ic
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from percept_cli.errors import UnreadableImage
from percept_cli.formats.heif.nclx import profile_of_nclx
from percept_cli.formats.jxl import head as jxl_head
from percept_cli.formats.pages import Source
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy

pytest.importorskip("pillow_jxl")


ph = pytest.importorskip("pillow_heif")

WIDTH, HEIGHT = 65, 35
Array = NDArray[Any]


def noise(bits: int, channels: int, seed: int = 0, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> Array:
    kind = np.uint8 if bits == 8 else np.uint16
    full = (*shape, channels) if channels > 1 else shape
    return np.random.default_rng(seed).integers(0, 1 << bits, full).astype(kind)


def read(reader: Callable[..., Decoded], data: bytes, policy: ImagePolicy = AS_SEEN) -> tuple[Array, Array | None]:
    """Colours and alpha of the one frame of a file."""
    decoded = reader(Source(data, "a.x", policy))
    (frame,) = decoded.frames
    assert (decoded.durations, decoded.scene) == (None, False)
    kind = np.float32 if frame.deep else np.uint8
    colours = np.frombuffer(frame.colours[:], kind).reshape(frame.height, frame.width, 3)
    return colours, None if frame.alpha is None else np.frombuffer(frame.alpha[:], kind).reshape(colours.shape[:2])


def heic(mode: str, values: Array, **options: Any) -> bytes:
    """Without loss."""
    stream = io.BytesIO()
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    size = values.shape[1], values.shape[0]
    ph.encode(mode, size, values.tobytes(), stream, **(lossless | options))
    return stream.getvalue()


def jxl(values: Array, bits: int) -> bytes:
    """Without loss, in sRGB."""
    return with_transfer(linear_jxl(values, bits), 13)


def linear_jxl(values: Array, bits: int) -> bytes:
    """Imagecodecs says of what has more than 8 bits that it is linear."""
    return bytes(ic.jpegxl_encode(values, lossless=True, bitspersample=bits))


def with_transfer(data: bytes, code: int) -> bytes:
    """A JPEG XL file that says another curve, where it says one: four bits of its head, found by trying."""
    before = jxl_head.head(data)
    if before.transfer == code:
        return data
    start = data.index(b"\xff\x0a") + 2
    head = int.from_bytes(data[start : start + 32], "little")
    for place in range(250):
        if head >> place & 0b1111 != before.transfer - 2:
            continue
        changed = head & ~(0b1111 << place) | (code - 2) << place
        found = data[:start] + changed.to_bytes(32, "little") + data[start + 32 :]
        try:
            said = jxl_head.head(found)
        except UnreadableImage:
            continue
        if said == replace(before, transfer=code):
            return found
    raise AssertionError("no such bits")


def avif(values: Array, bits: int, **options: Any) -> bytes:
    """Without loss."""
    if values.ndim == 3:
        options = {"pixelformat": "444", "matrix": 0, "primaries": 1, "transfer": 13} | options
    return bytes(ic.avif_encode(values, level=100, bitspersample=bits, **options))


def pillow_avif(values: Array, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "AVIF", **options)
    return stream.getvalue()


def pillow_jxl(image: Image.Image, **options: Any) -> bytes:
    """By the package's own way into Pillow, in a process of its own, since that way stays open."""
    stream = io.BytesIO()
    image.save(stream, "PNG", icc_profile=image.info.get("icc_profile"))
    code = (
        "import io, sys, pillow_jxl; from PIL import Image; out = io.BytesIO();"
        f"image = Image.open(io.BytesIO(sys.stdin.buffer.read())); image.save(out, 'JXL', **{options!r});"
        "sys.stdout.buffer.write(out.getvalue())"
    )
    return subprocess.run(
        [sys.executable, "-c", code], input=stream.getvalue(), capture_output=True, check=True
    ).stdout


def wide() -> bytes:
    """Display P3's profile, as our own codes make it."""
    profile = profile_of_nclx(12, 13)
    assert profile is not None
    return profile
