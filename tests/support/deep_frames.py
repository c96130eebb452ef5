"""One file of more than 8 bits → its frame, and how far it is off."""

from __future__ import annotations

import struct
import zlib
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from percept_cli.formats.decode import decode
from percept_cli.formats.pages import Source, decoded
from percept_cli.formats.pnm.whole import read_pnm
from percept_cli.formats.tiff.deep import read_tiff
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from tests.support import icc
from tests.support.deep_files import Values, chunk, png, tiff, tiff_by_tifffile, values

EXACT = 2.0**-17
GREY, RGB, INKS = 1, 2, 5


def read(data: bytes, policy: ImagePolicy = AS_SEEN) -> Decoded:
    """What the readers of more than 8 bits make of a file, whoever would read it."""
    source = Source(data, "some/name.png", policy)
    vars(source)["data"] = data  # not held to what it claims, of which they have their own word
    pages_of = {b"II": read_tiff, b"MM": read_tiff, **{b"P%d" % kind: read_pnm for kind in range(8)}}.get(data[:2])
    if pages_of is None:
        return decode(data, source.name, policy)
    with patch.object(Source, "check", lambda *_, **__: False):  # a check that allows all
        return decoded(lambda: pages_of(source), source)


def frame(data: bytes, policy: ImagePolicy = AS_SEEN) -> Frame:
    (found,) = read(data, policy).frames
    return found


def colours(found: Frame) -> NDArray[Any]:
    kind = np.float32 if found.deep else np.uint8
    return np.frombuffer(found.colours[:], kind).reshape(found.height, found.width, 3).astype(float)


def alpha(found: Frame) -> NDArray[Any] | None:
    if found.alpha is None:
        return None
    kind = np.float32 if found.deep else np.uint8
    return np.frombuffer(found.alpha[:], kind).reshape(found.height, found.width).astype(float)


def off(found: NDArray[Any] | None, wanted: NDArray[Any]) -> float:
    assert found is not None
    return float(np.abs(found - wanted).max())


def photometric(pixels: Values) -> int:
    return GREY if pixels.shape[2] < 3 else RGB


def written_by_tifffile(pixels: Values, **options: Any) -> bytes:
    channels = pixels.shape[2]
    given = {"photometric": "minisblack" if channels < 3 else "rgb"} | options
    if channels % 2 == 0:
        given.setdefault("extrasamples", ["unassalpha"])
    if given.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, -1, 0)
    return tiff_by_tifffile(pixels if channels > 1 else pixels[..., 0], **given)


# Colours.


def with_profile(profile: bytes, pixels: Values) -> dict[str, bytes]:
    embedded = chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))
    return {
        "png": png(pixels, before=[embedded]),
        "tiff": tiff(pixels, photometric=photometric(pixels), tags={34675: profile}),
    }


GAMMA = chunk(b"gAMA", struct.pack(">I", 55556))
P3_CHROMATICITIES = chunk(
    b"cHRM", struct.pack(">8I", *(round(v * 1e5) for pair in (icc.D65, *icc.P3_POINTS) for v in pair))
)

PNG = png(values(3))
TIFF = tiff(values(3), photometric=RGB)
TWO_PAGES = tiff_by_tifffile(values(3), values(3), photometric="rgb")
