"""What the readers of HEIC, AVIF and JPEG XL have in common: a library's values → frames of sRGB levels.

Each of those readers has a module of its own: ``heic``, ``avif`` and ``jxl``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.profiles import conversion_of, naming
from percept_cli.formats.known import Library
from percept_cli.images.picture import bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from percept_cli.images.picture import Levels

    Check = Callable[[int, int, int], None]
    """Told width, height and frames before pixels are allocated; raises if that is too much."""

_SPACES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
"""Number of channels → what they are, as ICC calls it."""
HINT = "export it as 8-bit sRGB, as PNG for instance, both pictures the same way."
HINT_OF_COLOURS = (
    "--ignore-icc (ignore_icc=True in Python) takes the values as they are; better export it as sRGB."
)


def needed(library: Library, what: str) -> Any:
    """The module of a library that is an extra.

    Args:
        library: which one.
        what: cannot be read without it.

    Raises:
        UnsupportedImage: if it is not installed.
    """
    try:
        return importlib.import_module(library.module)
    except ImportError:
        raise missing(library, what) from None


def missing(library: Library, what: str) -> UnsupportedImage:
    """The error that a library is not installed."""
    return UnsupportedImage(f"{what} needs {library.package}, which is not installed", hint=library.hint)


def unmultiplied(colours: NDArray[Any], alpha: NDArray[Any], top: int) -> NDArray[Any]:
    """Colours without the alpha they were multiplied by; whole numbers are rounded to whole numbers again.

    Args:
        colours: H×W×C, in 0..top.
        alpha: H×W, in 0..top.
        top: what stands for 1.

    Returns:
        H×W×C of the type that came; 0 where alpha is 0, since nothing is left there.
    """
    import numpy as np

    found = np.zeros_like(colours)
    for rows in bands(*alpha.shape):
        below = alpha[rows][..., np.newaxis]
        shares = np.zeros(colours[rows].shape)
        np.divide(colours[rows], below, out=shares, where=below > 0)
        shares = np.minimum(shares, 1) * top
        found[rows] = shares if colours.dtype.kind == "f" else np.rint(shares)
    return found


def in_srgb_levels(colours: Levels, profile: bytes | None, name: str) -> Levels:
    """Colours that an ICC profile describes, in sRGB; grey becomes R G B.

    Args:
        colours: H×W×3, H×W×4 of inks, of which 255 is all, or H×W or H×W×1 of grey; float32 in 0..255, or uint8.
        profile: of the picture, or None for sRGB.
        name: for messages.

    Returns:
        H×W×3 of the same type; deep ones are not rounded.

    Raises:
        UnreadableImage: for a profile that is broken.
        UnsupportedImage: for one of another kind than the picture.
    """
    import numpy as np
    from PIL import Image

    from percept_cli.formats.colour.floats import converted

    planes: NDArray[Any] = colours if colours.ndim == 3 else colours[..., np.newaxis]
    space = _SPACES[planes.shape[2]]
    with naming(name):
        found = None if profile is None else conversion_of(profile, space)
        if found is not None and colours.dtype == np.uint8:
            return np.asarray(found[1](Image.fromarray(colours)).convert("RGB"), np.uint8)
        if found is not None:
            return converted(planes.astype(np.float32, copy=False), found[0], space)
    if space == b"CMYK":  # as Pillow makes it of 8 bits
        clear = 255 - planes
        planes = clear[..., :3] * clear[..., 3:] / np.float32(255)
    three: NDArray[Any] = np.broadcast_to(planes, (*planes.shape[:2], 3))
    return three
