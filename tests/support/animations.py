"""Animations written by hand, and what is seen of them, from the specifications alone: the truth of the tests.

APNG: https://www.w3.org/TR/png-3/#apng-frame-based-animation. GIF89a: https://www.w3.org/Graphics/GIF/spec-gif89a.txt,
but what is cleared is transparent, as browsers have it. WebP: https://developers.google.com/speed/webp/docs/riff_container.
Nothing of percept or Pillow composes anything here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.deep_files import chunk

WIDTH, HEIGHT = 7, 5
STAYS, CLEARED, AS_BEFORE = 0, 1, 2  # what becomes of a frame's place, by the numbers of APNG
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A frame, as it is laid over those before it."""

    pixels: Pixels
    """H×W×4 of R, G, B and alpha."""
    left: int = 0
    top: int = 0
    dispose: int = STAYS
    over: bool = False


def composed(frames: Sequence[Frame], width: int = WIDTH, height: int = HEIGHT) -> list[Pixels]:
    """What is seen with each frame, H×W×4: computed in float64, and kept in whole levels, as the files are."""
    canvas, found = np.zeros((height, width, 4)), []
    for number, frame in enumerate(frames):
        rows, columns, _ = frame.pixels.shape
        place = slice(frame.top, frame.top + rows), slice(frame.left, frame.left + columns)
        before = canvas.copy()
        new = frame.pixels.astype(float)
        canvas[place] = np.rint(over(new, canvas[place])) if frame.over else new
        found.append(canvas.astype(np.uint8))
        # Before the first frame there was nothing, so what is as before is cleared.
        if frame.dispose == CLEARED or (frame.dispose == AS_BEFORE and number == 0):
            canvas[place] = 0
        elif frame.dispose == AS_BEFORE:
            canvas = before
    return found


def over(new: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """One laid over the other, as Porter and Duff have it; colours are not multiplied by alpha."""
    front, back = new[..., 3:] / 255, there[..., 3:] / 255
    alpha = front + back * (1 - front)
    sums = new[..., :3] * front + there[..., :3] * back * (1 - front)
    colours = np.divide(sums, alpha, out=np.zeros_like(sums), where=alpha > 0)
    return np.concatenate([colours, 255 * alpha], axis=2)


def plain(colour: Sequence[int], width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """One colour, everywhere."""
    return np.full((height, width, 4), colour, np.uint8)


def apng(
    frames: Sequence[Frame],
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    default: Pixels | None = None,
    stated: int | None = None,
    kind: int = 6,
    extra: Sequence[bytes] = (),
    palette: Pixels | None = None,
    interlaced: bool = False,
) -> bytes:
    """An APNG of 8 bits.

    Args:
        frames: in order.
        width: of the picture.
        height: likewise.
        default: the picture for programs that show no animations, if it is no frame.
        stated: how many frames it says that it has.
        kind: colour type.
        extra: chunks before the pixels.
        palette: N×4 colours, of which the frames are made, for colour type 3.
        interlaced: by Adam7.
    """
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, int(interlaced))
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *extra]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette[:, :3].tobytes()) + chunk(b"tRNS", palette[:, 3].tobytes()))
    parts.append(chunk(b"acTL", struct.pack(">II", len(frames) if stated is None else stated, 0)))
    if default is not None:
        parts.append(chunk(b"IDAT", packed(default, kind, palette, interlaced=interlaced)))
    number = 0
    for place, frame in enumerate(frames):
        rows, columns, _ = frame.pixels.shape
        control = (number, columns, rows, frame.left, frame.top, 100 + place, 1000, frame.dispose, frame.over)
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", *control)))
        number += 1
        pixels = packed(frame.pixels, kind, palette, interlaced=interlaced)
        if place == 0 and default is None:
            parts.append(chunk(b"IDAT", pixels))
            continue
        for part in (pixels[:5], pixels[5:]):  # as several chunks
            parts.append(chunk(b"fdAT", struct.pack(">I", number) + part))
            number += 1
    return b"".join([*parts, chunk(b"IEND", b"")])


