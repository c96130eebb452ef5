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
from percept_cli.formats.colour.levels import HINT, in_srgb_levels, needed, unmultiplied
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.nclx import profile_of_nclx
from percept_cli.formats.known import HEIC
from percept_cli.images.faults import decoder_errors
from percept_cli.images.limits import check_info
from percept_cli.images.picture import Decoded, frame_of_levels, levels_of, whole_levels
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from percept_cli.formats.colour.levels import Check

_CHANNELS = {"L": 1, "I": 1, "RGB": 3, "RGBA": 4, "RGBa": 4}


def read_heic(data: bytes, name: str, policy: ImagePolicy, check: Check) -> Decoded:
    """What a HEIC or HEIF file holds.

    Args:
        data: the whole file.
        name: for messages.
        policy: what the recipe says of it.
        check: called with width, height and 1 before pixels are decoded; may raise.

    Returns:
        One frame in sRGB, of 8 bits or float32 in 0..255.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: if pillow-heif is not installed, for sequences and HDR, and where a profile, EXIF
            and XMP are more than the limit.
    """
    with decoder_errors(name, anything=True):
        library = needed(HEIC, "HEIC")
        if iso_media.head(data).sequence:
            raise UnsupportedImage("is a sequence of pictures, which is not supported in HEIC", hint=HINT)
        # As stored: both ways of changing the depth are off.
        file = library.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        image = file[file.primary_index]
        check_info(image.info, policy.limits)
        width, height = image.size
        check(width, height, 1)
        found = _decoded(image, name, policy)
        more = len(file) - 1
        return replace(found, notes=(f"its main picture is compared, {more} more are not",)) if more else found


def _decoded(image: Any, name: str, policy: ImagePolicy) -> Decoded:
    import numpy as np

    mode, _, bits = image.mode.partition(";")
    depth = int(bits or 8)
    if mode not in _CHANNELS or depth != image.info["bit_depth"]:
        raise UnsupportedImage(f"pixels of mode {image.mode} are not supported in HEIC", hint=HINT)
    values: NDArray[Any] = np.asarray(image)
    top = (1 << depth) - 1
    codes = image.info.get("nclx_profile")
    alpha = None
    if mode in ("L", "I"):
        values = values.reshape(values.shape[:2])
        if codes is not None and not codes["full_range_flag"]:
            values = _full_range(values, depth)
    elif values.shape[2] == 4:
        alpha, values = values[..., 3], values[..., :3]
        if mode == "RGBa":
            values = unmultiplied(values, alpha, top)
    profile = None
    if not policy.ignore_icc:
        profile = image.info.get("icc_profile")
        if profile is None and codes is not None:
            profile = profile_of_nclx(
                codes["color_primaries"], codes["transfer_characteristics"], grey=values.ndim == 2
            )
    colours = in_srgb_levels(whole_levels(levels_of(values, top)), profile, name)
    return Decoded((frame_of_levels(colours, None if alpha is None else levels_of(alpha, top)),))


def _full_range(values: NDArray[Any], depth: int) -> NDArray[Any]:
    """Grey of video, whose black is 16 and whose white 235 of 255, as whole numbers of the full range."""
    import numpy as np

    scale = 1 << (depth - 8)
    shares = (values.astype(np.float32) - 16 * scale) / (219 * scale)
    return np.rint(np.clip(shares, 0, 1) * ((1 << depth) - 1)).astype(values.dtype)
