"""One picture in several colour spaces, and files of it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from percept_cli.images.picture import Picture
from percept_cli.images.policy import ImagePolicy
from tests.conftest import drawing
from tests.support import icc

IGNORE = ImagePolicy(ignore_icc=True)
BOUND = 0.6
PICTURE = drawing(64, 48)
LEVELS = np.asarray(PICTURE).astype(float)


def saved_as(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def levels(picture: Picture) -> NDArray[Any]:
    return np.frombuffer(picture.pixels[:], np.uint8).reshape(picture.height, picture.width, 3).astype(float)


def expressed(space: icc.Space) -> Image.Image:
    return Image.fromarray(space.of_srgb(LEVELS))


def off(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(np.abs(found - wanted).max())


P3 = icc.DISPLAY_P3.profile


def with_elements(count: int) -> bytes:
    """A profile of version 4.3 with a table of floats whose elements all lie at one place."""
    element = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    places = struct.pack(">II", 16 + 8 * count, len(element)) * count
    table = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, count) + places + element
    columns = icc.matrix(icc.P3_POINTS).T
    tags = {name: icc.xyz(column) for name, column in zip(("rXYZ", "gXYZ", "bXYZ"), columns, strict=True)}
    curves = dict.fromkeys(("rTRC", "gTRC", "bTRC"), icc.curv(2.2))
    profile = bytearray(icc.profile("RGB ", tags | curves | {"D2B0": table, "D2B1": table}))
    profile[8:12] = bytes([4, 0x30, 0, 0])
    return bytes(profile)


def with_chunks(image: Image.Image, chunks: dict[bytes, bytes]) -> bytes:
    """A PNG with chunks put behind its header."""
    data = saved_as(image)
    put = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks.items()
    )
    return data[:33] + put + data[33:]


def chrm(points: icc.Points, white: tuple[float, float] = icc.D65) -> bytes:
    return struct.pack(">8I", *(round(c * 100_000) for point in (white, *points) for c in point))
