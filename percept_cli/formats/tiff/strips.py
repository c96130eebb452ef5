"""TIFF in strips: its own strips or tiles, which are packed one by one, some at a time as a TIFF of their own.

Written by hand: no library packs files of pieces as they are, and tags as they are found.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import BinaryIO, NamedTuple

from percept_cli.errors import UnreadableImage
from percept_cli.formats.rows import Strips
from percept_cli.formats.tiff import tags
from percept_cli.formats.tiff.directories import Directory, Entry, directories
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.joining import LARGE, is_large, rows_of_strip

_MOST_TAGS, _MOST_PAGES = 1000, 1000
_MOST_SAID = 64 << 20  # bytes of all tags together, lists of pieces included


class _Value(NamedTuple):
    """What a tag says, in the file's order of bytes."""

    kind: int
    data: bytes


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
        page = _only_page(file)
        if page is None:
            return None
        directory, entries = page
        if not all(map(directory.within, entries.values())):  # of tags that are not looked at as well
            return None
        kept = {tag: entry for tag, entry in entries.items() if tag not in tags.ELSEWHERE}
        if sum(entry.size for entry in kept.values()) > _MOST_SAID:
            return None
        layout = _layout(directory, kept)
        pieces = {*tags.STRIPS, *tags.TILES}
        values = {tag: _classic(directory, entry) for tag, entry in kept.items() if tag not in pieces}
    except (UnreadableImage, LookupError, ValueError, ArithmeticError, struct.error):
        return None  # its reader will say what is wrong
    if layout is None:
        return None
    return Strips(layout.width, layout.height, _files(file, directory.order, values, layout), about=file)


def _only_page(file: BinaryIO) -> tuple[Directory, Mapping[int, Entry]] | None:
    """The page that is large, with its tags, if it is the only one."""
    found = None
    for number, directory in enumerate(directories(file)):
        if number >= _MOST_PAGES or directory.count > _MOST_TAGS:
            return None
        said = directory.firsts(Tag.NEW_SUBFILE_TYPE, Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH)
        is_page = not said.get(Tag.NEW_SUBFILE_TYPE, 0) & tags.SMALLER_OR_MASK
        if is_page and (found is not None or not is_large(said[Tag.IMAGE_WIDTH], said[Tag.IMAGE_LENGTH])):
            return None
        entries = {entry.tag: entry for entry in directory}
        if len(entries) < directory.count:  # one stands twice
            return None
        if is_page:
            found = directory, entries
    return found


