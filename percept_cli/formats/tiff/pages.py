"""Which pages of a TIFF file are read, found in its lists of tags: the others cost nothing, and are not looked at.

Thumbnails and masks are left out; the other pages are the frames. For ``deep_tiff`` and ``scenes.float_tiff``.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

from percept_cli.formats.faults import damaged, quiet_libraries
from percept_cli.formats.pillow import check_frame
from percept_cli.images.limits import check_frames, check_metadata
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_SMALLER_OR_MASK = 0b101  # bits of the first
_SMALLER = 2  # of the second, which is obsolete
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # types of tags
_NEEDED = frozenset({*range(254, 260), 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325})
_PROFILE = 34675
_PLANES, _TOGETHER, _APART = 284, 1, 2  # the tag, and its words
_NEEDED |= {332, 338, 339, _PROFILE}  # kind of inks, further channels, kind of numbers
_SAID = frozenset({700, 33723, 34377, _PROFILE})  # XMP, IPTC, Photoshop's
_TEXT, _FOUR_BYTES = 2, (4, 9)  # types of tags; programs write IPTC as whole numbers
# What tifffile would do otherwise for the files of microscopes.
_VENDORS = ("lsm", "ndpi", "scanimage", "stk", "eer")


def opened(data: bytes) -> TiffFile:
    """A file as tifffile has it, page by page; to be closed.

    Raises:
        Exception: whatever tifffile raises of damaged data.
    """
    from tifffile import TiffFile

    quiet_libraries()
    flags: dict[str, Any] = {f"is_{vendor}": False for vendor in _VENDORS}
    return TiffFile(io.BytesIO(data), _multifile=False, **flags)


def pages_to_read(data: bytes, file: TiffFile, policy: ImagePolicy) -> list[TiffPage]:
    """The pages that are pictures of their own, in order, or the one of them that is asked for; at least one.

    Args:
        data: the whole file.
        file: the same, as ``opened`` gives it.
        policy: what the recipe says: its frame and its limits.

    Raises:
        UnreadableImage: if a list of tags is damaged, or cannot be read; without the file's name.
        UnsupportedImage: if there are more pages than the limit allows, or more bytes of profiles and texts, or no
            page of that number; likewise.
        struct.error: if a list of tags lies behind the end.
    """
    directories = _directories(data, file)
    if len(file.pages) != len(directories):
        raise damaged(f"{len(file.pages)} of its {len(directories)} pages can be read")
    places = [place for place, tags in enumerate(directories) if _is_picture(data, file, tags)] or [0]
    check_frame(policy.frame, len(places))
    if policy.frame is not None:
        places = places[policy.frame - 1 : policy.frame]
    check_frames(len(places), policy.limits)
    check_metadata(sum(_said(data, file, directories[place]) for place in places), policy.limits)
    return [_page(data, file, place, directories[place]) for place in places]


def _directories(data: bytes, file: TiffFile) -> list[range]:
    """Where the tags of each directory are. tifffile leaves out directories that it cannot read, and goes on."""
    order, big = file.byteorder, file.is_bigtiff
    number, size, pointer = ("Q", 20, "Q") if big else ("H", 12, "I")
    at = 8 if big else 4
    found: dict[int, range] = {}
    held = 0
    while place := struct.unpack_from(order + pointer, data, at)[0]:
        if place in found:
            raise damaged("its pages run in a circle")
        (count,) = struct.unpack_from(order + number, data, place)
        first = place + struct.calcsize(order + number)
        at = first + count * size
        held += at - place
        if at > len(data):
            raise damaged("a list of tags is incomplete")
        if held > len(data):  # a small file could have any number of tags otherwise
            raise damaged("its lists of tags lie on top of each other")
        found[place] = range(first, at, size)
    if not found:
        raise damaged("it has no pages")
    return list(found.values())


def _is_picture(data: bytes, file: TiffFile, tags: range) -> bool:
    kinds = {_NEW_SUBFILE_TYPE: 0, _SUBFILE_TYPE: 0}
    for place in tags:
        code, kind = struct.unpack_from(file.byteorder + "HH", data, place)
        if code in kinds and kind in _NUMBERS:
            value = place + (12 if file.is_bigtiff else 8)
            (kinds[code],) = struct.unpack_from(file.byteorder + _NUMBERS[kind], data, value)
    if kinds[_NEW_SUBFILE_TYPE]:
        return not kinds[_NEW_SUBFILE_TYPE] & _SMALLER_OR_MASK
    return kinds[_SUBFILE_TYPE] != _SMALLER


def _said(data: bytes, file: TiffFile, tags: range) -> int:
    """Bytes of profile, XMP and texts, as a list of tags has them; tifffile has not read them yet."""
    size = 0
    for place in tags:
        code, kind = struct.unpack_from(file.byteorder + "HH", data, place)
        if code in _SAID or kind == _TEXT:
            form = "Q" if file.is_bigtiff else "I"
            (count,) = struct.unpack_from(file.byteorder + form, data, place + 4)
            size += count * (4 if kind in _FOUR_BYTES else 1)
    return size


def _page(data: bytes, file: TiffFile, number: int, tags: range) -> TiffPage:
    """A page with all tags that are needed. tifffile leaves out those that it cannot read, and goes on."""
    page = file.pages[number].aspage()
    there = {struct.unpack_from(file.byteorder + "H", data, place)[0] for place in tags}
    if lost := (there & _NEEDED) - set(page.tags.keys()):
        raise damaged(f"its tag {min(lost)} cannot be read")
    if page.tags.valueof(_PLANES, _TOGETHER) not in (_TOGETHER, _APART):  # tifffile would leave a part unread
        raise damaged("its channels are arranged in a way that TIFF does not have")
    return page
