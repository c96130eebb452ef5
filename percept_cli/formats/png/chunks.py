"""A PNG file → what its chunks are, each held to its checksum: the one walk over them, before any decoder.

Decoders differ in what they make of damage: one stops at a wrong checksum, the next does not compute any, a third
looks at some. So it is decided here, for all of them. What the picture is made of (header, palette, pixels, end,
and what belongs to an animation) must be sound. Another chunk whose checksum is wrong is left out, with a note.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.faults import damaged

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type."""
COLOURS = frozenset({b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM"})
"""Chunks that say what the values mean."""
TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PALETTE, _GREY, _TRUE = 3, 0, 2  # colour types
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _TRUE: (8, 16), _PALETTE: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_BEFORE_PIXELS = COLOURS | {b"tRNS"}
_SAID = _BEFORE_PIXELS | TEXTS | {b"PLTE", b"eXIf"}
_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
_MOST_SAID = 10_000  # chunks that are kept in mind; a file has a dozen
_MOST_PIECES = 1 << 20  # chunks of pixels; usual ones have 8 kB or more
_AT_A_TIME = 1 << 20  # bytes
_LONGEST = (1 << 31) - 1  # bytes of a chunk, and pixels of a side
_CUT = "the end of the file is missing"


class Chunk(NamedTuple):
    """Where a chunk is."""

    name: bytes
    start: int
    """Of its content, in the file."""
    length: int
    """Of its content, in bytes."""


@dataclass(frozen=True)
class AnimationFrame:
    """A frame of an animation, as it is laid over those before it."""

    left: int
    top: int
    width: int
    height: int
    milliseconds: float
    dispose: int
    """What its place becomes before the next frame: 0 stays, 1 is cleared, 2 is what it was before."""
    over: bool
    """Whether it is blended with what is there, and does not replace it."""
    pixels: tuple[Chunk, ...]
    """Without the number that each of them begins with."""


@dataclass(frozen=True)
class Png:
    """What the chunks of a PNG file say; those of pixels are not unpacked."""

    width: int
    height: int
    depth: int
    """Bits per channel."""
    kind: int
    """Colour type."""
    interlaced: bool
    said: tuple[Chunk, ...]
    """What may count for colours or the turn, and texts: those before the pixels."""
    behind: tuple[Chunk, ...]
    """The same behind the pixels, where colours do not count."""
    pixels: tuple[Chunk, ...]
    steps: tuple[AnimationFrame, ...]
    """Of an animation, in order; none for a still picture."""
    notes: tuple[str, ...]

    @property
    def form(self) -> bytes:
        """The end of its header, which says how pixels are stored."""
        return struct.pack(">BBBBB", self.depth, self.kind, 0, 0, int(self.interlaced))

    @property
    def bits(self) -> int:
        """Of a pixel."""
        return self.depth * CHANNELS[self.kind]

    @property
    def grey(self) -> bool:
        """Whether it is greyscale, with alpha or without."""
        return self.kind in (0, 4)

    @property
    def moves(self) -> bool:
        """Whether it is an animation: one of a single frame may be a still picture, or stand beside it."""
        return len(self.steps) > 1 or any(step.pixels[0].name != b"IDAT" for step in self.steps)


def png_of(file: BinaryIO) -> Png:
    """What a file's chunks are.

    Args:
        file: a PNG, whole or damaged; all of it is read, and it stays open.

    Raises:
        UnreadableImage: if it is damaged or cut off; without the file's name.
        UnsupportedImage: if it says that one has to know something else to read it; likewise.
    """
    found = _Found(file)
    for chunk, sound in _checked(file):
        found.add(chunk, sound=sound)
    return found.png()


def content(file: BinaryIO, chunk: Chunk) -> bytes:
    """What is in a chunk."""
    file.seek(chunk.start)
    return file.read(chunk.length)


def written(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(width: int, height: int, form: bytes) -> bytes:
    """The header of a picture of that size, as a chunk."""
    return written(b"IHDR", struct.pack(">II", width, height) + form)


def _checked(file: BinaryIO) -> Iterator[tuple[Chunk, bool]]:
    """Each chunk up to the end, and whether its checksum is right."""
    size, place = file.seek(0, io.SEEK_END), len(SIGNATURE)
    name = b""
    while name != b"IEND":
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            raise damaged(_CUT)
        length, name = struct.unpack(">I4s", head)
        if not name.isalpha():
            raise damaged("there is something other than chunks between its chunks")
        if length > _LONGEST or place + 12 + length > size:
            raise damaged(_CUT)
        sum_, left = zlib.crc32(name), length
        while left:
            part = file.read(min(left, _AT_A_TIME))
            if not part:
                raise damaged(_CUT)
            sum_, left = zlib.crc32(part, sum_), left - len(part)
        yield Chunk(name, place + 8, length), file.read(4) == struct.pack(">I", sum_)
        place += 12 + length


class _Found:
    """Chunks, put where they belong as they come.

    Args:
        file: that they are in.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._header: tuple[int, int, int, int, bool] | None = None
        self._said: list[Chunk] = []
        self._names: list[bytes] = []  # of what was kept
        self._pixels: list[Chunk] = []
        self._pixels_done = False
        self._behind: list[Chunk] = []
        self._steps: list[tuple[bytes, list[Chunk]]] = []
        self._stated: int | None = None  # frames
        self._next = 0  # number in the animation
        self._wrong: dict[bytes, None] = {}
        self._late: dict[bytes, None] = {}

    def add(self, chunk: Chunk, *, sound: bool) -> None:
        name = chunk.name
        if self._header is None and name != b"IHDR":
            raise damaged("the header is missing")
        if not sound and (
            name in _CRITICAL or (name in _FRAMES and (self._stated is not None or name == b"acTL"))
        ):
            raise damaged(f"the checksum of its {name.decode()} chunk is wrong")
        if not sound and not _is_critical(name):
            self._wrong[name] = None
        elif name == b"IDAT":
            self._add_pixels(chunk)
        elif name in _FRAMES:
            self._add_frame(chunk)
        elif name == b"IHDR":
            if self._header is not None:
                raise damaged("it has two headers")
            self._header = _header_of(content(self._file, chunk))
        elif name in _SAID:
            self._add_said(chunk)
        elif _is_critical(name) and name != b"IEND":
            if not sound:
                raise damaged(f"the checksum of its {name.decode()} chunk is wrong")
            raise UnsupportedImage(
                f"its {name.decode()} chunk is required to decode it, but percept does not know it",
                hint="re-export it as plain PNG.",
            )
        self._pixels_done = bool(self._pixels) and name != b"IDAT"

    def _add_said(self, chunk: Chunk) -> None:
        assert self._header is not None
        if len(self._said) + len(self._behind) >= _MOST_SAID:
            raise damaged(f"it has more than {_MOST_SAID:,} chunks besides its pixel data")
        late = bool(self._pixels)
        if chunk.name == b"PLTE":
            if self._header[3] != _PALETTE:  # a proposal for poor displays
                return
            if late or b"PLTE" in self._names or chunk.length % 3 or not 0 < chunk.length <= 3 * 256:
                raise damaged("its palette is damaged")
        if late and chunk.name in _BEFORE_PIXELS:
            self._late[chunk.name] = None
            return
        self._names.append(chunk.name)
        (self._behind if late else self._said).append(chunk)

    def _add_pixels(self, chunk: Chunk) -> None:
        assert self._header is not None
        if self._pixels_done:
            raise damaged("other chunks interrupt its pixel data")
        if self._header[3] == _PALETTE and b"PLTE" not in self._names:
            raise damaged("its palette is missing")
        if self._steps:  # the picture is the first frame
            self._steps[-1][1].append(chunk)
        self._pixels.append(chunk)
        self._check_pieces(len(self._pixels))

    def _check_pieces(self, count: int) -> None:
        if count > _MOST_PIECES:
            raise damaged(f"its pixel data is in more than {_MOST_PIECES:,} chunks")

    def _add_frame(self, chunk: Chunk) -> None:
        if chunk.name == b"acTL":
            if self._pixels:  # too late to count
                return
            if self._stated is not None or chunk.length != 8:
                raise damaged("its acTL chunk, which states the number of frames, is damaged")
            self._stated = int.from_bytes(content(self._file, chunk)[:4], "big")
            return
        if not self._stated:  # what is no animation is a still picture
            return
        data = content(self._file, chunk._replace(length=min(chunk.length, 26)))
        if len(data) < (26 if chunk.name == b"fcTL" else 4) or int.from_bytes(data[:4], "big") != self._next:
            raise damaged("the frames of its animation are out of order")
        self._next += 1
        self._check_pieces(self._next)
        if chunk.name == b"fcTL":
            if self._steps and not self._steps[-1][1]:
                raise damaged("a frame of its animation has no pixels")
            self._steps.append((data, []))
        else:
            if not self._steps or not self._pixels:
                raise damaged("the frames of its animation are out of order")
            self._steps[-1][1].append(Chunk(chunk.name, chunk.start + 4, chunk.length - 4))

    def png(self) -> Png:
        """All of it, at the end."""
        assert self._header is not None
        width, height, depth, kind, interlaced = self._header
        if not self._pixels:
            raise damaged("it has no pixels")
        steps = tuple(_step(data, tuple(pixels), width, height) for data, pixels in self._steps)
        if self._stated and len(steps) != self._stated:
            raise damaged(
                f"only {len(steps):,} of the {self._stated:,} frames that its acTL chunk states are present"
            )
        notes = [f"its {name.decode()} chunk has a wrong checksum and is ignored" for name in self._wrong]
        notes += [f"its {name.decode()} chunk comes after the pixel data and is ignored" for name in self._late]
        return Png(
            width=width,
            height=height,
            depth=depth,
            kind=kind,
            interlaced=interlaced,
            said=tuple(self._said),
            behind=tuple(self._behind),
            pixels=tuple(self._pixels),
            steps=steps,
            notes=tuple(notes),
        )


def _is_critical(name: bytes) -> bool:
    """Whether a chunk has to be understood: its first letter says so."""
    return name[:1].isupper()


def _header_of(data: bytes) -> tuple[int, int, int, int, bool]:
    if len(data) != 13:
        raise damaged("the header is incomplete")
    width, height, depth, kind, packing, filters, interlaced = struct.unpack(">IIBBBBB", data)
    if not (0 < width <= _LONGEST and 0 < height <= _LONGEST):
        raise damaged(f"the header states {width}×{height} pixels")
    if kind not in _DEPTHS:
        raise damaged(f"colour type {kind} does not exist")
    if depth not in _DEPTHS[kind]:
        raise damaged(f"the header states {depth} bits, which its colour type does not allow")
    if packing or filters or interlaced > 1:
        raise damaged("the header states a compression, filter or interlace method that PNG does not have")
    return width, height, depth, kind, interlaced == 1


def _step(data: bytes, pixels: tuple[Chunk, ...], width: int, height: int) -> AnimationFrame:
    """The frame that an fcTL chunk describes."""
    _, wide, high, left, top, delay, unit, dispose, blend = struct.unpack(">IIIIIHHBB", data)
    first_is_whole = pixels and pixels[0].name == b"IDAT"
    if not pixels:
        raise damaged("a frame of its animation has no pixels")
    if not wide or not high or left + wide > width or top + high > height or dispose > 2 or blend > 1:
        raise damaged("a frame of its animation is invalid")
    if first_is_whole and (wide, high) != (width, height):
        raise damaged("the first frame of its animation is not as large as the image")
    return AnimationFrame(left, top, wide, high, 1000 * delay / (unit or 100), dispose, blend == 1, pixels)
