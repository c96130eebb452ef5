"""What all readers share: what is to be read, what that may take, and how pages of levels become frames."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.faults import damaged, decoder_errors, quiet_libraries
from percept_cli.formats.files import Content
from percept_cli.formats.stated import check_claims
from percept_cli.images.joining import is_large
from percept_cli.images.limits import check_pixels
from percept_cli.images.picture import Decoded, Frame, frame_of_levels
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from percept_cli.images.picture import Levels

SAVE_AS = "save both images as greyscale or RGB with 8 or 16 bits."
_SPACES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
_HELD = 4096  # bytes: what is rounded up in a small file


@dataclass(frozen=True)
class Cost:
    """Bytes of memory that reading takes at most, for each pixel."""

    first: int
    """Of the first frame."""
    further: int = 0
    """Of each further one, which is kept while others are read."""


OF_LEVELS = Cost(70, 16)
"""Frames of more than 8 bits, while they are read and converted, themselves included (measured: 64, for 32-bit
RGBA), and four channels of float32 of those that are kept."""
OF_LIGHT = Cost(48, 48)
"""Four channels as they are stored, in float32, and what is made of them."""
OF_STRIPS = Cost(0)
"""A picture that comes in strips is put together where there is room."""


@dataclass(frozen=True)
class Source:
    """A file to be read, and for whom."""

    content: Content
    name: str
    """For messages."""
    policy: ImagePolicy
    is_part: bool = False
    """Whether it is a strip of a picture, or a part of one, which is read in one go."""

    @cached_property
    def data(self) -> bytes:
        """All of it; one that is too large to be held is read only where this is asked for.

        Raises:
            UnreadableImage, UnsupportedImage: if it cannot hold what it says; without its name.
        """
        data = self.content if isinstance(self.content, bytes) else self.content.whole()
        check_claims(data, self.policy.limits)
        return data

    def open(self) -> BinaryIO:
        """The same to be read a part at a time, and to be closed."""
        return io.BytesIO(self.data) if isinstance(self.content, bytes) else self.content.open()

    def part(self, data: bytes) -> Source:
        """A part of the picture, as a file of its own."""
        return Source(data, self.name, self.policy, is_part=True)

    def check(
        self,
        width: int,
        height: int,
        frames: int = 1,
        *,
        cost: Cost = OF_LEVELS,
        of_large: Cost | None = None,
        said: Mapping[Any, Any] = MappingProxyType({}),
    ) -> bool:
        """Hold what a file's head says to the limits and to the memory that is free, before pixels are unpacked.

        Args:
            width: of the largest frame, in pixels.
            height: likewise.
            frames: how many of them are read.
            cost: what that takes.
            of_large: the same of a large picture, where that is read in another way.
            said: what it says beside its pixels, as Pillow has it in ``info``.

        Returns:
            Whether it is large, and to be made in strips.

        Raises:
            UnsupportedImage: if it is too much; without the file's name.
        """
        large = is_large(width, height)
        if large and of_large is not None:
            cost = of_large
        each = -(-(cost.first + cost.further * (frames - 1)) // frames)
        check_pixels(width, height, frames, self.policy.limits, each, said)
        return large

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
            raise self.damaged(
                f"its {held:,} bytes of pixel data cannot hold the {needed:,.0f} that the header states"
            )


@dataclass(frozen=True)
class Page:
    """One picture in a file, in its own colours."""

    colours: Levels
    """H×W×C float32 or uint8 in 0..255: grey, R G B, or C M Y K, of which 255 is all of the ink."""
    alpha: Levels | None = None
    """H×W likewise, 255 is opaque; the colours are not multiplied by it."""
    orientation: int = 1
    """As EXIF and TIFF number it, 1 to 8; others count as 1."""
    profile: bytes | None = None
    """The ICC profile that its values are in, as found in the file; None for sRGB."""
    notes: tuple[str, ...] = ()
    """What is in the file and not looked at."""

    @property
    def space(self) -> bytes:
        """What the picture is, as ICC calls it."""
        return _SPACES[self.colours.shape[2]]


def decoded(pages: Callable[[], Iterable[Page]], source: Source) -> Decoded:
    """What a file of pages holds: float32 in 0..255, or uint8 where all values are whole levels.

    A value v of n bits is 255 · v / (2^n - 1): a picture of 16 bits that has only whole levels is the same picture
    as one of 8 bits.

    Args:
        pages: gives them, and may raise whatever a library does.
        source: what they are read from.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or of a kind that is not read.
    """
    quiet_libraries()
    with decoder_errors(source.name, anything=True):
        found = [(frame_of(page, source), page.notes) for page in pages()]
        return Decoded(
            tuple(frame for frame, _ in found), notes=tuple(note for _, notes in found for note in notes)
        )


def frame_of(page: Page, source: Source) -> Frame:
    """The frame of a page: in sRGB, turned as it says, and of 8 bits if it has no more.

    Raises:
        UnreadableImage: for a colour profile that is broken.
        UnsupportedImage: for a colour profile of another kind than the picture.
    """
    import numpy as np

    colours = _in_srgb(page, source)
    colours = turned(np.broadcast_to(colours, (*colours.shape[:2], 3)), page.orientation)
    return frame_of_levels(colours, None if page.alpha is None else turned(page.alpha, page.orientation))


def _in_srgb(page: Page, source: Source) -> Levels:
    """H×W×3, or H×W×1 where that is grey."""
    import numpy as np
    from PIL import Image

    from percept_cli.formats.colour.floats import converted
    from percept_cli.formats.colour.profiles import conversion_of, naming

    if page.profile is not None and not source.policy.ignore_icc:
        with naming(source.name):
            found = conversion_of(page.profile, page.space)
            if found is not None and page.colours.dtype == np.uint8:
                image = Image.fromarray(page.colours if page.colours.shape[2] == 3 else page.colours[..., 0])
                return np.asarray(found[1](image).convert("RGB"))
            if found is not None:
                return converted(page.colours.astype(np.float32, copy=False), found[0], page.space)
    if page.space == b"CMYK":  # as Pillow makes it of 8 bits
        clear = 255 - page.colours.astype(np.float32, copy=False)
        return clear[..., :3] * clear[..., 3:] / np.float32(255)
    return page.colours


def turned(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """As it is to be seen, of EXIF's number. The first two axes are rows and columns."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
