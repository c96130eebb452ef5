"""AVIF: what Pillow does not say of it, and pictures of more than 8 bits, by imagecodecs.

Pillow reads 8 bits well: colours in full and video's range, alpha, animations, turns (as EXIF's orientation), and
ICC profiles. It cuts 10 and 12 bits to 8 without a word, and says nothing of nclx colour codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.colour.levels import HINT, in_srgb_levels
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.nclx import profile_of_nclx
from percept_cli.images.faults import decoder_errors
from percept_cli.images.limits import check_info
from percept_cli.images.picture import Decoded, frame_of_levels, levels_of, whole_levels
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from percept_cli.formats.colour.levels import Check


def avif_depth(data: bytes) -> int:
    """Bits per channel of a file's pictures.

    Args:
        data: the whole file.

    Raises:
        UnreadableImage: if it does not say; without the file's name.
    """
    depth = iso_media.head(data).depth
    if depth is None:
        raise UnreadableImage("the picture is damaged: it does not say its depth", hint="make or copy it anew.")
    return depth


def read_deep_avif(data: bytes, name: str, policy: ImagePolicy, check: Check) -> Decoded:
    """What an AVIF file of 10 or 12 bits per channel holds.

    Args:
        data: the whole file.
        name: for messages.
        policy: what the recipe says of it.
        check: called with width, height and 1 before pixels are decoded; may raise.

    Returns:
        One frame in sRGB, turned as the file says, of float32 in 0..255.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: for animations and HDR, and where a profile, EXIF and XMP are more than the limit.
    """
    import io

    import imagecodecs
    import numpy as np
    from PIL import Image

    with decoder_errors(name, anything=True):
        head = iso_media.head(data)
        with Image.open(io.BytesIO(data), formats=("AVIF",)) as image:  # reads no pixels yet
            check_info(image.info, policy.limits)
            check(image.width, image.height, 1)
            if getattr(image, "n_frames", 1) > 1 or head.sequence:
                raise UnsupportedImage("is an animation of more than 8 bits per channel", hint=HINT)
            size, profile = image.size, image.info.get("icc_profile")
        values = imagecodecs.avif_decode(data, numthreads=1)
        if values.shape[:2] != (size[1], size[0]) or values.dtype != "uint16" or head.depth is None:
            raise UnreadableImage("it is not what its head says")
        top = (1 << head.depth) - 1
        if values.max() > top:
            raise UnreadableImage("it has values beyond its depth")
        if policy.ignore_icc:
            profile = None
        elif profile is None and head.nclx is not None:
            profile = profile_of_nclx(*head.nclx, grey=values.ndim == 2)
        values = np.rot90(values, head.turns)
        if head.mirror is not None:
            values = np.flip(values, head.mirror)
        alpha = values[..., 3] if values.ndim == 3 and values.shape[2] == 4 else None
        levels = whole_levels(levels_of(values if values.ndim == 2 else values[..., :3], top))
        colours = in_srgb_levels(levels, profile, name)
        return Decoded((frame_of_levels(colours, None if alpha is None else levels_of(alpha, top)),))
