"""TIFF in strips: its own strips or tiles, which are packed one by one, some at a time as a TIFF of their own."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, BinaryIO

from percept_cli.formats.rows import Strips
from percept_cli.images.joining import LARGE, is_large, rows_of_strip

# Bytes of a value, by type.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_LONG = 4
_WIDE = (3, 4, 16)  # types of whole numbers that Pillow takes for numbers, and not for bytes
_HEAD = 8  # bytes, in which no value is
_MOST_TAGS, _MOST_PAGES = 1000, 1000
_MOST_SAID = 64 << 20  # bytes of all tags together, lists of pieces included

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _COLOURS = 254, 256, 257, 258, 259, 262
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_BYTES, _PLANES = 273, 274, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_PREDICTOR = 317
_SMALLER_OR_MASK = 0b101  # bits of NewSubfileType
_PLAIN, _OLD_JPEG = 1, 6  # of Compression
_UPRIGHT = 1  # of Orientation
_YCBCR = 6  # of PhotometricInterpretation
_TOGETHER, _APART = 1, 2  # of PlanarConfiguration
# Of each there is one number. Where there is another count, or a tag twice, libraries differ in what counts.
_ONE = frozenset({_SUBFILE, 255, _WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, 266, _ORIENTATION, _SAMPLES, _ROWS})
_ONE |= frozenset({_PLANES, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, 332})
_OF_EACH = (_BITS, 339)  # of which there is one number for each sample
# Of no picture's pixels: descriptions, other directories, and what programs leave.
_ELSEWHERE = frozenset({269, 270, 271, 272, 285, 288, 289, 305, 306, 315, 316, 330, 333, 337, 700, 32932})
_ELSEWHERE |= frozenset({33723, 34377, 34665, 34853, 37724, 40965, 42112, 42113})


@dataclass(frozen=True)
class _Value:
    """What a tag says."""

    kind: int
    count: int
    data: bytes
    """In the file's byte order."""


@dataclass(frozen=True)
class _Entry:
    """A tag in a list of them."""

    kind: int
    count: int
    data: bytes
    """What it says, where that is short."""
    where: int | None
    """In the file, what it says, where that is long."""
    size: int
    """Of what it says, in bytes."""


