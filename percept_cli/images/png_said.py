"""What a PNG says beside its pixels, packed: its colour profile and its texts, unpacked by hand.

Pillow unpacks a megabyte of each and refuses the file for more, and its limit is one for the whole program.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from percept_cli.images.faults import damaged
from percept_cli.images.limits import Limits, check_metadata_so_far

_SIGNATURE = 8  # bytes
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_LARGE_TEXT = 1 << 16  # bytes; a turn that a text says, which counts, stands in a small one


def without_large(data: bytes, limits: Limits) -> tuple[bytes, bytes | None]:
    """A PNG file without what Pillow would not unpack: without its profile, which is given, and large texts.

    Args:
        data: a whole PNG file, or a damaged one.
        limits: how much may be unpacked; no more than that is.

    Returns:
        The smaller file, and the profile; None where there is none, or it cannot be unpacked and is left in.

    Raises:
        UnreadableImage: if the profile is not the one that was written; without the file's name.
        UnsupportedImage: if profile, EXIF and texts are more than the limit; likewise.
    """
    parts, kept, size = [], 0, 0
    profile = None
    for name, place, end in _chunks(data):
        if name != b"iCCP" and name != b"eXIf" and name not in _TEXTS:
            continue
        content = data[place + 8 : end - 4]
        unpacked = _unpacked(name, content, None if limits.metadata is None else limits.metadata + 1 - size)
        size += len(content if unpacked is None else unpacked)
        check_metadata_so_far(size, limits)
        if name == b"iCCP" and unpacked is not None:
            if data[end - 4 : end] != struct.pack(">I", zlib.crc32(name + content)):
                raise damaged("the checksum of its colour profile is wrong")
            profile = unpacked
        elif name not in _TEXTS or unpacked is None or len(unpacked) <= _LARGE_TEXT:
            continue
        parts.append(data[kept:place])
        kept = end
    return b"".join([*parts, data[kept:]]) if parts else data, profile


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of each chunk, its length and its checksum included; those that are whole."""
    place = _SIGNATURE
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            return
        yield name, place, end
        place = end


def _unpacked(name: bytes, content: bytes, most: int | None) -> bytes | None:
    """What a chunk holds, or the beginning if that is more; None if it cannot be unpacked."""
    if name not in (b"iCCP", b"zTXt", b"iTXt"):
        return content
    method, packed = _packed(name, content)
    if method is None:
        return content
    if method != b"\0":
        return None
    try:
        return zlib.decompressobj().decompress(packed, most or 0)  # of which 0 is no limit
    except zlib.error:
        return None


def _packed(name: bytes, content: bytes) -> tuple[bytes | None, bytes]:
    """The method, None for plain text, and what is packed."""
    _, _, rest = content.partition(b"\0")  # behind its name, or a keyword
    if name != b"iTXt":
        return rest[:1], rest[1:]
    words = rest[2:].split(b"\0", 2)  # language, the keyword in it, the text
    return (rest[1:2], words[-1]) if rest[:1] == b"\1" else (None, b"")
