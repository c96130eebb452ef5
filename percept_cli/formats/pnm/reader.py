"""PBM, PGM, PPM and PAM: up to 8 bits by Pillow, deeper ones by hand.

Raw ones of grey and colours come in strips: rows that nothing is packed in, under a header of their own. What is
read whole is a single strip, so that no two readers see the same header.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from percept_cli.formats.pages import Source, decoded
from percept_cli.formats.pillow import check_frame, frames_of, is_deep, opened
from percept_cli.formats.pnm.whole import HEADER, read_pnm
from percept_cli.formats.rows import Strips, in_strips
from percept_cli.images.joining import is_large, rows_of_strip
from percept_cli.images.picture import Decoded

_LONGEST_HEADER = 1 << 16  # bytes
_CHANNELS = {b"5": 1, b"6": 3}  # by kind, of raw ones
_HEADER = b"P%s\n%d %d\n%d\n"


def read(source: Source) -> Decoded:
    """What a file of the family holds.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        Exception: whatever Pillow raises of damaged data.
    """
    if source.is_part:
        return _whole(source)
    found = in_strips(source, _strips, read)
    return found or _whole(source.part(_with_plain_header(source.data)))


def _whole(source: Source) -> Decoded:
    if not source.data.startswith(b"P7"):  # PAM, of which Pillow knows another one
        with opened(source.data) as image:
            if not is_deep(image):
                return frames_of(image, source)
    check_frame(source.policy.frame, 1)
    return decoded(lambda: read_pnm(source), source)


def _with_plain_header(data: bytes) -> bytes:
    found = HEADER.match(data, 0, _LONGEST_HEADER)
    if found is None or found[1] not in _CHANNELS:
        return data
    kind, *numbers = found.groups()
    return _HEADER % (kind, *map(int, numbers)) + data[found.end() :]


def _strips(file: BinaryIO) -> Strips | None:
    """The strips of a large one; None for others, and where the file has another size than it says."""
    found = HEADER.match(file.read(_LONGEST_HEADER))
    if found is None or found[1] not in _CHANNELS:
        return None
    kind, (width, height, largest) = found[1], map(int, found.groups()[1:])
    row = width * _CHANNELS[kind] * (2 if largest > 255 else 1)
    if not width or not is_large(width, height) or file.seek(0, os.SEEK_END) != found.end() + height * row:
        return None

    def files() -> Iterator[Sequence[bytes]]:
        rows = rows_of_strip(width)
        for first in range(0, height, rows):
            count = min(rows, height - first)
            file.seek(found.end() + first * row)
            yield [_HEADER % (kind, width, count, largest) + file.read(count * row)]

    return Strips(width, height, files())
