"""Radiance's pictures (.hdr, .pic): shared exponents, runs of equal bytes.

Written from G. Ward, "Real Pixels", Graphics Gems II (1991), and Radiance's "File Formats" (F. Grobe, G. Ward). A
value is m · 2^(e - 136) of a mantissa m and an exponent e, both bytes, as in nearly all programs; Radiance itself
adds half a step.

Scan lines with runs by channel, which is what programs write, are unpacked by imagecodecs. By hand are read: the
header, of which it says neither exposures nor primaries, and knows one order of rows and columns; older runs, of
whole pixels, which it takes for pixels; and what it cannot unpack, to say what is wrong with it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.primaries import XYZ, Primaries, to_bt709
from percept_cli.formats.faults import damaged, decoder_errors
from percept_cli.formats.light import Check, frame_of_light
from percept_cli.images.picture import Decoded, bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = re.compile(rb"#\?(RADIANCE|RGBE)[ \t\r]*\n")
_SIZE = re.compile(rb"([+-])([XY]) +(\d{1,6}) +([+-])([XY]) +(\d{1,6})[ \t\r]*\n")
_LONGEST_HEADER = 1 << 16  # bytes
_FORMATS = ("32-bit_rle_rgbe", "32-bit_rle_xyze")
_LUMENS_PER_WATT = 179.0  # of white, in Radiance: XYZ is in cd/m², and RGB in W/(sr·m²)
_SHORTEST, _LONGEST = 8, 32767  # scan lines that can have runs in each channel
_LONGEST_RUN = 127  # of one byte
_MARK, _MARKED = 128, 0.5  # mantissas and exponent of a line's pixels, and what they are


@dataclass(frozen=True)
class _Header:
    xyz: bool
    scale: tuple[float, float, float]
    """What each channel is multiplied by."""
    primaries: Primaries | None
    size: re.Match[bytes]
    end: int


def read_hdr(data: bytes, name: str, check: Check) -> Decoded:
    """The picture in a file of Radiance: flat, or with runs of either kind.

    Values are divided by the product of EXPOSURE lines, and by that of COLORCORR lines; PRIMARIES are converted to
    BT.709's with white kept white, and are taken for BT.709's where there is no such line, as nearly all programs
    do. 32-bit_rle_xyze is cd/m²: divided by 179 as Radiance does, with equal amounts becoming white. All eight
    orders of rows and columns are turned upright. PIXASPECT is not applied.

    Args:
        data: the whole file.
        name: for messages.
        check: called with width and height before anything is allocated.

    Raises:
        UnreadableImage: if it is no such file, or a damaged or cut one.
        UnsupportedImage: for another FORMAT.
    """
    with decoder_errors(name, anything=True):
        header = _header(data)
        first_sign, first, first_size, second_sign, second, second_size = header.size.groups()
        if first == second:
            raise damaged("its size line names one axis twice")
        count, length = int(first_size), int(second_size)
        if not count or not length:
            raise damaged("it has no pixels")
        check(*((length, count) if first == b"Y" else (count, length)))
        if count * 4 > len(data) - header.end:  # no scan line takes less than a pixel
            raise damaged(f"its {len(data)} bytes cannot hold {count} scan lines")
        colours = _light(data, header.end, count, length)
        signs = {first: first_sign, second: second_sign}
        if first == b"X":
            colours = colours.transpose(1, 0, 2)
        if signs[b"Y"] == b"+":  # Y points up
            colours = colours[::-1]
        if signs[b"X"] == b"-":
            colours = colours[:, ::-1]
        return Decoded((frame_of_light(_converted(colours, header)),), scene=True)


def _header(data: bytes) -> _Header:
    magic = _MAGIC.match(data)
    if not magic:
        raise damaged("the #?RADIANCE signature is missing")
    end = data.find(b"\n\n", magic.end() - 1, _LONGEST_HEADER)
    windows = data.find(b"\n\r\n", magic.end() - 1, _LONGEST_HEADER)
    if windows >= 0 and (end < 0 or windows < end):
        end = windows + 1
    size = _SIZE.match(data, end + 2) if end >= 0 else None
    if not size:
        raise damaged("the header has no size")
    scale, primaries, form = [1.0, 1.0, 1.0], None, _FORMATS[0]
    for line in data[magic.end() : end].decode("latin-1").splitlines():
        key, equals, value = line.partition("=")
        key, value = key.strip(), value.strip()
        if not equals:
            continue
        if key == "FORMAT":
            form = value
        elif key == "EXPOSURE":
            scale = [channel / _factors(value, 1)[0] for channel in scale]
        elif key == "COLORCORR":
            scale = [channel / factor for channel, factor in zip(scale, _factors(value, 3), strict=True)]
        elif key == "PRIMARIES":
            primaries = Primaries(*_numbers(value, 8))
    if form not in _FORMATS:
        raise UnsupportedImage(
            f"FORMAT={form[:40]!r} is not supported", hint=f"save it as {' or '.join(_FORMATS)}."
        )
    if not all(1e-30 < channel < 1e30 for channel in scale):
        raise damaged("its EXPOSURE or COLORCORR is out of range")
    return _Header(form == _FORMATS[1], (scale[0], scale[1], scale[2]), primaries, size, size.end())


def _numbers(text: str, count: int) -> list[float]:
    found = [float(word) for word in text.split()]
    if len(found) != count or not all(map(math.isfinite, found)):
        raise damaged(f"{text[:60]!r} in the header should be {count} numbers")
    return found


def _factors(text: str, count: int) -> list[float]:
    found = _numbers(text, count)
    if min(found) <= 0:
        raise damaged(f"{text[:60]!r} in the header should be above 0")
    return found


def _light(data: bytes, at: int, count: int, length: int) -> NDArray[np.float32]:
    """Rows: count × length × 3; float32 holds all of these exactly."""
    import imagecodecs
    import numpy as np

    if _has_channels(data, at, length) and (found := _by_library(data, at, count, length)) is not None:
        return found
    pixels, row = _scan_lines(data, at, count, length), 4 * length
    light = np.empty((count, length, 3), np.float32)
    for rows in bands(count, length):  # since imagecodecs takes no more than 2 GiB
        part = pixels[row * rows.start : row * rows.stop]
        imagecodecs.rgbe_decode(part, header=False, rle=False, out=light[rows])
    return light


def _by_library(data: bytes, at: int, count: int, length: int) -> NDArray[np.float32] | None:
    """The same of a file in which every scan line has runs by channel, and nothing follows the last; or None.

    imagecodecs takes all that follows a line without such runs for pixels, and says nothing. So one more line
    comes after the last one: if that is found to be what it is, no line before it was another.
    """
    import imagecodecs
    import numpy as np

    whole, rest = divmod(length, _LONGEST_RUN)
    runs = bytes([128 + _LONGEST_RUN, _MARK]) * whole + bytes([128 + rest, _MARK]) * bool(rest)
    last = b"\2\2" + length.to_bytes(2, "big") + 4 * runs
    light = np.empty((count + 1, length, 3), np.float32)
    try:
        imagecodecs.rgbe_decode(data[at:] + last, header=False, rle=True, out=light)
    except (imagecodecs.RgbeError, ValueError):  # damaged, with further bytes, or beyond 2 GiB
        return None
    return light[:count] if (light[count] == _MARKED).all() else None


def _has_channels(data: bytes, at: int, length: int) -> bool:
    """Whether a scan line has runs by channel: 2, 2, and its length.

    No colour looks like that, since its largest mantissa is 128 or more.
    """
    start = data[at : at + 4]
    return _SHORTEST <= length <= _LONGEST and start[:2] == b"\2\2" and len(start) == 4 and start[2] < 128


def _scan_lines(data: bytes, at: int, count: int, length: int) -> bytes:
    """Rows: count × length × 4 bytes."""
    lines = []
    for _ in range(count):
        if _has_channels(data, at, length):
            if data[at + 2] << 8 | data[at + 3] != length:
                raise damaged("a scan line has the wrong length")
            line, at = _by_channel(data, at + 4, length)
        else:
            line, at = _by_pixel(data, at, length)
        lines.append(line)
    return b"".join(lines)


def _by_channel(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    """One scan line of which each channel has runs of its own."""
    line, size = bytearray(length * 4), len(data)
    for channel in range(4):
        values = bytearray()
        while len(values) < length:
            if at + 1 >= size:
                raise damaged("a scan line is truncated")
            code = data[at]
            if code > 128:
                values += data[at + 1 : at + 2] * (code - 128)
                at += 2
            elif code:
                values += data[at + 1 : at + 1 + code]
                at += 1 + code
            else:
                raise damaged("a run is empty")
        if len(values) > length or at > size:
            raise damaged("a run is longer than its scan line, or than the file")
        line[channel::4] = values
    return bytes(line), at


def _by_pixel(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    """One scan line of whole pixels, where 1 1 1 n repeats the last one n times, and again n · 256 times."""
    line, end, shift = bytearray(), length * 4, 0
    whole = data[at : at + end]
    if len(whole) == end and b"\1\1\1" not in whole:
        return whole, at + end
    while len(line) < end:
        pixel = data[at : at + 4]
        if len(pixel) < 4:
            raise damaged("a scan line is truncated")
        at += 4
        if pixel[:3] != b"\1\1\1":
            line += pixel
            shift = 0
            continue
        times = pixel[3] << shift
        if not line or shift > 24 or len(line) + times * 4 > end:
            raise damaged("a run is longer than its scan line")
        line += line[-4:] * times
        shift += 8
    return bytes(line), at


def _converted(colours: NDArray[np.float32], header: _Header) -> NDArray[np.float32]:
    import numpy as np

    colours = np.ascontiguousarray(colours)
    if header.scale != (1.0, 1.0, 1.0):
        for rows in bands(*colours.shape[:2]):
            colours[rows] = colours[rows] * np.array(header.scale)  # float64, rounded once
    if header.xyz:
        to_bt709(colours, XYZ, 1 / _LUMENS_PER_WATT)
    elif header.primaries:
        to_bt709(colours, header.primaries)
    return colours
