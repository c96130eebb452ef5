"""PBM, PGM, PPM and PAM: raw ones of colours and grey in strips, up to 8 bits by Pillow, deeper ones by hand."""

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
_CHANNELS = {5: 1, 6: 3}


def read(source: Source) -> Decoded:
    """What a file of the family holds.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        Exception: whatever Pillow raises of damaged data.
    """
    return in_strips(source, pnm_strips, read) or _whole(source)


def _whole(source: Source) -> Decoded:
    if not source.data.startswith(b"P7"):  # PAM, of which Pillow knows another one
        with opened(source.data) as image:
            if not is_deep(image):
                return frames_of(image, source)
    check_frame(source.policy.frame, 1)
    return decoded(lambda: read_pnm(source), source)


def pnm_strips(file: BinaryIO) -> Strips | None:
    """The strips of a large raw PGM or PPM; None for others, and where the file has another size than it says.

    Args:
        file: a file of the family.
    """
    file.seek(0)
    found = HEADER.match(file.read(_LONGEST_HEADER))
    if found is None:
        return None
    kind, width, height, largest = map(int, found.groups())
    if kind not in _CHANNELS or not width or not is_large(width, height):
        return None
    row = width * _CHANNELS[kind] * (2 if largest > 255 else 1)
    if file.seek(0, os.SEEK_END) != found.end() + height * row:
        return None

    def files() -> Iterator[Sequence[bytes]]:
        rows = rows_of_strip(width)
        for first in range(0, height, rows):
            count = min(rows, height - first)
            file.seek(found.end() + first * row)
            yield [b"P%d\n%d %d\n%d\n" % (kind, width, count, largest) + file.read(count * row)]

    return Strips(width, height, files())
