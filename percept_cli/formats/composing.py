"""Frames of an animation, each laid over those before it, as a viewer shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

STAYS, CLEARED, AS_BEFORE = 0, 1, 2
"""What becomes of a frame's place before the next one is shown."""
_NOTHING = (0, 0, 0, 0)


class Canvas:
    """What is shown of an animation; nothing at first. Holds one picture, and the place of the last frame.

    Args:
        width: in pixels.
        height: in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image

        self._image = Image.new("RGBA", (width, height), _NOTHING)
        self._box = (0, 0, 0, 0)
        self._before: Image.Image | None = None
        self._dispose = STAYS

    def show(self, part: Image.Image, left: int, top: int, *, over: bool, dispose: int) -> Image.Image:
        """What is seen with the next frame, which the canvas goes on drawing on.

        Args:
            part: the frame, in mode RGBA.
            left: its place, in pixels; all of it lies within the canvas, or it has no pixels.
            top: likewise.
            over: whether it is blended with what is there, and does not replace it.
            dispose: what its place becomes before the next one. Before the first frame there was nothing, so that
                ``AS_BEFORE`` is ``CLEARED`` for it, as the specification of APNG says.
        """
        self._clean()
        self._box = (left, top, left + part.width, top + part.height)
        self._dispose = dispose
        self._before = self._image.crop(self._box) if dispose == AS_BEFORE else None
        if not part.width or not part.height:
            return self._image
        if over:
            self._image.alpha_composite(part, (left, top))
        else:
            self._image.paste(part, (left, top))
        return self._image

    def _clean(self) -> None:
        if self._dispose == CLEARED:
            self._image.paste(_NOTHING, self._box)
        elif self._before is not None:
            self._image.paste(self._before, self._box)
        self._before = None
