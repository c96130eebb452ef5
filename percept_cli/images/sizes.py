"""Two pictures of other sizes → of one size, where the recipe says how; nothing is resized otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, SizeMismatch, UnsupportedImage
from percept_cli.geometry import Box
from percept_cli.images.joining import rectangle_of
from percept_cli.images.limits import check_pixels
from percept_cli.images.picture import Picture, picture_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from percept_cli.images.policy import ImagePolicy

Size = tuple[int, int]
"""Width and height."""

_BYTES_PER_PIXEL = 60  # three channels in float32, as planes, together, cut to 0..255, and as bytes
_HINT = (
    "percept never resizes unasked: bring both to the same size, or use --resize or --pad (resize= or "
    "pad= in Python)."
)


def one_size(
    reference: Picture, candidate: Picture, policy: ImagePolicy, names: tuple[str, str]
) -> tuple[Picture, Picture]:
    """Bring two pictures to one size as the recipe says; those of one size already stay the same objects.

    Args:
        reference: the one.
        candidate: the other.
        policy: its ``resize`` first, then its ``pad``.
        names: of both, for messages.

    Raises:
        SizeMismatch: if their sizes differ still.
    """
    pictures = [reference, candidate]
    changes: tuple[Callable[..., Picture], ...] = resized, partial(padded, pad=policy.pad)
    for sizes, change in zip(_planned((reference.size, candidate.size), policy), changes, strict=True):
        wrong = [place for place in (0, 1) if pictures[place].size != sizes[place]]
        for place in wrong:
            _check(sizes[place], policy, names[place])
        for place in wrong:
            pictures[place] = change(pictures[place], *sizes[place])
    first, second = pictures
    if first.size != second.size:
        raise SizeMismatch(
            f"the sizes differ: {names[0]} is {first.width}×{first.height} pixels, "
            f"{names[1]} is {second.width}×{second.height}{policy.sizing}",
            hint=_HINT,
        )
    return first, second


def _check(size: Size, policy: ImagePolicy, name: str) -> None:
    """Refuse to make a picture larger than may be read."""
    try:
        check_pixels(*size, 1, policy.limits, _BYTES_PER_PIXEL)
    except UnsupportedImage as error:
        hint = "choose a smaller --resize, or no --pad."
        raise UnsupportedImage(f"{name} after resizing or padding: {error}", hint=hint) from None


def sizes_in_words(sizes: tuple[Size, Size], policy: ImagePolicy, names: tuple[str, str]) -> str:
    """What is done to the sizes of two pictures; empty where that is nothing, or is not enough.

    Args:
        sizes: of both, after cropping.
        policy: its ``resize`` first, then its ``pad``.
        names: of both.
    """
    wanted, full = _planned(sizes, policy)
    told = [
        f"{name} of {before[0]}×{before[1]} pixels was resized to {after[0]}×{after[1]} (--resize {policy.resize})"
        for name, before, after in zip(names, sizes, wanted, strict=True)
        if before != after
    ]
    told += [
        f"{name} of {before[0]}×{before[1]} pixels was padded to {after[0]}×{after[1]} (--pad {policy.pad})"
        for name, before, after in zip(names, wanted, full, strict=True)
        if before != after
    ]
    return "; ".join(told)


def _planned(sizes: tuple[Size, Size], policy: ImagePolicy) -> tuple[list[Size], list[Size]]:
    """The sizes that two pictures are resized to, and those that they are then padded to."""
    wanted = [_wanted(policy.resize, size, sizes) for size in sizes]
    (one, high), (other, higher) = wanted
    return wanted, wanted if policy.pad == "none" else [(max(one, other), max(high, higher))] * 2


def _wanted(resize: str, size: Size, pair: tuple[Size, Size]) -> Size:
    """The size that a picture is brought to."""
    if resize in ("reference", "candidate"):
        return pair[0] if resize == "reference" else pair[1]
    kind, _, value = resize.partition(":")
    if kind == "scale":
        return _scaled(size, float(value))
    if kind == "fit":
        width, height = map(int, value.split("x"))
        return _scaled(size, min(width / size[0], height / size[1]))
    return size


def _scaled(size: Size, factor: float) -> Size:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def resized(picture: Picture, width: int, height: int) -> Picture:
    """A picture in another size, by Lanczos over the area that becomes a pixel (antialiased), in sRGB.

    It is computed in float32 and not rounded to levels; what the filter overshoots is clipped to 0..255.
    """
    import numpy as np
    from PIL import Image

    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(picture.array[..., channel], np.float32)).resize(
                (width, height), Image.Resampling.LANCZOS
            )
        )
        for channel in range(3)
    ]
    return picture_of(np.clip(np.stack(planes, axis=-1), 0, 255))


def padded(picture: Picture, width: int, height: int, pad: str) -> Picture:
    """A picture extended on the right and below.

    Args:
        picture: no wider and no higher.
        width: in pixels.
        height: in pixels.
        pad: ``edge`` for its last column and row, or a colour as in ``colour_of``.
    """
    import numpy as np

    missing = ((0, height - picture.height), (0, width - picture.width), (0, 0))
    if pad == "edge":
        return picture_of(np.pad(picture.array, missing, mode="edge"))
    found: NDArray[np.float32] = np.empty((height, width, 3), picture.array.dtype)
    found[:] = colour_of(pad)
    found[: picture.height, : picture.width] = picture.array
    return picture_of(found)


def colour_of(word: str) -> tuple[int, int, int]:
    """Levels of red, green and blue of ``white``, ``black`` or ``#rrggbb``."""
    digits = {"white": "#ffffff", "black": "#000000"}.get(word, word)
    return int(digits[1:3], 16), int(digits[3:5], 16), int(digits[5:7], 16)


def cropped(picture: Picture, box: Box) -> Picture:
    """The part of a picture in a rectangle, which may end beyond it.

    Raises:
        InvalidSetting: if none of it lies in the picture; without the file's name.
    """
    if box.x >= picture.width or box.y >= picture.height:
        raise InvalidSetting(
            f"the crop {box} lies outside the image of {picture.width}×{picture.height} pixels",
            hint="write x,y,width,height in pixels from the top left.",
        )
    right, bottom = min(box.x + box.width, picture.width), min(box.y + box.height, picture.height)
    return rectangle_of(picture, box.x, box.y, right, bottom)
