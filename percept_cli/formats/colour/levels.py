"""What the readers of HEIC, AVIF and JPEG XL have in common: a library's values → frames of sRGB levels.

Each of those readers has a module of its own: ``heic``, ``avif`` and ``jxl``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.profiles import conversion_of, naming
from percept_cli.formats.known import Library
from percept_cli.images.picture import Decoded, bands, frame_of_levels, levels_of, whole_levels
from percept_cli.images.srgb import from_light

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from percept_cli.formats.pages import Source
    from percept_cli.images.picture import Levels

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


def decoded_of(
    values: NDArray[Any],
    top: int,
    profile: bytes | None,
    source: Source,
    *,
    multiplied: bool = False,
    linear: bool = False,
) -> Decoded:
    """One frame of what a library gives.

    Args:
        values: H×W of grey, or H×W×1 to 4 of grey or colours, then alpha; in 0..top.
        top: what stands for 1.
        profile: of the colours, or None for sRGB.
        source: what is read.
        multiplied: whether colours are multiplied by alpha.
        linear: whether they are linear light, of sRGB's primaries.

    Raises:
        UnreadableImage: for a profile that is broken.
        UnsupportedImage: for one of another kind than the picture.
    """
    alpha: NDArray[Any] | None = None
    if values.ndim == 3 and values.shape[2] in (2, 4):
        alpha, values = values[..., -1], values[..., :-1]
        if multiplied:
            values = unmultiplied(values, alpha, top)
    colours = whole_levels(levels_of(values[..., 0] if values.shape[2:] == (1,) else values, top))
    if linear:
        colours = from_light(colours / 255)
    colours = in_srgb_levels(colours, None if source.policy.ignore_icc else profile, source.name)
    return Decoded((frame_of_levels(colours, None if alpha is None else levels_of(alpha, top)),))


def in_srgb_levels(colours: Levels, profile: bytes | None, name: str) -> Levels:
    """Colours that an ICC profile describes, in sRGB; grey becomes R G B.

    Args:
        colours: H×W×3, or H×W of grey; uint8, or float32 in 0..255.
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

    space = b"RGB " if colours.ndim == 3 else b"GRAY"
    with naming(name):
        found = None if profile is None else conversion_of(profile, space)
        if found is not None and colours.dtype == np.uint8:
            return np.asarray(found[1](Image.fromarray(colours)).convert("RGB"), np.uint8)
        if found is not None:
            planes = colours if colours.ndim == 3 else colours[..., np.newaxis]
            return converted(planes.astype(np.float32, copy=False), found[0], space)
    if colours.ndim == 3:
        return colours
    grey: NDArray[Any] = np.stack([colours] * 3, axis=2)
    return grey
