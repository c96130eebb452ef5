"""What the readers of deep files share: what was asked for, what they give, and how that becomes a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.colour.levels import in_srgb_levels
from percept_cli.images.faults import damaged
from percept_cli.images.picture import Frame, frame_of_levels
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SAVE_AS = "save it as greyscale or RGB of 8 or 16 bits, both pictures the same way."
_HELD = 4096  # bytes: what is rounded up in a small file


@dataclass(frozen=True)
class Source:
    """A file to be read, and for whom."""

    data: bytes
    name: str
    """For messages."""
    policy: ImagePolicy
    check: Callable[[int, int, int], None]
    """Takes width, height and the number of frames, and raises if that is too much."""

    def damaged(self, why: str) -> UnreadableImage:
        """The error of a file that is no whole one."""
        return damaged(why, self.name)

    def refused(self, why: str, hint: str = SAVE_AS) -> UnsupportedImage:
        """The error of a sound file that is not read."""
        return UnsupportedImage(f"{self.name}: {why}", hint=hint)

    def expect(self, needed: float, held: int, most: float) -> None:
        """Refuse a file that cannot hold what its header says, before memory is taken for it.

        Args:
            needed: bytes of its pixels.
            held: bytes that they are packed in.
            most: how many bytes its codec can make of one.
        """
        if needed > most * held + (0 if most == 1 else _HELD):
            raise self.damaged(f"its {held:,} bytes of pixels cannot be the {needed:,.0f} that its header says")


@dataclass(frozen=True)
class Page:
    """One picture in a file, in its own colours."""

    colours: Floats
    """H×W×C float32 in 0..255: grey, R G B, or C M Y K, of which 255 is all of the ink."""
    alpha: Floats | None = None
    """H×W float32 in 0..255, 255 is opaque; the colours are not multiplied by it."""
    orientation: int = 1
    """As EXIF and TIFF number it, 1 to 8; others count as 1."""
    profile: bytes | None = None
    """The ICC profile that its values are in, as found in the file; None for sRGB."""
    notes: tuple[str, ...] = ()
    """What is in the file and not looked at."""


def frame_of(page: Page, source: Source) -> Frame:
    """The frame of a page: in sRGB, turned as it says, and of 8 bits if it has no more.

    Raises:
        UnreadableImage: for a colour profile that is broken.
        UnsupportedImage: for a colour profile of another kind than the picture.
    """
    profile = None if source.policy.ignore_icc else page.profile
    colours = turned(in_srgb_levels(page.colours, profile, source.name), page.orientation)
    return frame_of_levels(colours, None if page.alpha is None else turned(page.alpha, page.orientation))


def turned(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """As it is to be seen, of EXIF's number. The first two axes are rows and columns."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