@dataclass(frozen=True)
class _Layout:
    """How the pixels of a page are cut in pieces."""

    width: int
    height: int
    across: int
    """Pieces side by side."""
    piece_width: int
    piece_height: int
    planes: int
    offsets: tuple[int, ...]
    """Of all pieces, by plane, row and column."""
    sizes: tuple[int, ...]
    """In bytes."""
    tiled: bool

    @property
    def down(self) -> int:
        """Pieces on top of each other."""
        return -(-self.height // self.piece_height)


def tiff_strips(file: BinaryIO) -> Strips | None:
    """The strips of a TIFF of one large page; None for others, and for files whose list of pieces is damaged.

    Smaller copies and masks beside it are no pages. A page in a single piece that is packed does not come in
    strips.

    Args:
        file: a TIFF of either kind.
    """
    try:
        order, page = _only_page(file)
        if page is None or _reaches_beyond(file, page):
            return None
        tags = {tag: _value(file, entry) for tag, entry in page.items() if tag not in _ELSEWHERE}
        if sum(len(value.data) for value in tags.values()) > _MOST_SAID:
            return None
        layout = _layout(file, order, tags)
    except (struct.error, LookupError, ValueError):  # its reader will say what is wrong
        return None
    if layout is None:
        return None
    pieces = {_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES}
    kept = {tag: _classic(order, value) for tag, value in tags.items() if tag not in pieces}
    return Strips(layout.width, layout.height, _files(file, order, kept, layout), about=file)


def _only_page(file: BinaryIO) -> tuple[str, Mapping[int, _Entry] | None]:
    """The byte order, and the tags of the page that is large, if it is the only one."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", head, 2)[0] == 43
    place = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    page, seen = None, set[int]()
    while place:
        if place in seen or len(seen) >= _MOST_PAGES:
            return order, None
        seen.add(place)
        tags, place = _directory(file, order, place, big=big)
        if _SUBFILE in tags and _numbers(order, _value(file, tags[_SUBFILE]))[0] & _SMALLER_OR_MASK:
            continue
        width, height = (_numbers(order, _value(file, tags[tag]))[0] for tag in (_WIDTH, _HEIGHT))
        if page is not None or not is_large(width, height):
            return order, None
        page = tags
    return order, page


def _directory(file: BinaryIO, order: str, place: int, *, big: bool) -> tuple[dict[int, _Entry], int]:
    """The tags of a page, and where the next one is."""
    number, pointer, room = ("Q", "Q", 8) if big else ("H", "I", 4)
    file.seek(place)
    (count,) = _read(file, order + number)
    if count > _MOST_TAGS:
        raise ValueError(f"{count} tags")
    entries = [_read(file, f"{order}HH{pointer}{room}s") for _ in range(count)]
    (following,) = _read(file, order + pointer)
    found = dict[int, _Entry]()
    for tag, kind, many, data in entries:
        if tag in found:
            raise ValueError(f"tag {tag} stands twice")
        size = _SIZES.get(kind, 0) * many
        where = None if size <= room else struct.unpack(order + pointer, data)[0]
        found[tag] = _Entry(kind, many, data[:size], where, size)
    return found, following


def _reaches_beyond(file: BinaryIO, page: Mapping[int, _Entry]) -> bool:
    """Whether a tag, looked at here or not, says what lies in the file's head or behind its end."""
    end = file.seek(0, os.SEEK_END)
    return any(entry.where is not None and not _HEAD <= entry.where <= end - entry.size for entry in page.values())


def _value(file: BinaryIO, entry: _Entry) -> _Value:
    """What a tag says, read where it is."""
    if entry.kind not in _SIZES:
        raise ValueError(f"type {entry.kind}")
    data = entry.data
    if entry.where is not None:
        if entry.size > _MOST_SAID:
            raise ValueError(f"{entry.size} bytes")
        file.seek(entry.where)
        data = file.read(entry.size)
    if len(data) < entry.size:
        raise ValueError("a value is cut off")
    return _Value(entry.kind, entry.count, data)


def _read(file: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _numbers(order: str, value: _Value) -> tuple[int, ...]:
    return struct.unpack(f"{order}{value.count}{_INTEGERS[value.kind]}", value.data)


def _layout(file: BinaryIO, order: str, tags: Mapping[int, _Value]) -> _Layout | None:
    def number(tag: int, otherwise: int | None = None) -> int:
        return otherwise if otherwise is not None and tag not in tags else _numbers(order, tags[tag])[0]

    width, height = number(_WIDTH), number(_HEIGHT)
    samples = number(_SAMPLES, 1)
    if any(tags[tag].count != 1 or tags[tag].kind not in _WIDE for tag in _ONE if tag in tags):
        return None
    if any(tags[tag].count != samples for tag in _OF_EACH if tag in tags):
        return None
    if number(_PLANES, _TOGETHER) not in (_TOGETHER, _APART):
        return None
    if not is_large(width, height) or number(_COMPRESSION, _PLAIN) == _OLD_JPEG:
        return None
    if number(_COMPRESSION, _PLAIN) == _PLAIN and number(_PREDICTOR, _PLAIN) != _PLAIN:  # which means nothing
        return None
    if number(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
        return None
    tiled = _TILES in tags
    if tiled:
        piece_width, piece_height = number(_TILE_WIDTH), number(_TILE_HEIGHT)
    else:
        piece_width, piece_height = width, min(number(_ROWS, height), height)
    across, down = -(-width // piece_width), -(-height // piece_height)
    planes = samples if number(_PLANES, _TOGETHER) == _APART else 1
    offsets, sizes = (
        _numbers(order, tags[tag]) for tag in ((_TILES, _TILE_BYTES) if tiled else (_STRIPS, _STRIP_BYTES))
    )
    end = file.seek(0, os.SEEK_END)
    if not len(offsets) == len(sizes) == planes * across * down:
        return None
    if any(not 0 < place <= end - size for place, size in zip(offsets, sizes, strict=True)):
        return None
    found = _Layout(width, height, across, piece_width, piece_height, planes, offsets, sizes, tiled)
    if not tiled and number(_COMPRESSION, _PLAIN) == _PLAIN and number(_COLOURS, 0) != _YCBCR:
        return _cut(found, order, tags)
    return found if piece_width * piece_height < LARGE else None


def _cut(layout: _Layout, order: str, tags: Mapping[int, _Value]) -> _Layout | None:
    """Strips that are not packed, cut into lower ones, if they are so high that it matters."""
    rows = rows_of_strip(layout.width)
    if layout.piece_height <= rows:
        return layout
    bits = _numbers(order, tags[_BITS]) if _BITS in tags else (1,)
    samples = _numbers(order, tags[_SAMPLES])[0] if _SAMPLES in tags else 1
    if len(set(bits)) > 1:
        return None
    row = -(-layout.width * bits[0] * (samples if layout.planes == 1 else 1) // 8)
    if layout.down > 1 and layout.piece_height % rows:  # so that all but the last are of one height
        rows = next((one for one in range(rows, 0, -1) if layout.piece_height % one == 0), 1)
    offsets, sizes = list[int](), list[int]()
    for place, (offset, size) in enumerate(zip(layout.offsets, layout.sizes, strict=True)):
        top = place % layout.down * layout.piece_height
        count = min(layout.piece_height, layout.height - top)
        if size < count * row:
            return None
        for first in range(0, count, rows):
            offsets.append(offset + first * row)
            sizes.append(min(rows, count - first) * row)
    return replace(layout, piece_height=rows, offsets=tuple(offsets), sizes=tuple(sizes))


def _files(file: BinaryIO, order: str, tags: Mapping[int, _Value], layout: _Layout) -> Iterator[Sequence[bytes]]:
    """Strips, each of so many rows of pieces as make one, and of so many files as keep each small."""
    high = max(1, rows_of_strip(layout.width) // layout.piece_height)
    wide = max(1, rows_of_strip(layout.piece_height * high) // layout.piece_width)
    for row in range(0, layout.down, high):
        rows = range(row, min(row + high, layout.down))
        yield [
            _part(file, order, tags, layout, rows, range(column, min(column + wide, layout.across)))
            for column in range(0, layout.across, wide)
        ]


def _part(
    file: BinaryIO, order: str, tags: Mapping[int, _Value], layout: _Layout, rows: range, columns: range
) -> bytes:
    """Some of the pieces as a file."""
    pieces = []
    for plane in range(layout.planes):
        for row in rows:
            for column in columns:
                place = (plane * layout.down + row) * layout.across + column
                file.seek(layout.offsets[place])
                pieces.append(file.read(layout.sizes[place]))
    width = min(layout.piece_width * len(columns), layout.width - columns.start * layout.piece_width)
    height = min(layout.piece_height * len(rows), layout.height - rows.start * layout.piece_height)
    own = {_WIDTH: width, _HEIGHT: height}
    if not layout.tiled:
        own[_ROWS] = layout.piece_height
    numbers = {tag: _Value(_LONG, 1, struct.pack(order + "I", number)) for tag, number in own.items()}
    where, lengths = (_TILES, _TILE_BYTES) if layout.tiled else (_STRIPS, _STRIP_BYTES)
    return _written(order, {**tags, **numbers}, pieces, where, lengths)


def _written(order: str, tags: Mapping[int, _Value], pieces: Sequence[bytes], where: int, lengths: int) -> bytes:
    """A file of one page.

    Args:
        order: of bytes.
        tags: what else it says.
        pieces: its packed pixels.
        where: the tag for where the pieces are.
        lengths: the tag for how long they are.
    """
    sizes = [len(piece) for piece in pieces]
    values = dict(tags)
    values[lengths] = _Value(_LONG, len(sizes), struct.pack(f"{order}{len(sizes)}I", *sizes))
    values[where] = values[lengths]  # as long; what it says comes last
    begin = 8 + 2 + 12 * len(values) + 4
    begin += sum(len(value.data) + len(value.data) % 2 for value in values.values() if len(value.data) > 4)
    places = list(accumulate(sizes[:-1], initial=begin))
    values[where] = _Value(_LONG, len(places), struct.pack(f"{order}{len(places)}I", *places))
    entries, further, at = b"", b"", 8 + 2 + 12 * len(values) + 4
    for tag, value in sorted(values.items()):
        inside = value.data.ljust(4, b"\0")
        if len(value.data) > 4:
            inside = struct.pack(order + "I", at + len(further))
            further += value.data + b"\0" * (len(value.data) % 2)
        entries += struct.pack(order + "HHI", tag, value.kind, value.count) + inside
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8) + struct.pack(order + "H", len(values))
    return b"".join([head, entries, bytes(4), further, *pieces])


def _classic(order: str, value: _Value) -> _Value:
    """As files that are no BigTIFF can say it."""
    if _INTEGERS.get(value.kind) != "Q":
        return value
    numbers = _numbers(order, value)
    return _Value(_LONG, value.count, struct.pack(f"{order}{value.count}I", *numbers))
