"""Pixels of light that are no finite numbers: where they are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.errors import NotFinite
from percept_cli.geometry import Box
from percept_cli.images.picture import Decoded, Frame, bands, within

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Kinds = tuple[NDArray[np.uint8] | None, ...]


def nonfinite(decoded: Decoded, crop: Box | None = None) -> Kinds:
    """Where a scene's colours are no finite numbers.

    Args:
        decoded: what a reader gave; display pictures have none.
        crop: the rectangle that is looked at, or None for all.

    Returns:
        For each frame H×W uint8, of what is within the rectangle, or None where all is finite there: 0 finite,
        1 NaN, 2 +∞, 3 −∞. Of a pixel's three channels NaN counts before −∞, and that before +∞.
    """
    return tuple(_kinds(frame, crop) if decoded.scene else None for frame in decoded.frames)


def _kinds(frame: Frame, crop: Box | None) -> NDArray[np.uint8] | None:
    import numpy as np

    colours = within(frame.array, crop)
    height, width = colours.shape[:2]
    if all(np.isfinite(colours[rows]).all() for rows in bands(height, width)):
        return None
    kinds = np.zeros((height, width), np.uint8)
    for rows in bands(height, width):
        for kind, found in ((2, np.isposinf), (3, np.isneginf), (1, np.isnan)):
            kinds[rows][found(colours[rows]).any(axis=2)] = kind
    return kinds


def without_nonfinite(
    pair: tuple[Decoded, Decoded], names: tuple[str, str], crop: Box | None, *, allowed: bool
) -> tuple[tuple[Decoded, Decoded], list[str]]:
    """Both with black pixels for those that are no finite numbers, where that is allowed, and a note of it.

    Args:
        pair: what the two files hold.
        names: theirs.
        crop: what of them is compared; the rest does not count.
        allowed: whether such pixels may be there, in the same places in both.

    Raises:
        NotFinite: if there are some, and they may not.
    """
    import numpy as np

    found = [nonfinite(decoded, crop) for decoded in pair]
    counted = [_counted(kinds, crop) for kinds in found]
    if not any(counted):
        return pair, []
    same = all(
        one is other or (one is not None and other is not None and np.array_equal(one, other))
        for one, other in zip(*found, strict=True)
    )
    if not (allowed and same):
        told = [f"{name} has {count}" for name, count in zip(names, counted, strict=True) if count]
        raise NotFinite(
            f"not all pixels are finite numbers: {'; '.join(told)}",
            hint="both images have them at the same positions; to treat them as black, use --allow-nan "
            "(allow_nan=True in Python)."
            if same
            else "fix the program that renders them; --allow-nan allows them only at the same positions in "
            "both images.",
        )
    one, other = (_blackened(decoded, kinds, crop) for decoded, kinds in zip(pair, found, strict=True))
    return (one, other), [f"{counted[0]} at the same positions in both images, treated as black"]


def _counted(kinds: Kinds, crop: Box | None) -> str:
    """In words, how many pixels are no finite numbers, and where in the whole picture the first is; or empty."""
    import numpy as np

    there = [kind for kind in kinds if kind is not None]
    if not there:
        return ""
    not_numbers = sum(int((kind == 1).sum()) for kind in there)
    infinite = sum(int((kind > 1).sum()) for kind in there)
    row, column = np.argwhere(there[0])[0] + (0 if crop is None else (crop.y, crop.x))
    parts = [f"{not_numbers:,} NaN" if not_numbers else "", f"{infinite:,} infinite" if infinite else ""]
    both = " and ".join(filter(None, parts))
    return f"{both} {'pixel' if not_numbers + infinite == 1 else 'pixels'} (the first at {column},{row})"


def _blackened(decoded: Decoded, kinds: Sequence[NDArray[np.uint8] | None], crop: Box | None) -> Decoded:
    """The same with black where it is not finite."""
    import numpy as np

    frames = []
    for frame, kind in zip(decoded.frames, kinds, strict=True):
        if kind is not None:
            colours = np.array(frame.array, np.float32)  # a copy
            within(colours, crop)[kind > 0] = 0
            frame = replace(frame, colours=colours.tobytes())
        frames.append(frame)
    return replace(decoded, frames=tuple(frames))
