"""Colours of more than 8 bits → sRGB, by littleCMS in floats: Pillow's reach to it has 8 bits.

The rules are those of ``colour.profiles``, which decides whether there is something to convert and refuses
profiles that are broken. Held to the spaces by definition, a million random colours in Display P3, and as many in
Adobe RGB, are off by 0.004 levels on average; by up to 0.21 where a colour lies at the border of sRGB and one of
its channels is nearly 0, since a profile has 16 bits behind its points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from percept_cli.errors import UnreadableImage
from percept_cli.formats.png.colours import srgb_profile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_NAMES = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}
_RELATIVE_COLORIMETRIC = 1
_FLAGS = 0x2000 | 0x0100 | 0x0040  # black point compensation, no optimisation, no cache, as lcms2.h numbers them
_ROUNDED = 2e-4  # of white: what the 16 bits of profiles leave of it, and less than a paper's tint


def converted(levels: Floats, profile: bytes, space: bytes) -> Floats:
    """The same colours in sRGB.

    Args:
        levels: H×W×C float32 in 0..255; of inks, 255 is all of it.
        profile: ICC bytes, as ``colour.profiles.conversion_of`` gives them.
        space: what the levels are, as ICC calls it, of C = 1, 3 or 4 channels.

    Returns:
        H×W×3 float32 in 0..255, sRGB, not rounded; what sRGB does not have is clipped.

    Raises:
        UnreadableImage: if littleCMS cannot use the profile, or it makes no numbers of some colours.
    """
    import imagecodecs
    import numpy as np

    height, width, channels = levels.shape
    # littleCMS takes inks in percent, as floats. White goes along, as the last pixel.
    values = np.empty((height * width + 1, 1, channels), np.float32)
    np.multiply(levels.reshape(-1, 1, channels), (100 if space == b"CMYK" else 1) / 255, out=values[:-1])
    values[-1] = 0 if space == b"CMYK" else 1
    try:
        found = imagecodecs.cms_transform(
            values[..., 0] if channels == 1 else values,
            profile,
            srgb_profile(),
            colorspace=_NAMES[space],
            outcolorspace="rgb",
            outdtype=np.float32,
            intent=_RELATIVE_COLORIMETRIC,
            flags=_FLAGS,
        )
    except (RuntimeError, ValueError) as error:  # its CmsError is a RuntimeError
        raise UnreadableImage(f"its colour profile is damaged: littleCMS: {error}") from None
    colours, white = found[:-1].reshape(height, width, 3), found[-1].reshape(3)
    if not np.isfinite(colours).all():
        raise UnreadableImage("its colour profile is damaged: it turns some colours into NaN")
    if np.abs(white - 1).max() < _ROUNDED:  # white is to stay white, and grey grey
        colours /= white
    np.clip(colours, 0, 1, out=colours)
    colours *= 255
    return colours
