"""What the readers of HEIC, AVIF and JPEG XL have in common: a library's values → pages of levels.

Each of those readers has a module of its own: ``heic``, ``avif`` and ``jxl``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.known import Library
from percept_cli.formats.pages import Page
from percept_cli.images.picture import bands, levels_of, whole_levels
from percept_cli.images.srgb import from_light

if TYPE_CHECKING:
    from numpy.typing import NDArray

HINT = "export both images as 8-bit sRGB, for example as PNG."


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


def page_of(
    values: NDArray[Any], top: int, profile: bytes | None, *, multiplied: bool = False, linear: bool = False
) -> Page:
    """What a library gives, as a page; of 8 bits where all values are whole levels.

    Args:
        values: H×W of grey, or H×W×1 to 4 of grey or colours, then alpha; in 0..top.
        top: what stands for 1.
        profile: of the colours, or None for sRGB.
        multiplied: whether colours are multiplied by alpha.
        linear: whether they are linear light, of sRGB's primaries.
    """
    values = values[..., None] if values.ndim == 2 else values
    alpha: NDArray[Any] | None = None
    if values.shape[2] in (2, 4):
        alpha, values = values[..., -1], values[..., :-1]
        if multiplied:
            values = unmultiplied(values, alpha, top)
    colours = whole_levels(levels_of(values, top))
    if linear:
        colours = from_light(colours / 255)
    return Page(colours, None if alpha is None else levels_of(alpha, top), profile=profile)
