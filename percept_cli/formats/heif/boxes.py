"""What an AVIF or HEIC file says of its main picture, found without decoding it: ISO/IEC 14496-12 and 23008-12.

By hand: neither Pillow nor imagecodecs says of an AVIF how many bits it has, what its colours mean and how it is
to be turned; and pillow-heif gives a still picture in the place of a sequence, without a word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from percept_cli.formats.faults import damaged

_MOST_BOXES = 20_000  # in one box; a file of 1,000 items has some thousand properties


@dataclass(frozen=True)
class MainPicture:
    """What is said of the main picture."""

    sequence: bool = False
    """Whether there are tracks: an animation, or a burst."""
    depth: int | None = None
    """Bits per channel by its AV1 configuration or its pixi box, whichever says more; None if neither is there."""
    nclx: tuple[int, int] | None = None
    """ITU-T H.273's codes of its primaries and its transfer curve."""
    has_profile: bool = False
    """Whether there is an ICC profile, which counts more than ``nclx``."""
    turns: int = 0
    """Quarter turns against the clock that are to be made when it is shown."""
    mirror: int | None = None
    """What follows the turns: 0 to exchange top and bottom, 1 left and right; None for neither."""


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of content of each box; a cut-off one ends where the data do.

    Raises:
        UnreadableImage: if they are not boxes, or too many; without the file's name.
    """
    end = len(data) if end is None else end
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1 and content + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, content)
            content += 8
        following = end if size == 0 else start + size
        if following < content:
            raise damaged("its boxes overlap or leave gaps")
        yield kind, content, min(following, end)
        start = following
    raise damaged(f"it has more than {_MOST_BOXES:,} boxes in a row")


def head(data: bytes) -> MainPicture:
    """What is said of the main picture, or of a sequence's frames.

    Raises:
        UnreadableImage: if it cannot be found out; without the file's name.
    """
    try:
        return _head(data)
    except (struct.error, IndexError):
        raise damaged("one of its boxes is truncated") from None


def _head(data: bytes) -> MainPicture:
    found = MainPicture()
    sequence = False
    for kind, start, end in boxes(data):
        if kind == b"meta":
            found = _of_item(data, start + 4, end)
        elif kind == b"moov":
            sequence = True
            entries = list(_sample_entries(data, start, end))
    if not sequence:
        return found
    # An animation is shown by its tracks; the still picture beside them is for who cannot.
    properties = [(kind, start, end) for entry in entries for kind, start, end in boxes(data, *entry)]
    return _of_properties(data, properties, sequence=True)


def _sample_entries(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the boxes in each track's descriptions of its samples are."""
    inside = {b"trak", b"mdia", b"minf", b"stbl"}
    waiting = [(start, end)]
    while waiting:
        for kind, first, last in boxes(data, *waiting.pop()):
            if kind in inside:
                waiting.append((first, last))
            elif kind == b"stsd":
                # After version and count, entries of a picture: 78 bytes, then boxes.
                yield from ((begin + 78, stop) for _, begin, stop in boxes(data, first + 8, last))


def _of_item(data: bytes, start: int, end: int) -> MainPicture:
    main = 0
    properties: list[tuple[bytes, int, int]] = []
    owners: dict[int, list[int]] = {}
    parts: dict[int, list[int]] = {}
    for kind, first, last in boxes(data, start, end):
        if kind == b"pitm":
            main = struct.unpack_from(">I" if data[first] else ">H", data, first + 4)[0]
        elif kind == b"iprp":
            for inner, begin, stop in boxes(data, first, last):
                if inner == b"ipco":
                    properties = list(boxes(data, begin, stop))
                elif inner == b"ipma":
                    owners.update(_owners(data, begin, stop))
        elif kind == b"iref":
            parts = _parts(data, first, last)
    own = [properties[place] for place in owners.get(main, ()) if place < len(properties)]
    # A grid has no AV1 configuration of its own; that of its tiles counts.
    tiles = [
        properties[place]
        for part in parts.get(main, ())
        for place in owners.get(part, ())
        if place < len(properties) and properties[place][0] == b"av1C"
    ]
    return _of_properties(data, own + tiles)


def _owners(data: bytes, start: int, end: int) -> Iterator[tuple[int, list[int]]]:
    """Which properties, from 0, each item has."""
    version, wide = data[start], data[start + 3] & 1
    (count,) = struct.unpack_from(">I", data, start + 4)
    place = start + 8
    for _ in range(min(count, _MOST_BOXES)):
        (item,) = struct.unpack_from(">I" if version else ">H", data, place)
        place += 4 if version else 2
        many = data[place]
        place += 1
        step, mask = (2, 0x7FFF) if wide else (1, 0x7F)
        numbers = [
            (int.from_bytes(data[at : at + step], "big") & mask) - 1
            for at in range(place, place + many * step, step)
        ]
        place += many * step
        if place > end:
            return
        yield item, [number for number in numbers if number >= 0]


def _parts(data: bytes, start: int, end: int) -> dict[int, list[int]]:
    """The items that others are put together from."""
    size, code = (4, ">I") if data[start] else (2, ">H")
    parts: dict[int, list[int]] = {}
    for kind, first, last in boxes(data, start + 4, end):
        if kind == b"dimg":
            whole, count = struct.unpack_from(f"{code}H", data, first)[0], data[first + size : first + size + 2]
            stop = min(last, first + size + 2 + int.from_bytes(count, "big") * size)
            parts[whole] = [
                struct.unpack_from(code, data, place)[0]
                for place in range(first + size + 2, stop - size + 1, size)
            ]
    return parts


def _of_properties(
    data: bytes, properties: list[tuple[bytes, int, int]], *, sequence: bool = False
) -> MainPicture:
    depths, nclx, has_profile, turns, mirror = [], None, False, 0, None
    for kind, start, end in properties:
        if kind == b"av1C":
            flags = data[start + 2]
            depths.append((12 if flags & 0x20 else 10) if flags & 0x40 else 8)
        elif kind == b"pixi":
            depths += data[start + 5 : min(end, start + 5 + data[start + 4])]
        elif kind == b"colr" and data[start : start + 4] == b"nclx":
            nclx = struct.unpack_from(">HH", data, start + 4)
        elif kind == b"colr":
            has_profile = True
        elif kind == b"irot":
            turns = data[start] & 3
        elif kind == b"imir":
            mirror = data[start] & 1
    return MainPicture(sequence, max(depths, default=None), nclx, has_profile, turns, mirror)
