"""Picture files: plain PNG, interlaced PNG with other bytes for the same pixels, and JPEG."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from rendering.arrays import Pixels

# First column, first row, column step and row step of the seven passes of an interlaced PNG.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def png(picture: Pixels) -> bytes:
    """Encode as an ordinary PNG, without metadata."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def interlaced_png(picture: Pixels) -> bytes:
    """Encode as an interlaced PNG with unfiltered rows, which Pillow reads but cannot write."""
    height, width, _ = picture.shape
    rows = []
    for left, top, step_x, step_y in _ADAM7:
        part = picture[top::step_y, left::step_x]
        if part.size:
            # Every row starts with its filter's number; 0 is "none".
            flat = part.reshape(part.shape[0], -1)
            rows.append(np.pad(flat, ((0, 0), (1, 0))).tobytes())
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    body = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def jpeg(picture: Pixels) -> bytes:
    """Encode as a JPEG of quality 60 with halved colour resolution."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=60, subsampling="4:2:0")
    return stream.getvalue()


def decode(data: bytes) -> Pixels:
    """Read a picture file's pixels."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)
