"""What a file holds, and a picture as it is compared: plain data.

8-bit pictures are bytes, so that equal ones are found without numpy; deep ones are float32 with the same unit. A
picture whose values are whole levels is an 8-bit one, whatever file it came from: the same picture is the same
data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from percept_cli.geometry import Box
from percept_cli.images.kept import Pixels, array_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.uint8] | NDArray[np.float32]
    """uint8 in 0..255, or float32 in the same unit with what lies between whole levels."""

_BAND = 1 << 18  # pixels: 6 MB of float64 for three channels


@dataclass(frozen=True)
class Picture:
    """Pixels in sRGB."""

    width: int
    """In pixels, after the EXIF turn."""
    height: int
    """In pixels, after the EXIF turn."""
    pixels: Pixels
    """height × width × 3 values, rows from the top, R G B in 0..255, sRGB: bytes, or float32 where it is deep."""
    deep: bool = False
    """Whether there are values between whole levels; each then takes four bytes."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def array(self) -> NDArray[Any]:
        """H×W×3, uint8, or float32 where it is deep; not to be written to."""
        return values_of(self.pixels, self.height, self.width, 3, deep=self.deep)

    def part(self, top: int, left: int, bottom: int, right: int) -> NDArray[Any]:
        """The pixels of a rectangle, as in ``array``; of a picture in a file, these rows are read.

        Args:
            top: the first row.
            left: the first column.
            bottom: the first row behind it.
            right: the first column behind it.
        """
        row = self.width * (12 if self.deep else 3)
        rows = self.pixels if isinstance(self.pixels, bytes) else self.pixels[top * row : bottom * row]
        before = top if rows is self.pixels else 0
        array = values_of(rows, len(rows) // row, self.width, 3, deep=self.deep)
        return array[before : before + bottom - top, left:right]

    @property
    def levels(self) -> bytes:
        """Height × width × 3 bytes, rounded where it is deep: what is drawn of it."""
        import numpy as np

        return np.rint(self.array).astype(np.uint8).tobytes() if self.deep else self.pixels[:]


def values_of(pixels: Pixels, height: int, width: int, channels: int, *, deep: bool) -> NDArray[Any]:
    """Colours or alpha as an array, H×W×channels, uint8, or float32 where they are deep; not to be written to."""
    import numpy as np

    return array_of(pixels).view(np.float32 if deep else np.uint8).reshape(height, width, channels)


def picture_of(array: Levels) -> Picture:
    """A picture of an array; an 8-bit one if all values are whole levels.

    Args:
        array: H×W×3 uint8, or float32 in 0..255 and finite.
    """
    height, width = array.shape[:2]
    levels = whole_levels(array)
    if levels.dtype == "uint8":
        return Picture(width, height, levels.tobytes())
    return Picture(width, height, (levels + 0.0).tobytes(), deep=True)  # one zero, not two: equal is equal bytes


def whole_levels(array: Levels) -> Levels:
    """The same values as uint8 where that holds them all.

    Args:
        array: of any shape, uint8, or float32 in 0..255 and finite.
    """
    import numpy as np

    if array.dtype == np.uint8:
        return array
    levels = array.astype(np.uint8)
    return levels if np.array_equal(levels, array) else array


def levels_of(values: NDArray[Any], largest: int) -> NDArray[np.float32]:
    """Whole numbers as levels; what is a whole level comes out as exactly that.

    Args:
        values: unsigned integers of any shape, in 0..largest.
        largest: the value of white, or of full opacity.

    Returns:
        float32 in 0..255, each the nearest to 255 · value / largest.
    """
    import numpy as np

    if largest == 65535:
        return values.astype(np.float32) / np.float32(257)
    levels = values * 255.0
    levels /= largest
    return levels.astype(np.float32)


def bands(height: int, width: int) -> Iterator[slice]:
    """Rows of a picture, so many at once that temporary arrays stay small."""
    rows = max(1, _BAND // max(1, width))
    return (slice(first, min(first + rows, height)) for first in range(0, height, rows))


@dataclass(frozen=True)
class Frame:
    """One picture in a file, before transparency is laid over anything."""

    width: int
    height: int
    colours: Pixels
    """As ``Picture.pixels``, those under transparency included. Of a scene: float32, linear light in BT.709's
    primaries, white is 1, without a limit, not multiplied by alpha."""
    alpha: Pixels | None = None
    """height × width values in 0..255, 255 is opaque, of the same type as the colours; None where all is."""
    deep: bool = False
    """Whether values are float32."""

    @property
    def array(self) -> NDArray[Any]:
        """The colours, H×W×3, uint8, or float32 where they are deep; not to be written to."""
        return values_of(self.colours, self.height, self.width, 3, deep=self.deep)

    @property
    def opacity(self) -> NDArray[Any]:
        """The alpha, H×W×1, of the same type, or 255 everywhere; not to be written to."""
        import numpy as np

        if self.alpha is None:
            return np.full((self.height, self.width, 1), 255, np.uint8)
        return values_of(self.alpha, self.height, self.width, 1, deep=self.deep)


def frame_of_levels(colours: Levels, alpha: Levels | None = None) -> Frame:
    """A frame of arrays; an 8-bit one if all values are whole levels.

    Args:
        colours: H×W×3 uint8, or float32 in 0..255 and finite.
        alpha: H×W likewise, 255 is opaque; None where all is.
    """
    import numpy as np

    height, width = colours.shape[:2]
    if alpha is not None and (alpha == 255).all():
        alpha = None
    found = [whole_levels(values) for values in (colours, alpha) if values is not None]
    deep = any(values.dtype != np.uint8 for values in found)
    stored = [(values.astype(np.float32) + 0.0 if deep else values).tobytes() for values in found]
    return Frame(width, height, stored[0], stored[1] if alpha is not None else None, deep)


@dataclass(frozen=True)
class Decoded:
    """What a file holds."""

    frames: tuple[Frame, ...]
    """One, or those of an animation or a file of several pages, in order."""
    durations: tuple[int, ...] | None = None
    """How long each frame is shown, in milliseconds; None where it is no animation."""
    scene: bool = False
    """Whether values are light, to be tone-mapped, rather than colours of a display."""
    notes: tuple[str, ...] = ()
    """What is in the file and not looked at."""


def within(values: NDArray[Any], box: Box | None) -> NDArray[Any]:
    """The part of an array in a rectangle, which may end beyond it or lie outside; all of it where there is none.

    Args:
        values: H×W, or H×W×channels.
        box: in pixels, or None.
    """
    return values if box is None else values[box.y : box.y + box.height, box.x : box.x + box.width]