def packed(pixels: Pixels, kind: int, palette: Pixels | None = None, *, interlaced: bool = False) -> bytes:
    """Pixels as a PNG of 8 bits and that colour type has them, without filters."""
    if palette is not None:
        values = (pixels[:, :, None] == palette).all(3).argmax(2).astype(np.uint8)[..., None]
    else:
        channels = {0: (0,), 2: (0, 1, 2), 4: (0, 3), 6: (0, 1, 2, 3)}[kind]
        values = np.ascontiguousarray(pixels[..., channels])
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    passes = [values[y::down, x::right] for x, y, right, down in steps] if interlaced else [values]
    return zlib.compress(b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in part))


def gif(
    frames: Sequence[Frame], palette: Pixels, *, local: bool = False, width: int = WIDTH, height: int = HEIGHT
) -> bytes:
    """A GIF: whatever is transparent in a frame leaves what is there, so that all of them are laid over it.

    Args:
        frames: of colours of the palette, or transparent.
        palette: N×4 opaque colours, at most 7 (the eighth is for what is transparent).
        local: whether each frame has a palette of its own, in another order.
        width: of the picture.
        height: likewise.
    """
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0x82, 1, 0), _table(palette)]
    for place, frame in enumerate(frames):
        rows, columns, _ = frame.pixels.shape
        own = np.roll(palette, place, axis=0) if local else palette
        indices = (frame.pixels[:, :, None] == own).all(3).argmax(2).astype(np.uint8)
        clear = frame.pixels[..., 3] == 0
        indices[clear] = 7
        flags = {STAYS: 1, CLEARED: 2, AS_BEFORE: 3}[frame.dispose] << 2 | int(clear.any())
        parts.append(b"!\xf9\4" + struct.pack("<BHBB", flags, 10 + place, 7, 0))
        parts.append(b"," + struct.pack("<HHHHB", frame.left, frame.top, columns, rows, 0x82 if local else 0))
        parts += [_table(own)] if local else []
        parts.append(lzw(indices.ravel().tolist()))
    return b"".join([*parts, b";"])


def _table(colours: Pixels) -> bytes:
    """Eight entries."""
    return colours[:, :3].tobytes().ljust(24, b"\0")


def lzw(indices: Sequence[int]) -> bytes:
    """Indices below 8 in codes of 4 bits, the table cleared before it would need five."""
    codes = [code for first in range(0, len(indices), 6) for code in (8, *indices[first : first + 6])]
    bits = sum(code << 4 * place for place, code in enumerate([*codes, 9]))
    data = bits.to_bytes(-(-4 * (len(codes) + 1) // 8), "little")
    blocks = [data[first : first + 255] for first in range(0, len(data), 255)]
    return b"\3" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def webp(frames: Sequence[Frame], *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A WebP whose frames are lossless and lie at even places; nothing is as before in it.

    Only the picture in each frame is coded by libwebp, as a file of its own.
    """
    parts = [_riff(b"VP8X", struct.pack("<I", 0x12) + _three(width - 1) + _three(height - 1))]
    parts.append(_riff(b"ANIM", struct.pack("<IH", 0, 0)))
    for frame in frames:
        rows, columns, _ = frame.pixels.shape
        assert frame.left % 2 == frame.top % 2 == 0
        assert frame.dispose != AS_BEFORE
        out = io.BytesIO()
        Image.fromarray(frame.pixels).save(out, "WEBP", lossless=True, exact=True)
        coded = out.getvalue()[12:]
        coded = coded[coded.index(b"VP8L") :]  # a file with alpha may have a VP8X in front
        head = b"".join(map(_three, (frame.left // 2, frame.top // 2, columns - 1, rows - 1, 100)))
        flags = (0 if frame.over else 2) | (1 if frame.dispose == CLEARED else 0)
        parts.append(_riff(b"ANMF", head + bytes([flags]) + coded))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


def _riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
