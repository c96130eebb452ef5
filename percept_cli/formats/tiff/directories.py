"""TIFF's lists of tags, read by hand: of a file that nobody has held to its size yet.

tifffile has a reader of them as well, which cannot be that one. It leaves out tags and pages that it cannot read,
and takes the first of two tags of one number, where a picture in strips and the whole one must not differ; as it
opens a file it makes Python numbers of the lists of pieces, 36 bytes of each 4 of them; and of pages that run in a
circle it only finds some, and follows others until memory ends. Here a list is looked through as it lies in the
file, and only those values are read that are asked for, if they lie within the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from percept_cli.formats.faults import damaged
from percept_cli.formats.tiff.tags import INTEGERS, SIZES

_AT_ONCE = 4096  # tags that are read from the file together
_HEAD = 8  # bytes, in which no value is


class Entry(NamedTuple):
    """What a list says of a tag."""

    tag: int
    kind: int
    """The type of its values."""
    length: int
    """How many there are."""
    place: int
    """In the file, where they begin: in the list itself if they are short."""

    @property
    def size(self) -> int:
        """Of its values together, in bytes; 0 for a type that is not known."""
        return SIZES.get(self.kind, 0) * self.length


@dataclass(frozen=True, slots=True)
class Directory:
    """The list of tags of one page."""

    file: BinaryIO
    end: int
    """Of the file, in bytes."""
    order: str
    """Of bytes, as ``struct`` has it."""
    big: bool
    """Whether it is a BigTIFF's."""
    place: int
    """In the file, where the first tag is."""
    count: int
    """Of tags."""

    def __iter__(self) -> Iterator[Entry]:
        pointer, room, each = ("Q", 8, 20) if self.big else ("I", 4, 12)
        for first in range(0, self.count, _AT_ONCE):
            at = self.place + first * each
            data = _bytes(self.file, at, min(_AT_ONCE, self.count - first) * each)
            for tag, kind, length, elsewhere in struct.iter_unpack(f"{self.order}HH2{pointer}", data):
                at += each
                inside = SIZES.get(kind, 0) * length <= room
                yield Entry(tag, kind, length, at - room if inside else elsewhere)

    def within(self, entry: Entry) -> bool:
        """Whether what a tag says lies in the file, behind its head."""
        return _HEAD <= entry.place <= self.end - entry.size

    def data(self, entry: Entry) -> bytes:
        """What a tag says, as it is in the file.

        Raises:
            ValueError: if it is of a type that is not known, or not within the file.
        """
        if entry.kind not in SIZES or not self.within(entry):
            raise ValueError(f"tag {entry.tag} cannot be read")
        return _bytes(self.file, entry.place, entry.size)

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """The same as whole numbers.

        Raises:
            ValueError: if there are none, or not within the file.
        """
        if entry.kind not in INTEGERS:
            raise ValueError(f"tag {entry.tag} does not hold whole numbers")
        return struct.unpack(f"{self.order}{entry.length}{INTEGERS[entry.kind]}", self.data(entry))

    def firsts(self, *tags: int) -> dict[int, int]:
        """The first number of each of some tags, of those that have one within the file."""
        found, wanted = {}, frozenset(tags)
        for entry in self:
            if entry.tag in wanted and entry.kind in INTEGERS and self.within(one := entry._replace(length=1)):
                found[entry.tag] = self.numbers(one)[0]
        return found


def directories(file: BinaryIO) -> Iterator[Directory]:
    """The pages of a TIFF, one after the other; smaller copies and masks are pages here.

    Raises:
        UnreadableImage: if their lists of tags lie on top of each other: a small file could have any number of
            tags otherwise. Without the file's name.
        ValueError: if they run in a circle, or lie behind the end; in words.
    """
    end = file.seek(0, os.SEEK_END)
    order = "<" if _bytes(file, 0, 2) == b"II" else ">"

    def number(place: int, form: str) -> int:
        size = struct.calcsize(form)
        if place + size > end:
            raise ValueError("a list of tags is truncated")
        found: int = struct.unpack(order + form, _bytes(file, place, size))[0]
        return found

    big = number(2, "H") == 43
    length, pointer, each = ("Q", "Q", 20) if big else ("H", "I", 12)
    place = number(8 if big else 4, pointer)
    seen, held = set[int](), 0
    while place:
        if place in seen:
            raise ValueError("its pages form a loop")
        seen.add(place)
        count = number(place, length)
        first = place + struct.calcsize(length)
        last = first + count * each
        held += last - place
        if last > end:
            raise ValueError("a list of tags is truncated")
        if held > end:
            raise damaged("its lists of tags overlap")
        yield Directory(file, end, order, big, first, count)
        place = number(last, pointer)


def _bytes(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
