"""Frames of an animation, each laid over those before it, as a viewer shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

STAYS, CLEARED, AS_BEFORE = 0, 1, 2
"""What becomes of a frame's place before the next one is shown."""
_NOTHING = (0, 0, 0, 0)


class Laid(NamedTuple):
    """A frame, and how it is laid over those before it."""

    part: Image.Image
    """In any mode; what lies outside the canvas is not shown."""
    left: int
    top: int
    over: bool
    """Whether it is blended with what is there, and does not replace it."""
    dispose: int
    """What its place becomes before the next one. Before the first frame there was nothing, so that ``AS_BEFORE``
    is ``CLEARED`` for it, as the specification of APNG says."""


def composed(width: int, height: int, frames: Iterable[Laid]) -> Iterator[Image.Image]:
    """What is seen with each frame of an animation, one at a time, in mode RGBA."""
    canvas = _Canvas(width, height)
    return (canvas.show(frame).copy() for frame in frames)


class _Canvas:
    """What is shown of an animation; nothing at first. Holds one picture, and the place of the last frame."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image

        self._image = Image.new("RGBA", (width, height), _NOTHING)
        self._box = (0, 0, 0, 0)
        self._before: Image.Image | None = None
        self._dispose = STAYS

    def show(self, frame: Laid) -> Image.Image:
        """What is seen with the next frame, which the canvas goes on drawing on."""
        self._clean()
        wide, high = max(0, self._image.width - frame.left), max(0, self._image.height - frame.top)
        part = frame.part.convert("RGBA")
        part = part.crop((0, 0, min(part.width, wide), min(part.height, high)))
        self._box = (frame.left, frame.top, frame.left + part.width, frame.top + part.height)
        self._dispose = frame.dispose
        self._before = self._image.crop(self._box) if frame.dispose == AS_BEFORE else None
        if part.width and part.height and frame.over:
            self._image.alpha_composite(part, (frame.left, frame.top))
        elif part.width and part.height:
            self._image.paste(part, (frame.left, frame.top))
        return self._image

    def _clean(self) -> None:
        if self._dispose == CLEARED:
            self._image.paste(_NOTHING, self._box)
        elif self._before is not None:
            self._image.paste(self._before, self._box)
        self._before = None
