"""Masks: pictures whose black pixels are left out of a comparison."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from percept_cli.errors import InvalidSetting, PerceptError
from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_file
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import shown_picture
from percept_cli.system.names import shown

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8] | NDArray[np.float32]


def check_mask(path: Path, named_by: str = "") -> None:
    """Refuse a mask that cannot be read.

    Args:
        path: of its file.
        named_by: the table and file of settings that name it, in words.

    Raises:
        UnreadableImage, UnsupportedImage: saying why, and who names it.
    """
    try:
        _mask(content_of_mask(path), path)
    except PerceptError as error:
        if not named_by:
            raise
        hint = error.hint or "correct the path, which is relative to the settings file."
        raise type(error)(f"{error} (the mask of {named_by})", hint=hint) from None


def content_of_mask(path: Path) -> bytes:
    """What is in the file of a mask; that of a pipe may be asked for again.

    Raises:
        UnreadableImage, UnsupportedImage: if it cannot be read.
    """
    return _of_pipe(path) if path.is_fifo() else read_file(path)


@lru_cache(maxsize=4)
def _of_pipe(path: Path) -> bytes:
    """What came out of a pipe, which can be read only once."""
    return read_file(path)


def read_mask(path: Path, width: int, height: int, sizing: str = "") -> NDArray[np.bool_]:
    """A mask: H×W, True where the picture is darker than middle grey and pixels are left out.

    Args:
        path: of its file.
        width: of the pictures.
        height: of the pictures.
        sizing: what gave them this size, in words, where that is not their files'.

    Raises:
        UnreadableImage, UnsupportedImage: if it cannot be read.
        InvalidSetting: if it has another size than the pictures.
    """
    mask = _mask(content_of_mask(path), path)
    if mask.shape != (height, width):
        what = "the compared images" if sizing else "the images"
        raise InvalidSetting(
            f"{shown(path)}: the mask has {mask.shape[1]}×{mask.shape[0]} pixels, but the images have "
            f"{width}×{height}{sizing}",
            hint=f"make the mask as large as {what}.",
        )
    return mask


@lru_cache(maxsize=4)
def _mask(data: bytes, path: Path) -> NDArray[np.bool_]:
    # Kept, since all pictures of a folder may have the same. Its values are no colours, so no profile holds.
    policy = ImagePolicy(ignore_icc=True, frame=1)
    dark: NDArray[np.bool_] = shown_picture(decode(data, path, policy), policy).array.max(axis=2) < 128
    return dark
