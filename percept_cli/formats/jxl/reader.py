"""JPEG XL → frames: 8 bits by pillow-jxl-plugin, which gives the ICC profile; deeper ones by imagecodecs.

- A JPEG that was packed without loss is unpacked and read as that JPEG, turned as the head says: its own EXIF,
  which should say the same, does not count.
- The library turns other pictures as their head says.
- Alpha comes at the depth of the colours, whatever its own is; where that is less, a note says it.
- Floats that are linear light make a scene, as in OpenEXR.
- Refused: animations (of which one library keeps the last frame and the other no durations), inks, HDR's curves,
  and other floats beyond black and white.
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import replace
from functools import lru_cache
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.levels import HINT, missing, page_of
from percept_cli.formats.colour.profiles import to_srgb
from percept_cli.formats.faults import AS_SRGB, damaged, decoder_errors
from percept_cli.formats.jxl.head import Stated, head, size_of_metadata
from percept_cli.formats.known import JPEG_XL
from percept_cli.formats.light import frame_of_light
from percept_cli.formats.pages import Page, Source, decoded
from percept_cli.formats.pillow import check_frame
from percept_cli.images.limits import check_info, check_metadata
from percept_cli.images.picture import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_SRGB, _LINEAR = 13, 8  # ITU-T H.273, as the next ones
_OF_HDR = {16: "PQ", 18: "HLG"}


def read_jxl(source: Source) -> Decoded:
    """What a JPEG XL file holds.

    Returns:
        One frame in sRGB, of 8 bits or float32 in 0..255; or a scene.

    Raises:
        UnreadableImage: if it is damaged.
        UnsupportedImage: if a library that it needs is not installed, for what the module says is refused, and
            where a profile, EXIF and XMP are more than the limit.
    """
    check_frame(source.policy.frame, 1)
    with decoder_errors(source.name, anything=True):
        said = head(source.data)
        if said.animation:
            raise UnsupportedImage("JPEG XL animations are not supported", hint=HINT)
        if said.black:
            raise UnsupportedImage("JPEG XL images in CMYK are not supported", hint=HINT)
        if said.transfer in _OF_HDR and not source.policy.ignore_icc:
            raise UnsupportedImage(
                f"its transfer function is {_OF_HDR[said.transfer]}, for HDR displays, which is not supported",
                hint=AS_SRGB,
            )
        check_metadata(size_of_metadata(source.data), source.policy.limits)
        source.check(said.width, said.height)
        read = _deep if said.floats or said.depth > 8 else _shallow
        return _with_note(read(source, said), said)


def _with_note(found: Decoded, said: Stated) -> Decoded:
    """With what is to be said of an alpha that the libraries cut to the depth of the colours."""
    kept = max(said.depth, 8)
    if said.floats or not said.alpha or (said.alpha_depth <= kept and not said.alpha_floats):
        return found
    stored = f"{said.alpha_depth}-bit" + (" float" if said.alpha_floats else "")
    return replace(found, notes=(*found.notes, f"its {stored} alpha channel is compared at {kept} bits"))


def _shallow(source: Source, said: Stated) -> Decoded:
    import numpy as np

    is_jpeg, info, content, profile, *_ = _decoder()(num_threads=1)(source.data)  # and boxes, in newer versions
    if is_jpeg:
        return _from_jpeg(content, said, source)
    check_metadata(len(profile or b""), source.policy.limits)
    channels = _CHANNELS.get(info.mode, 0)
    if len(content) != info.width * info.height * channels or not _same_size(info, said):
        raise damaged("its pixels do not match its header")
    values = np.frombuffer(content, np.uint8).reshape(info.height, info.width, channels)
    page = page_of(values, 255, bytes(profile) if profile else None, multiplied=said.multiplied)
    return decoded(lambda: [page], source)


def _same_size(info: Any, said: Stated) -> bool:
    return {info.width, info.height} == {said.width, said.height}


def _from_jpeg(content: bytes, said: Stated, source: Source) -> Decoded:
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        if not _same_size(image, said):
            raise damaged("its pixels do not match its header")
        check_info(image.info, source.policy.limits)
        image.load()
        conversion = None if source.policy.ignore_icc else to_srgb(image, source.name)
        rgb = (image if conversion is None else conversion(image)).convert("RGB")
        return decoded(lambda: [Page(np.asarray(rgb), orientation=said.orientation)], source)


def _deep(source: Source, said: Stated) -> Decoded:
    import imagecodecs
    import numpy as np

    linear = said.transfer == _LINEAR and not source.policy.ignore_icc
    profile = None
    if not (source.policy.ignore_icc or (said.bt_709 and said.transfer in (_SRGB, _LINEAR))):
        linear = False
        if said.xyb:  # what its values come out as is the library's choice, and it does not say which
            raise UnsupportedImage(
                "lossy JPEG XL of more than 8 bits per channel is only supported in sRGB",
                hint=AS_SRGB,
            )
        # Its pixels are cut to 8 bits, its profile is whole.
        *_, profile = _decoder()(num_threads=1)(source.data)[:4]
        if not profile:
            raise damaged("its colour space is missing")
        check_metadata(len(profile), source.policy.limits)
        profile = bytes(profile)
    values: NDArray[Any] = imagecodecs.jpegxl_decode(source.data, numthreads=1)
    values = values.reshape(*values.shape[:2], -1)
    if set(values.shape[:2]) != {said.width, said.height} or values.shape[2] > 4:
        raise damaged("its pixels do not match its header")
    if values.dtype.kind != "f":
        top = (1 << said.depth) - 1  # of alpha as well
        page = page_of(values, top, profile, multiplied=said.multiplied, linear=linear)
        return decoded(lambda: [page], source)
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise UnsupportedImage("NaN and infinite values are not supported in JPEG XL", hint=HINT)
    if linear:
        return _scene(values, said)
    if values.min() < 0 or values.max() > 1:
        raise UnsupportedImage("values below black or above white are not supported in JPEG XL", hint=HINT)
    return decoded(lambda: [page_of(values, 1, profile, multiplied=said.multiplied)], source)


def _scene(values: NDArray[Any], said: Stated) -> Decoded:
    """Light, which has no limit, as what renders pictures writes it.

    Args:
        values: H×W×1 to 4, linear, BT.709's primaries, white is 1, then alpha.
        said: whether there is alpha, and whether it is multiplied in.
    """
    import numpy as np

    alpha = None
    if values.shape[2] in (2, 4):
        values, alpha = values[..., :-1], np.array(values[..., -1], np.float32)
    colours = np.array(np.broadcast_to(values, (*values.shape[:2], 3)), np.float32)
    return Decoded((frame_of_light(colours, alpha, associated=said.multiplied),), scene=True)


@lru_cache(maxsize=1)
def _decoder() -> Any:
    """The package's decoder, out of its extension alone: the package itself changes Pillow for the program.

    Raises:
        UnsupportedImage: if it is not installed.
    """
    package = importlib.util.find_spec(JPEG_XL.module)
    places = package.submodule_search_locations if package is not None else None
    found = PathFinder.find_spec(f"{JPEG_XL.module}.{JPEG_XL.module}", places) if places else None
    if found is None or found.loader is None:
        raise missing(JPEG_XL, "JPEG XL")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.Decoder
