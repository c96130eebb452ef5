"""GIF: each frame unpacked by Pillow as a file of its own, and laid over those before it as browsers show them.

What no frame covers, and what a frame leaves that is to be cleared, is transparent: nobody paints the background
colour of the specification. A frame that says nothing of what becomes of it stays; Pillow takes the word of the
frame before it.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.formats.composing import AS_BEFORE, CLEARED, STAYS, Laid, composed
from percept_cli.formats.faults import damaged
from percept_cli.formats.pages import Source
from percept_cli.formats.pillow import WITH_ALPHA, frames_seen, picked
from percept_cli.formats.stated import check_canvas, check_size
from percept_cli.images.limits import check_metadata
from percept_cli.images.picture import Decoded

if TYPE_CHECKING:
    from PIL import Image

_HEAD = 13  # bytes
_TABLE = 0x80  # the flag of a palette
_EXTENSION, _IMAGE, _END = b"!", b",", b";"
_BLOCK = re.compile(rb"[!,;]")
_CONTROL, _COMMENT = 0xF9, 0xFE  # extensions
_DISPOSE = {2: CLEARED, 3: AS_BEFORE, 4: AS_BEFORE}  # some programs count wrongly; any other number stays
_LZW_PIXELS = 2731  # of one byte: 4096 of a code of 12 bits
_ROUNDED = 4096  # bytes: what is rounded up in a small file
_CUT = "the end of the file is missing"


@dataclass(frozen=True)
class _Step:
    """A frame, as it is in the file."""

    left: int
    top: int
    width: int
    height: int
    flags: int
    """Of its palette, and of the order of its rows."""
    control: bytes
    """What was said of it: flags, the delay and the transparent colour; empty if nothing was."""
    packed: bytes
    """Its palette and its pixels."""

    @property
    def dispose(self) -> int:
        return _DISPOSE.get(self.control[0] >> 2 & 7, STAYS) if self.control else STAYS

    @property
    def milliseconds(self) -> int | None:
        return 10 * int(struct.unpack_from("<H", self.control, 1)[0]) if self.control else None


@dataclass(frozen=True)
class _Gif:
    """What is in a file."""

    width: int
    height: int
    head: bytes
    """The version, and the palette of all frames with the byte of flags that tells its size."""
    steps: tuple[_Step, ...]
    comments: int
    """Bytes of them."""


def read_gif(source: Source) -> Decoded:
    """What a GIF file holds.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        OSError and others: as Pillow raises them for damaged pixels.
    """
    gif = _parsed(source.data)
    for step in gif.steps:
        check_size(step.width, step.height, _LZW_PIXELS * len(step.packed) + _ROUNDED)
    right = max(gif.width, *(step.left + step.width for step in gif.steps))
    bottom = max(gif.height, *(step.top + step.height for step in gif.steps))
    covered = sum(step.width * step.height for step in gif.steps)
    check_canvas(right, bottom, covered, source.policy.limits)
    check_metadata(gif.comments, source.policy.limits)
    frames = picked(source.policy, len(gif.steps))
    steps, used = gif.steps[frames], gif.steps[: frames.stop]
    widest = max(gif.width, *(step.width for step in used))
    highest = max(gif.height, *(step.height for step in used))
    large = source.check(widest, highest, len(steps), cost=WITH_ALPHA)
    durations = tuple(shown for step in steps if (shown := step.milliseconds) is not None)
    still = len(gif.steps) == 1 or len(durations) < len(steps)
    seen = frames_seen(_composed(gif), frames, source, large=large)
    return Decoded(seen, None if still else durations)


def _composed(gif: _Gif) -> Iterator[Image.Image]:
    """What is seen with each frame, one at a time."""
    if len(gif.steps) == 1 and (gif.steps[0].width, gif.steps[0].height) == (gif.width, gif.height):
        return iter([_unpacked(gif, gif.steps[0])])
    parts = (
        Laid(_unpacked(gif, step), step.left, step.top, over=True, dispose=step.dispose) for step in gif.steps
    )
    return composed(gif.width, gif.height, parts)


def _unpacked(gif: _Gif, step: _Step) -> Image.Image:
    """The pixels of a frame."""
    from PIL import Image

    version, flags, table = gif.head[:6], gif.head[6], gif.head[7:]
    parts = [version, struct.pack("<HHBBB", step.width, step.height, flags, 0, 0), table]
    if step.control:
        parts.append(b"!\xf9\4" + bytes([step.control[0] & 1]) + step.control[1:4] + b"\0")
    parts.append(_IMAGE + struct.pack("<HHHHB", 0, 0, step.width, step.height, step.flags) + step.packed + _END)
    image = Image.open(io.BytesIO(b"".join(parts)), formats=["GIF"])
    image.load()
    return image


def _parsed(data: bytes) -> _Gif:
    if len(data) < _HEAD:
        raise damaged(_CUT)
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = _HEAD + _size_of_table(flags)
    head = data[:6] + bytes([flags]) + data[_HEAD:place]
    steps, control, comments = list[_Step](), b"", 0
    while place < len(data) and (kind := data[place : place + 1]) != _END:
        if kind == _EXTENSION:
            label, blocks = data[place + 1 : place + 2], place + 2
            place = _behind_blocks(data, blocks)
            if label == bytes([_CONTROL]) and data[blocks] >= 4:
                control = data[blocks + 1 : blocks + 5]
            elif label == bytes([_COMMENT]):
                comments += place - blocks
        elif kind == _IMAGE:
            step, place = _step(data, place + 1, control)
            steps.append(step)
            control = b""
        else:  # what is no block is passed over, as libraries do
            found = _BLOCK.search(data, place + 1)
            place = found.start() if found else len(data)
    if not steps:
        raise damaged("it contains no image")
    # The first frame may be larger than what the file says of itself; browsers show all of it.
    width = max(width, steps[0].left + steps[0].width)
    height = max(height, steps[0].top + steps[0].height)
    return _Gif(width, height, head, tuple(steps), comments)


def _step(data: bytes, place: int, control: bytes) -> tuple[_Step, int]:
    """The frame whose description begins there, and where the next block is."""
    if place + 9 > len(data):
        raise damaged(_CUT)
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, place)
    if not width or not height:
        raise damaged("one of its frames has no pixels")
    start = place + 9
    end = _behind_blocks(data, start + _size_of_table(flags) + 1)  # behind the size of the first codes
    return _Step(left, top, width, height, flags, control, data[start:end]), end


def _size_of_table(flags: int) -> int:
    """Bytes of a palette."""
    return 3 << (flags & 7) + 1 if flags & _TABLE else 0


def _behind_blocks(data: bytes, place: int) -> int:
    """Where a row of blocks ends, each of which says how long it is."""
    while place < len(data) and data[place]:
        place += data[place] + 1
    if place >= len(data):
        raise damaged(_CUT)
    return place + 1
