"""PNG of 16 bits per channel, by libpng; what it says of itself, by Pillow, as for 8 bits."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from percept_cli.images.deep_pages import Page, Source
from percept_cli.images.picture import levels_of
from percept_cli.images.png_colours import without_colours
from percept_cli.images.png_said import without_large

_SIGNATURE = 8  # bytes
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_GREY = (0, 4)
_WIDEST = 1_000_000  # pixels, which is libpng's own limit
_DEFLATE = 1032  # bytes of one, at most
_TURN = 0x0112  # EXIF tag


def read_png(source: Source) -> Iterator[Page]:
    """The picture of a PNG file.

    Args:
        source: its data are those of a PNG, whole or not.

    Raises:
        UnreadableImage: if it is damaged, cut off, or has a broken colour profile.
        UnsupportedImage: if it is an animation, says by cICP that it is not sRGB, or says more than the limit of
            metadata.
        Exception: whatever libpng and Pillow raise of damaged data.
    """
    import imagecodecs
    import numpy as np
    from PIL import Image

    from percept_cli.images.colour_profiles import naming, profile_of

    data = without_colours(source.data) if source.policy.ignore_icc else source.data
    header, stub, pixels = _without_pixels(source, data)
    width, height, depth, kind, *_ = struct.unpack(">IIBBBBB", header)
    if kind not in _CHANNELS:
        raise source.damaged(f"no colour type has the number {kind}")
    if max(width, height) > _WIDEST:
        raise source.refused(
            f"{width}×{height} pixels are more than {_WIDEST:,} in a row", "cut the picture into smaller ones."
        )
    source.check(width, height, 1)
    source.expect(width * height * depth * _CHANNELS[kind] / 8, pixels, _DEFLATE)
    stub, unpacked = without_large(stub, source.policy.limits)
    with Image.open(io.BytesIO(stub), formats=["PNG"]) as image:
        image.load()
        if unpacked is not None:
            image.info["icc_profile"] = unpacked
        orientation = image.getexif().get(_TURN, 1)
        profile = None
        if not source.policy.ignore_icc:
            with naming(source.name):
                profile = profile_of(image, b"GRAY" if kind in _GREY else b"RGB ", stub)

    found = imagecodecs.png_decode(data)
    if found.shape[:2] != (height, width):
        raise source.damaged("it has two sizes")
    found = found.reshape(height, width, -1)
    levels = levels_of(found, np.iinfo(found.dtype).max)
    # An even number of channels: the last one is alpha, or made of the one colour that stands for nothing.
    if levels.shape[2] % 2:
        yield Page(levels, None, orientation, profile)
    else:
        yield Page(levels[..., :-1], levels[..., -1], orientation, profile)


def _without_pixels(source: Source, data: bytes) -> tuple[bytes, bytes, int]:
    """A file with a single pixel and all else that this one says, so that Pillow reads that as it does elsewhere.

    EXIF may stand behind the pixels, where Pillow would have to read all of them, in 8 bits.

    Returns:
        The content of the header, the small file, and the size of the compressed pixels in bytes.
    """
    header, parts, pixels = b"", [data[:_SIGNATURE]], 0
    place = _SIGNATURE
    while True:
        head = data[place : place + 8]
        if len(head) < 8:
            raise source.damaged("its end is missing")
        length, name = struct.unpack(">I4s", head)
        content = place + 8
        if name == b"IHDR" and not header:
            header = data[content : content + 13]
            if len(header) < 13 or length != 13:
                raise source.damaged("its header is incomplete")
            parts.append(_chunk(b"IHDR", struct.pack(">II", 1, 1) + header[8:]))
        elif not header:
            raise source.damaged("it has no header")
        elif name == b"acTL" and data[content : content + 4] not in (b"\0\0\0\0", b"\0\0\0\1"):
            raise source.refused(
                "an animation of more than 8 bits per channel is not supported",
                "save it as 8 bits, or the frame you mean as a picture of its own.",
            )
        elif name == b"IDAT":
            if not pixels:
                parts.append(_chunk(b"IDAT", zlib.compress(bytes(9))))  # no filter, and up to 4 × 2 bytes
            pixels += length
        elif name not in (b"acTL", b"fcTL", b"fdAT"):
            parts.append(data[place : content + length + 4])
        place = content + length + 4
        if name == b"IEND":
            if place > len(data):
                raise source.damaged("its end is missing")
            return header, b"".join(parts), pixels


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
