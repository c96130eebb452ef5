"""Colours that are said by code (ITU-T H.273), as HEIC and AVIF have them in their nclx boxes → an ICC profile."""

from __future__ import annotations

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.colour.primaries import BT709
from percept_cli.formats.faults import AS_SRGB
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.png.colours import profile_of_chunks

_UNSAID = 2
_D65 = (BT709.white_x, BT709.white_y)
_PRIMARIES = {
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),  # BT.601 with 625 lines
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),  # BT.601 with 525 lines
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),  # SMPTE 240M, the same
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),  # BT.2020
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),  # Display P3
    22: (*_D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),  # EBU 3213
}
"""x and y of white, red, green and blue, other than BT.709's."""
_BT_709 = 1
_LIKE_SRGB = frozenset({1, 6, 13, 14, 15})
"""sRGB's curve, and that of BT.709 and its kin: viewers show what cameras coded by it as if it were sRGB's."""
_LINEAR = 8
_OF_HDR = {16: "PQ", 18: "HLG"}


def profile_of_nclx(primaries: int, transfer: int, *, grey: bool = False) -> bytes | None:
    """The ICC profile that two codes describe, or None for sRGB; what is not said is sRGB's.

    Args:
        primaries: H.273's ColourPrimaries.
        transfer: H.273's TransferCharacteristics. BT.709's curve counts as sRGB's.
        grey: whether the picture is greyscale, which only has a curve.

    Raises:
        UnsupportedImage: for curves of HDR and codes that are not known here; without the file's name.
    """
    if transfer in _OF_HDR:
        raise UnsupportedImage(
            f"its transfer function is {_OF_HDR[transfer]}, for HDR displays, which is not supported",
            hint=AS_SRGB,
        )
    if transfer not in _LIKE_SRGB | {_UNSAID, _LINEAR} or primaries not in {*_PRIMARIES, _BT_709, _UNSAID}:
        raise UnsupportedImage(
            f"its colour space is {primaries}/{transfer} (ITU-T H.273), which is not supported",
            hint=AS_SRGB,
        )
    return profile_of_chunks(1.0 if transfer == _LINEAR else None, _PRIMARIES.get(primaries), grey=grey)


def avif_profile(data: bytes, *, grey: bool = False) -> bytes | None:
    """The ICC profile that a file's colour codes stand for, or None for sRGB.

    None as well where the file has an ICC profile: that one counts, and Pillow gives it.

    Args:
        data: the whole file.
        grey: whether Pillow's mode is L.

    Raises:
        UnsupportedImage: for HDR and codes that are not known; without the file's name.
    """
    head = iso_media.head(data)
    if head.nclx is None or head.has_profile:
        return None
    return profile_of_nclx(*head.nclx, grey=grey)
