"""HEIC and HEIF → frames, by pillow-heif.

- The main picture of a collection is read; thumbnails, depth and gain maps beside it are not.
- What the file says of turning, mirroring and cropping is done by the library. EXIF's orientation only says the
  same once more.
- 10 and 12 bits keep their values. Greyscale in video's range is brought to the full one, as colours are by the
  library.
- Sequences are refused: the library gives a still picture in their place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.levels import HINT, needed, page_of
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.nclx import profile_of_nclx
from percept_cli.formats.known import HEIC
from percept_cli.formats.pages import Page, Source, decoded
from percept_cli.formats.pillow import check_frame
from percept_cli.images.picture import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANNELS = {"L": 1, "I": 1, "RGB": 3, "RGBA": 4, "RGBa": 4}


def read_heic(source: Source) -> Decoded:
    """What a HEIC or HEIF file holds.

    Returns:
        One frame in sRGB, of 8 bits or float32 in 0..255.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: if pillow-heif is not installed, for sequences and HDR, and where a profile, EXIF
            and XMP are more than the limit.
    """
    return decoded(lambda: [_page(source)], source)


def _page(source: Source) -> Page:
    import numpy as np

    check_frame(source.policy.frame, 1)
    library = needed(HEIC, "HEIC")
    if iso_media.head(source.data).sequence:
        raise UnsupportedImage("HEIC image sequences are not supported", hint=HINT)
    # As stored: both ways of changing the depth are off.
    file = library.open_heif(source.data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    image, more = file[file.primary_index], len(file) - 1
    source.check(*image.size, said=image.info)

    mode, _, bits = image.mode.partition(";")
    depth = int(bits or 8)
    if mode not in _CHANNELS or depth != image.info["bit_depth"]:
        raise UnsupportedImage(f"HEIC pixels of mode {image.mode} are not supported", hint=HINT)
    values: NDArray[Any] = np.asarray(image)
    codes, grey = image.info.get("nclx_profile"), _CHANNELS[mode] == 1
    if grey and codes is not None and not codes["full_range_flag"]:
        values = _full_range(values, depth)
    profile = image.info.get("icc_profile")
    if profile is None and codes is not None and not source.policy.ignore_icc:
        profile = profile_of_nclx(codes["color_primaries"], codes["transfer_characteristics"], grey=grey)
    page = page_of(values, (1 << depth) - 1, profile, multiplied=mode == "RGBa")
    return replace(page, notes=(f"only its main image is compared; the file has {more} more",)) if more else page


def _full_range(values: NDArray[Any], depth: int) -> NDArray[Any]:
    """Grey of video, whose black is 16 and whose white 235 of 255, as whole numbers of the full range."""
    import numpy as np

    scale = 1 << (depth - 8)
    shares = (values.astype(np.float32) - 16 * scale) / (219 * scale)
    return np.rint(np.clip(shares, 0, 1) * ((1 << depth) - 1)).astype(values.dtype)
