"""AVIF: what Pillow does not say of it, and pictures of more than 8 bits, by imagecodecs.

Pillow reads 8 bits well: colours in full and video's range, alpha, animations, turns (as EXIF's orientation), and
ICC profiles. It cuts 10 and 12 bits to 8 without a word, and says nothing of nclx colour codes.
"""

from __future__ import annotations

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.levels import HINT, page_of
from percept_cli.formats.colour.profiles import naming
from percept_cli.formats.faults import damaged
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.nclx import avif_profile, profile_of_nclx
from percept_cli.formats.pages import Page, Source, decoded
from percept_cli.formats.pillow import check_frame, frames_of, opened
from percept_cli.images.picture import Decoded


def avif_depth(data: bytes) -> int:
    """Bits per channel of a file's pictures.

    Args:
        data: the whole file.

    Raises:
        UnreadableImage: if it does not say; without the file's name.
    """
    depth = iso_media.head(data).depth
    if depth is None:
        raise damaged("its bit depth is missing")
    return depth


def read_avif(source: Source) -> Decoded:
    """What an AVIF file holds.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: as ``read_deep_avif``.
        Exception: whatever Pillow raises of damaged data.
    """
    if avif_depth(source.data) > 8:
        return read_deep_avif(source)
    with opened(source.data) as image:
        if not source.policy.ignore_icc:
            with naming(source.name):
                profile = avif_profile(source.data, grey=image.mode == "L")
            if profile is not None:
                image.info["icc_profile"] = profile
        return frames_of(image, source)


def read_deep_avif(source: Source) -> Decoded:
    """What an AVIF file of 10 or 12 bits per channel holds.

    Returns:
        One frame in sRGB, turned as the file says, of float32 in 0..255.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: for animations and HDR, and where a profile, EXIF and XMP are more than the limit.
    """
    return decoded(lambda: [_page(source)], source)


def _page(source: Source) -> Page:
    import imagecodecs
    import numpy as np

    check_frame(source.policy.frame, 1)
    head = iso_media.head(source.data)
    with opened(source.data) as image:  # reads no pixels yet
        source.check(image.width, image.height, said=image.info)
        if getattr(image, "n_frames", 1) > 1 or head.sequence:
            raise UnsupportedImage("AVIF animations of more than 8 bits per channel are not supported", hint=HINT)
        size, profile = image.size, image.info.get("icc_profile")
    values = imagecodecs.avif_decode(source.data, numthreads=1)
    if values.shape[:2] != (size[1], size[0]) or values.dtype != "uint16" or head.depth is None:
        raise damaged("its pixels do not match its header")
    top = (1 << head.depth) - 1
    if values.max() > top:
        raise damaged("some values exceed its bit depth")
    if profile is None and head.nclx is not None and not source.policy.ignore_icc:
        profile = profile_of_nclx(*head.nclx, grey=values.ndim == 2)
    values = np.rot90(values, head.turns)
    if head.mirror is not None:
        values = np.flip(values, head.mirror)
    return page_of(values, top, profile)
