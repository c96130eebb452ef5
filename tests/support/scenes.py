"""Files of light for tests: by hand from their specifications, and by the libraries of their authors."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.errors import PerceptError
from percept_cli.images.picture import Decoded, Frame


def anything(_width: int, _height: int) -> None:
    """A check that lets everything pass."""


def colours_of(frame: Frame) -> NDArray[Any]:
    kind = np.float32 if frame.deep else np.uint8
    return np.frombuffer(frame.colours[:], kind).reshape(frame.height, frame.width, 3)


def alpha_of(frame: Frame) -> NDArray[Any]:
    assert frame.alpha is not None
    return np.frombuffer(frame.alpha[:], np.float32 if frame.deep else np.uint8).reshape(frame.height, frame.width)


def only(decoded: Decoded, *, scene: bool = True) -> Frame:
    assert decoded.scene == scene
    (frame,) = decoded.frames
    assert frame.deep or not scene
    return frame


def light(seed: int, *shape: int, kind: type = np.float32) -> NDArray[Any]:
    """Values from 2^-8 to 2^4."""
    return (2 ** np.random.default_rng(seed).uniform(-8, 4, shape)).astype(kind)


def attribute(name: str, kind: str, value: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value


def exr_by_hand(
    channels: dict[str, NDArray[Any]],
    *,
    data: Sequence[int] | None = None,
    display: Sequence[int] | None = None,
    extra: bytes = b"",
    sampling: int = 1,
    version: int = 2,
) -> bytes:
    """Scan lines without compression, from "The OpenEXR File Layout"; windows are left, top, right, bottom."""
    height, width = next(iter(channels.values())).shape
    data = data or (0, 0, width - 1, height - 1)
    kinds = {"uint32": 0, "float16": 1, "float32": 2}
    names = sorted(channels)
    listed = b"".join(
        name.encode() + b"\0" + struct.pack("<iIii", kinds[channels[name].dtype.name], 0, sampling, sampling)
        for name in names
    )
    header = b"".join(
        [
            attribute("channels", "chlist", listed + b"\0"),
            attribute("compression", "compression", b"\0"),
            attribute("dataWindow", "box2i", struct.pack("<4i", *data)),
            attribute("displayWindow", "box2i", struct.pack("<4i", *(display or data))),
            attribute("lineOrder", "lineOrder", b"\0"),
            attribute("pixelAspectRatio", "float", struct.pack("<f", 1)),
            attribute("screenWindowCenter", "v2f", bytes(8)),
            attribute("screenWindowWidth", "float", struct.pack("<f", 1)),
            extra,
            b"\0",
        ]
    )
    begin = b"\x76\x2f\x31\x01" + struct.pack("<I", version) + header
    lines = []
    for row in range(height):
        pixels = b"".join(np.ascontiguousarray(channels[name][row]).tobytes() for name in names)
        lines.append(struct.pack("<ii", data[1] + row, len(pixels)) + pixels)
    at, table = len(begin) + 8 * height, b""
    for line in lines:
        table += struct.pack("<Q", at)
        at += len(line)
    return begin + table + b"".join(lines)


def exr(folder: Path, channels: dict[str, NDArray[Any]], **header: Any) -> bytes:
    """By OpenEXR's own library, which changes the dictionaries that it gets."""
    import OpenEXR

    path = folder / "made.exr"
    usual = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    with OpenEXR.File(usual | header, dict(channels)) as file:
        file.write(str(path))
    return path.read_bytes()


def exr_of_parts(folder: Path, *parts: tuple[str, dict[str, NDArray[Any]]]) -> bytes:
    import OpenEXR

    path = folder / "made.exr"
    with OpenEXR.File(
        [OpenEXR.Part({"type": OpenEXR.scanlineimage}, dict(chans), name) for name, chans in parts]
    ) as file:
        file.write(str(path))
    return path.read_bytes()


def rgbe(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Pixels of Radiance, with runs in them: mantissas of which one at least has its highest bit."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 0] |= 128
    pixels[..., 3] = rng.integers(120, 136, (height, width), np.uint8)
    pixels[:, width // 4 : width // 2] = pixels[:, width // 4 : width // 4 + 1]
    return pixels


def value_of(pixel: Sequence[int] | NDArray[np.uint8]) -> list[float]:
    """What an RGBE pixel means, by plain floats."""
    return [mantissa * 2.0 ** (int(pixel[3]) - 136) if pixel[3] else 0.0 for mantissa in map(int, pixel[:3])]


def hdr(body: bytes, size: str, *lines: str, magic: str = "#?RADIANCE") -> bytes:
    return "\n".join([magic, *lines, "", size, ""]).encode() + body


def runs_by_channel(pixels: NDArray[np.uint8]) -> bytes:
    """The newer kind of runs: per scan line and channel, 128 + n for n equal bytes, n for n others."""
    out = b""
    for row in pixels:
        out += bytes([2, 2, len(row) >> 8, len(row) & 255])
        for channel in range(4):
            values, at = row[:, channel].tobytes(), 0
            while at < len(values):
                equal = 1
                while at + equal < len(values) and equal < 127 and values[at + equal] == values[at]:
                    equal += 1
                if equal > 2:
                    out += bytes([128 + equal, values[at]])
                    at += equal
                else:
                    out += bytes([min(2, len(values) - at)]) + values[at : at + 2]
                    at += 2
    return out


def runs_by_pixel(pixels: NDArray[np.uint8]) -> bytes:
    """The older kind: 1 1 1 n repeats the pixel before n times; what is more follows, times 256."""
    out = b""
    for row in pixels:
        at = 0
        while at < len(row):
            pixel, equal = row[at].tobytes(), 1
            while at + equal < len(row) and row[at + equal].tobytes() == pixel:
                equal += 1
            out += pixel
            again = equal - 1
            while again:
                out += bytes([1, 1, 1, again & 255])
                again >>= 8
            at += equal
    return out


def npy(array: NDArray[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    import tifffile

    out = io.BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


RGB = ("R", "G", "B")
Reader = Callable[[bytes, str, Callable[[int, int], None]], Any]


def case(value: Any) -> str:
    """The name of a damaged file: its size, and what is said of it."""
    if isinstance(value, bytes):
        return f"{len(value)}"
    return value.__name__ if isinstance(value, type) else "-".join(value)


def planes(values: NDArray[Any], names: tuple[str, ...] = RGB, prefix: str = "") -> dict[str, NDArray[Any]]:
    return {prefix + name: np.ascontiguousarray(values[..., place]) for place, name in enumerate(names)}


def refused(reader: Reader, data: bytes, kind: type[PerceptError], *words: str) -> None:
    with pytest.raises(kind) as caught:
        reader(data, "some.file", anything)
    assert str(caught.value).startswith("some.file: ")
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)


AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)

ONE = {name: np.ones((2, 2), np.float32) for name in RGB}
