"""Large pictures, made a strip at a time: what is held in memory does not grow with their size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from percept_cli.geometry import Span
from percept_cli.images.kept import Pixels, Room, chunks
from percept_cli.images.picture import Frame, Picture, picture_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGE = 1 << 25
"""Pixels from which on a picture is made in strips: smaller ones are made faster in one go."""
_STRIP = 1 << 19  # pixels: a few megabytes, which the cache holds at the usual 8 bits


def rows_of_strip(width: int) -> int:
    """How many rows make a strip of a picture."""
    return max(1, _STRIP // width)


def is_large(width: int, height: int) -> bool:
    """Whether a picture of so many pixels is to be made in strips."""
    return width * height >= LARGE


class Joining:
    """A picture that is put together from strips: of 8 bits, without alpha, as long as all strips are.

    Args:
        width: in pixels.
        height: in pixels, of all strips together.

    Raises:
        UnsupportedImage: if there is no room for it; without the file's name.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._rows = 0
        self._deep = False
        self._colours = Room(3 * width * height)
        self._alpha: Room | None = None

    def add(self, strip: Frame) -> None:
        """Put a strip below those that are there.

        Raises:
            UnsupportedImage: as ``Room.add``.
        """
        assert strip.width == self._width
        if strip.deep and not self._deep:
            self._deepen()
        if strip.alpha is not None and self._alpha is None:
            self._alpha = Room((4 if self._deep else 1) * self._width * self._height)
            self._add(self._alpha, b"\xff" * (self._width * self._rows), deep=False)
        self._add(self._colours, strip.colours, deep=strip.deep)
        if self._alpha is not None:
            opaque = strip.alpha is None
            alpha = b"\xff" * (strip.width * strip.height) if strip.alpha is None else strip.alpha
            self._add(self._alpha, alpha, deep=strip.deep and not opaque)
        self._rows += strip.height

    def _add(self, room: Room, pixels: Pixels, *, deep: bool) -> None:
        for part in chunks(pixels):
            room.add(_deep_bytes(part) if self._deep and not deep else part)

    def _deepen(self) -> None:
        self._deep = True
        pixels = self._width * self._height
        self._colours = _deep_room(self._colours.kept(), 3 * pixels)
        if self._alpha is not None:
            self._alpha = _deep_room(self._alpha.kept(), pixels)

    def frame(self) -> Frame:
        """The whole of it, once all strips are there."""
        assert self._rows == self._height
        alpha = None if self._alpha is None else self._alpha.kept()
        return Frame(self._width, self._height, self._colours.kept(), alpha, self._deep)

    def picture(self) -> Picture:
        """The same of strips without alpha."""
        frame = self.frame()
        assert frame.alpha is None
        return Picture(frame.width, frame.height, frame.colours, frame.deep)


def _deep_bytes(levels: bytes) -> bytes:
    import numpy as np

    return np.frombuffer(levels, np.uint8).astype(np.float32).tobytes()


def _deep_room(levels: Pixels, size: int) -> Room:
    """Room for so many values as float32, which begins with these levels."""
    room = Room(4 * size)
    for part in chunks(levels):
        room.add(_deep_bytes(part))
    return room


def picture_of_strips(width: int, height: int, strips: Iterable[Picture]) -> Picture:
    """A picture of its strips, from the top.

    Raises:
        UnsupportedImage: if there is no room for it; without the file's name.
    """
    joining = Joining(width, height)
    for strip in strips:
        joining.add(Frame(strip.width, strip.height, strip.pixels, None, strip.deep))
    return joining.picture()


def strips_of(frame: Frame) -> Iterator[Frame]:
    """The strips of a frame, from the top."""
    rows, each = rows_of_strip(frame.width), 4 if frame.deep else 1
    for first in range(0, frame.height, rows):
        count = min(rows, frame.height - first)
        places = slice(first * frame.width * each, (first + count) * frame.width * each)
        alpha = None if frame.alpha is None else frame.alpha[places]
        colours = frame.colours[3 * places.start : 3 * places.stop]
        yield Frame(frame.width, count, colours, alpha, frame.deep)


def rectangle_of(picture: Picture, left: int, top: int, right: int, bottom: int) -> Picture:
    """A part of a picture; the edges lie within it, and some pixels between them."""
    width, height = right - left, bottom - top
    rows = rows_of_strip(width) if is_large(width, height) else height
    strips = (
        picture_of(picture.part(first, left, min(first + rows, bottom), right))
        for first in range(top, bottom, rows)
    )
    return next(strips) if rows == height else picture_of_strips(width, height, strips)


def parts_of(picture: Picture, rows: Sequence[Span], columns: Sequence[Span]) -> Picture:
    """What remains of a picture where only some of its rows and columns are kept; the same object where all are.

    Args:
        picture: the picture.
        rows: which rows, from the top, at least one.
        columns: which columns, from the left, at least one.
    """
    import numpy as np

    height, width = (sum(end - begin for begin, end in spans) for spans in (rows, columns))
    if (width, height) == picture.size:
        return picture
    each = rows_of_strip(width) if is_large(width, height) else height

    def strips() -> Iterator[Picture]:
        for begin, end in rows:
            for top in range(begin, end, each):
                bottom = min(top + each, end)
                kept = [picture.part(top, left, bottom, right) for left, right in columns]
                yield Picture(width, bottom - top, np.concatenate(kept, axis=1).tobytes(), picture.deep)

    return picture_of_strips(width, height, strips())


def deepened(picture: Picture) -> Picture:
    """The same picture with float32 for every value."""
    if picture.deep:
        return picture
    pixels = _deep_room(picture.pixels, len(picture.pixels)).kept()
    return Picture(picture.width, picture.height, pixels, deep=True)


def beside(frames: Sequence[Frame]) -> Frame:
    """Frames of one height, from left to right, as one."""
    import numpy as np

    if len(frames) == 1:
        return frames[0]
    deep = any(frame.deep for frame in frames)

    def joined(parts: Sequence[NDArray[np.generic]]) -> bytes:
        return np.concatenate([part.astype(np.float32) if deep else part for part in parts], axis=1).tobytes()

    colours = joined([one.array for one in frames])
    transparent = any(one.alpha is not None for one in frames)
    alpha = joined([one.opacity for one in frames]) if transparent else None
    return Frame(sum(one.width for one in frames), frames[0].height, colours, alpha, deep)
