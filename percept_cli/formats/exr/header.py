"""OpenEXR's headers, read strictly: what a file says of itself, before a library believes it.

Written from "The OpenEXR File Layout" (openexr.com), by hand: the library allocates what a header asks for as it
opens a file, and of its readers the one that says what it cannot read knows the first part alone. Only what is
needed to choose channels, to know what they take in memory, and to see that all pixels are there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.primaries import Primaries
from percept_cli.formats.faults import damaged
from percept_cli.geometry import Rectangle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"\x76\x2f\x31\x01"
UINT, HALF, FLOAT = range(3)

_VERSION = 2
_TILED, _LONG_NAMES, _DEEP, _PARTS = 0x200, 0x400, 0x800, 0x1000
_FLAGS = _TILED | _LONG_NAMES | _DEEP | _PARTS
_LONGEST_NAME = 255
_MOST_PARTS, _MOST_CHANNELS = 1000, 4096
_FARTHEST = 1 << 30  # of a window's corner from 0, so that sizes fit 32 bits with their sign
_LARGEST_TILE = 1 << 14
# Scan lines of a chunk, by the number of the compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB,
# HTJ2K256, HTJ2K32, LJ2K, ZSTD.
_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 256, 32, 256, 1)
_JPEG_2000 = range(10, 13)


@dataclass(frozen=True)
class Channel:
    """What a header says of a channel."""

    kind: int
    """``UINT``, ``HALF`` or ``FLOAT``."""
    sampled: bool
    """Whether each pixel has a value of its own."""


@dataclass(frozen=True)
class PartHeader:
    """What a header says of a picture in the file."""

    name: str
    channels: dict[str, Channel]
    compression: int
    data: Rectangle
    """The data window."""
    display: Rectangle
    """The display window."""
    tile: tuple[int, int, int] | None
    """Width, height, and the byte with modes of levels and of rounding."""
    primaries: Primaries | None
    chunks: int | None
    """How many there are, as far as the header says it."""

    raw: bytes
    """The header itself, without what ends it."""

    @property
    def bytes_at_once(self) -> int:
        """What all channels of a chunk, or of a row of tiles, take in memory."""
        each = sum(2 if channel.kind == HALF else 4 for channel in self.channels.values())
        rows = self.tile[1] if self.tile else _LINES[self.compression]
        return self.data.width * min(rows, self.data.height) * each


@dataclass(frozen=True)
class Headers:
    """All headers of a file, and where the tables of chunks begin."""

    parts: tuple[PartHeader, ...]
    several: bool
    """Whether the file has the form for several parts."""
    end: int


def read_headers(data: bytes) -> Headers:
    """What a file says of itself.

    Raises:
        UnreadableImage: if it breaks the rules.
        UnsupportedImage: if it holds deep data, or is of another version.
    """
    if data[:4] != MAGIC or len(data) < 8:
        raise damaged("the OpenEXR signature is missing")
    (version,) = struct.unpack_from("<I", data, 4)
    if version & 0xFF != _VERSION or version & ~(_FLAGS | 0xFF):
        raise UnsupportedImage("this version of OpenEXR is not supported", hint="save it with OpenEXR 2 or 3.")
    if version & _DEEP:
        raise UnsupportedImage(
            "OpenEXR deep data (several samples per pixel) is not supported", hint="flatten it first."
        )
    several = bool(version & _PARTS)
    parts, at = [], 8
    while not several or data[at : at + 1] != b"\0":
        begin = at
        attributes, at = _attributes(data, at)
        raw = data[begin : at - 1]
        parts.append(_part(attributes, raw, tiled=bool(version & _TILED), several=several))
        if not several:
            return Headers(tuple(parts), several, at)
        if len(parts) > _MOST_PARTS:
            raise damaged(f"it has more than {_MOST_PARTS} parts")
    if not parts:
        raise damaged("it has no parts")
    return Headers(tuple(parts), several, at + 1)


def alone(data: bytes, headers: Headers, place: int) -> bytes:
    """The file of one part by itself.

    The library's reader that does say what it cannot read only knows the first part.

    Args:
        data: the whole file.
        headers: what ``read_headers`` found.
        place: which part, from 0.

    Returns:
        What a program that writes one part would have written; the same bytes where that is what they are.

    Raises:
        UnreadableImage: if one of its chunks is not within the file: a cut file, or one that was never finished.
    """
    part = headers.parts[place]
    chunks = _places(data, headers, place)
    if not headers.several:
        return data
    version = _VERSION | _LONG_NAMES | (_TILED if part.tile else 0)
    begin = MAGIC + struct.pack("<I", version) + part.raw + b"\0"
    at, table, bodies = len(begin) + 8 * len(chunks), [], []
    for first, end in chunks.tolist():
        if struct.unpack_from("<i", data, first) != (place,):
            raise damaged("a chunk of pixel data belongs to another part")
        table.append(at)
        bodies.append(data[first + 4 : end])  # without the number of its part
        at += len(bodies[-1])
    return b"".join([begin, struct.pack(f"<{len(table)}Q", *table), *bodies])


def _places(data: bytes, headers: Headers, wanted: int) -> NDArray[np.int64]:
    """N×2: where each chunk of a part begins and ends."""
    import numpy as np

    counts = [_chunks(part) for part in headers.parts]
    begin = headers.end + 8 * sum(counts)
    if begin > len(data):
        raise damaged("the table of its chunks is truncated")
    raw, at = np.frombuffer(data, np.uint8), headers.end
    offsets = np.frombuffer(data, "<u8", counts[wanted], at + 8 * sum(counts[:wanted]))
    # The last 4 bytes before a chunk's pixels are their size.
    leader = (4 if headers.several else 0) + (20 if headers.parts[wanted].tile else 8)
    if offsets.min() < begin or offsets.max() > max(0, len(data) - leader):
        raise damaged("some of its chunks are missing")
    firsts = offsets.astype(np.int64)
    sizes = _int32(raw, firsts + leader - 4)
    ends = firsts + leader + sizes
    if (sizes < 0).any() or (ends > len(data)).any():
        raise damaged("its pixel data is truncated")
    # Otherwise a small file could name one chunk again and again, and grow by being taken apart.
    if int((ends - firsts).sum()) > len(data):
        raise damaged("its chunks overlap")
    return np.column_stack([firsts, ends])


def _int32(raw: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.int64]:
    import numpy as np

    found = raw[places[:, None] + np.arange(4)]  # N×4
    return np.ascontiguousarray(found).view("<i4")[:, 0].astype(np.int64)


def _chunks(part: PartHeader) -> int:
    """How many chunks a part has, by its windows."""
    width, height = part.data.width, part.data.height
    if part.tile is None:
        count = -(-height // _LINES[part.compression])
    else:
        across, down, mode = part.tile
        up = bool(mode & 0xF0)
        if mode & 0xF == 0:
            sizes = [(width, height)]
        elif mode & 0xF == 1:  # mipmap: both sides halved at once
            sizes = [
                (_level(width, level, up), _level(height, level, up)) for level in _levels(max(width, height), up)
            ]
        else:  # ripmap: each with each
            heights = [_level(height, level, up) for level in _levels(height, up)]
            sizes = [(_level(width, level, up), side) for level in _levels(width, up) for side in heights]
        count = sum(-(-wide // across) * -(-high // down) for wide, high in sizes)
    if part.chunks not in (None, count):
        raise damaged(f"the header states {part.chunks} chunks, but its windows need {count}")
    return count


def _levels(side: int, up: bool) -> range:
    return range(((side - 1).bit_length() if up else side.bit_length() - 1) + 1)


def _level(side: int, level: int, up: bool) -> int:
    return max(1, -(-side // (1 << level)) if up else side >> level)


def _attributes(data: bytes, at: int) -> tuple[dict[str, tuple[str, bytes]], int]:
    """Name → type and value, and where they end."""
    found: dict[str, tuple[str, bytes]] = {}
    while True:
        name, at = _text(data, at)
        if not name:
            return found, at
        kind, at = _text(data, at)
        if at + 4 > len(data):
            raise damaged("the header is truncated")
        (size,) = struct.unpack_from("<i", data, at)
        at += 4
        if size < 0 or at + size > len(data):
            raise damaged(f"its attribute {name[:40]} is longer than the file")
        if name in found:
            raise damaged(f"its attribute {name[:40]} occurs twice")
        found[name] = (kind, data[at : at + size])
        at += size


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at, at + _LONGEST_NAME + 1)
    if end < 0:
        raise damaged("a name in the header has no end")
    try:
        return data[at:end].decode(), end + 1
    except UnicodeDecodeError:
        raise damaged("a name in the header is not UTF-8 text") from None


def _part(attributes: dict[str, tuple[str, bytes]], raw: bytes, *, tiled: bool, several: bool) -> PartHeader:
    def value(name: str, kind: str, form: str) -> tuple[float, ...] | None:
        if name not in attributes:
            return None
        found, stored = attributes[name]
        if found != kind or len(stored) != struct.calcsize(form):
            raise damaged(f"its attribute {name} has the wrong type")
        numbers: tuple[float, ...] = struct.unpack(form, stored)
        return numbers

    def words(name: str) -> str:
        kind, stored = attributes.get(name, ("string", b""))
        if kind != "string":
            raise damaged(f"its attribute {name} has the wrong type")
        return stored.decode("utf-8", "replace")

    kind = words("type")
    if kind.startswith("deep"):
        raise UnsupportedImage(
            "OpenEXR deep data (several samples per pixel) is not supported", hint="flatten it first."
        )
    if kind not in ("", "scanlineimage", "tiledimage") or (several and not kind):
        raise damaged(f"one of its parts has an unknown type, {kind[:40]!r}")
    if several or kind:
        tiled = kind == "tiledimage"
    compression = value("compression", "compression", "<B")
    # The library's decoder of JPEG 2000 prints to standard output, which belongs to reports.
    if compression is not None and compression[0] in _JPEG_2000:
        raise UnsupportedImage("JPEG 2000 compression is not supported", hint="save it with ZIP compression.")
    if compression is None or compression[0] >= len(_LINES):
        raise UnsupportedImage("its compression is not supported", hint="save it with ZIP compression.")
    tiles = value("tiles", "tiledesc", "<IIB")
    chunks = value("chunkCount", "int", "<i")
    if several and chunks is None:
        raise damaged("one of its parts does not state its number of chunks")
    return PartHeader(
        words("name"),
        _channels(attributes),
        int(compression[0]),
        _window("dataWindow", value("dataWindow", "box2i", "<4i")),
        _window("displayWindow", value("displayWindow", "box2i", "<4i")),
        _tile(tiles) if tiled else None,
        None if (xy := value("chromaticities", "chromaticities", "<8f")) is None else Primaries(*xy),
        None if chunks is None else int(chunks[0]),
        raw,
    )


def _window(name: str, corners: tuple[float, ...] | None) -> Rectangle:
    if corners is None:
        raise damaged(f"its attribute {name} is missing")
    left, top, right, bottom = map(int, corners)  # the last ones included
    found = Rectangle(top, left, bottom + 1, right + 1)
    if max(map(abs, corners)) > _FARTHEST or found.width < 1 or found.height < 1:
        raise damaged(f"its {name} from {left}, {top} to {right}, {bottom} is invalid")
    return found


def _tile(tile: tuple[float, ...] | None) -> tuple[int, int, int]:
    if tile is None:
        raise damaged("its tile size is missing")
    width, height, mode = map(int, tile)
    if not (0 < width <= _LARGEST_TILE and 0 < height <= _LARGEST_TILE) or mode & 0xF > 2 or mode >> 4 > 1:
        raise damaged(f"its tile size of {width}×{height} is invalid")
    return width, height, mode


def _channels(attributes: dict[str, tuple[str, bytes]]) -> dict[str, Channel]:
    kind, raw = attributes.get("channels", ("", b""))
    if kind != "chlist":
        raise damaged("its channel list is missing")
    found: dict[str, Channel] = {}
    at = 0
    while raw[at : at + 1] != b"\0":
        name, at = _text(raw, at)
        if at + 16 > len(raw) or not name:
            raise damaged("its channel list is damaged")
        pixel, _, across, down = struct.unpack_from("<iIii", raw, at)
        at += 16
        if pixel not in (UINT, HALF, FLOAT) or across < 1 or down < 1 or name in found:
            raise damaged(f"its channel {name[:40]} is invalid")
        found[name] = Channel(pixel, across == down == 1)
        if len(found) > _MOST_CHANNELS:
            raise damaged(f"it has more than {_MOST_CHANNELS} channels")
    if at + 1 != len(raw) or not found:
        raise damaged("its channel list is damaged")
    return found