def _layout(directory: Directory, entries: Mapping[int, Entry]) -> _Layout | None:
    said = directory.firsts(*tags.ALONE)
    width, height, samples = said[Tag.IMAGE_WIDTH], said[Tag.IMAGE_LENGTH], said.get(Tag.SAMPLES_PER_PIXEL, 1)
    # Where there is another count or type, or a tag twice, libraries differ in what counts.
    alone = [entries[tag] for tag in tags.ALONE if tag in entries]
    if any(entry.length != 1 or entry.kind not in tags.WORDS for entry in alone):
        return None
    if any(entries[tag].length != samples for tag in tags.OF_EACH_SAMPLE if tag in entries):
        return None
    arranged, packing = said.get(Tag.PLANAR_CONFIGURATION, tags.TOGETHER), said.get(Tag.COMPRESSION, tags.PLAIN)
    if arranged not in (tags.TOGETHER, tags.APART) or packing == tags.OLD_JPEG:
        return None
    if said.get(Tag.ORIENTATION, tags.UPRIGHT) != tags.UPRIGHT:
        return None
    if packing == tags.PLAIN and said.get(Tag.PREDICTOR, tags.NO_PREDICTOR) != tags.NO_PREDICTOR:
        return None  # which means nothing, and libraries differ
    tiled = Tag.TILE_OFFSETS in entries
    if tiled:
        piece_width, piece_height = said[Tag.TILE_WIDTH], said[Tag.TILE_LENGTH]
    else:
        piece_width, piece_height = width, min(said.get(Tag.ROWS_PER_STRIP, height), height)
    across, down = -(-width // piece_width), -(-height // piece_height)
    planes = samples if arranged == tags.APART else 1
    offsets, sizes = (directory.numbers(entries[tag]) for tag in (tags.TILES if tiled else tags.STRIPS))
    if not len(offsets) == len(sizes) == planes * across * down:
        return None
    if any(not 0 < place <= directory.end - size for place, size in zip(offsets, sizes, strict=True)):
        return None
    found = _Layout(width, height, across, piece_width, piece_height, planes, offsets, sizes, tiled)
    if not tiled and packing == tags.PLAIN and said.get(Tag.PHOTOMETRIC) != tags.YCBCR:
        bits = directory.numbers(entries[Tag.BITS_PER_SAMPLE]) if Tag.BITS_PER_SAMPLE in entries else (1,)
        return _cut(found, bits, samples)
    return found if piece_width * piece_height < LARGE else None


def _cut(layout: _Layout, bits: Sequence[int], samples: int) -> _Layout | None:
    """Strips that are not packed, cut into lower ones, if they are so high that it matters."""
    rows = rows_of_strip(layout.width)
    if layout.piece_height <= rows:
        return layout
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


def _files(file: BinaryIO, order: str, said: Mapping[int, _Value], layout: _Layout) -> Iterator[Sequence[bytes]]:
    """Strips, each of so many rows of pieces as make one, and of so many files as keep each small."""
    high = max(1, rows_of_strip(layout.width) // layout.piece_height)
    wide = max(1, rows_of_strip(layout.piece_height * high) // layout.piece_width)
    for row in range(0, layout.down, high):
        rows = range(row, min(row + high, layout.down))
        yield [
            _part(file, order, said, layout, rows, range(column, min(column + wide, layout.across)))
            for column in range(0, layout.across, wide)
        ]


def _part(
    file: BinaryIO, order: str, said: Mapping[int, _Value], layout: _Layout, rows: range, columns: range
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
    own: dict[int, int] = {Tag.IMAGE_WIDTH: width, Tag.IMAGE_LENGTH: height}
    if not layout.tiled:
        own[Tag.ROWS_PER_STRIP] = layout.piece_height
    numbers = {tag: _longs(order, [number]) for tag, number in own.items()}
    return _written(order, {**said, **numbers}, pieces, *(tags.TILES if layout.tiled else tags.STRIPS))


def _written(order: str, said: Mapping[int, _Value], pieces: Sequence[bytes], where: int, lengths: int) -> bytes:
    """A file of one page.

    Args:
        order: of bytes.
        said: what else it says.
        pieces: its packed pixels.
        where: the tag for where the pieces are.
        lengths: the tag for how long they are.
    """
    sizes = [len(piece) for piece in pieces]
    values = dict(said)
    values[lengths] = _longs(order, sizes)
    values[where] = values[lengths]  # as long; what it says comes last
    at = 8 + 2 + 12 * len(values) + 4
    begin = at + sum(len(value.data) + len(value.data) % 2 for value in values.values() if len(value.data) > 4)
    places = list(accumulate(sizes[:-1], initial=begin))
    values[where] = _longs(order, places)
    entries, further = b"", b""
    for tag, (kind, data) in sorted(values.items()):
        inside = data.ljust(4, b"\0")
        if len(data) > 4:
            inside = struct.pack(order + "I", at + len(further))
            further += data + b"\0" * (len(data) % 2)
        entries += struct.pack(order + "HHI", tag, kind, len(data) // tags.SIZES[kind]) + inside
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8) + struct.pack(order + "H", len(values))
    return b"".join([head, entries, bytes(4), further, *pieces])


def _longs(order: str, numbers: Sequence[int]) -> _Value:
    return _Value(tags.LONG, struct.pack(f"{order}{len(numbers)}I", *numbers))


def _classic(directory: Directory, entry: Entry) -> _Value:
    """What a tag says, as files that are no BigTIFF can say it."""
    if tags.INTEGERS.get(entry.kind) == "Q":
        return _longs(directory.order, directory.numbers(entry))
    return _Value(entry.kind, directory.data(entry))
