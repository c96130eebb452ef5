"""AVIF: what it says of itself, how it is turned, and damage."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import PerceptError, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.avif import avif_depth, read_deep_avif
from percept_cli.formats.heif.nclx import avif_profile
from tests.conftest import drawing
from tests.support.container_files import avif, noise, pillow_avif, read, wide

pytest.importorskip("pillow_jxl")


def test_what_avif_says_of_itself() -> None:
    for channels in (1, 3, 4):
        assert avif_depth(pillow_avif(noise(8, channels))) == 8
        assert avif_depth(avif(noise(10, channels), 10)) == 10
        assert avif_depth(avif(noise(12, channels), 12)) == 12
    assert avif_profile(pillow_avif(noise(8, 3))) is None
    assert avif_profile(pillow_avif(noise(8, 3), icc_profile=wide())) is None  # Pillow gives it
    assert avif_profile(avif(noise(8, 3), 8, primaries=12)) == wide()
    with pytest.raises(UnsupportedImage, match="transfer function is HLG"):
        avif_profile(avif(noise(8, 3), 8, primaries=9, transfer=18))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [None, 0, 1])
def test_a_deep_avif_is_turned_as_pillow_turns_an_8_bit_one(turns: int, mirror: int | None) -> None:
    from PIL import ImageOps

    values = noise(10, 3)
    data = with_turns(avif(values, 10), turns, mirror)
    head = iso_media.head(data)
    assert (head.turns, head.mirror) == (turns, mirror)
    colours, _ = read(read_deep_avif, data)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert colours.shape == expected.shape
    assert np.abs(colours - expected).max() < 1.01  # Pillow's eight bits


def with_turns(data: bytes, turns: int, mirror: int | None) -> bytes:
    """An AVIF file with further properties of its one item, written into its boxes."""
    more = [struct.pack(">I4sB", 9, b"irot", turns)]
    if mirror is not None:
        more.append(struct.pack(">I4sB", 9, b"imir", mirror))

    def rebuilt(kind: bytes, body: bytes, count: int) -> bytes:
        if kind == b"ipco":
            body += b"".join(more)
        elif kind == b"ipma":
            head, many, numbers = body[:10], body[10], body[11:]
            places = bytes(0x80 | (count + 1 + place) for place in range(len(more)))
            body = head + bytes([many + len(more)]) + numbers[:many] + places + numbers[many:]
        return struct.pack(">I4s", 8 + len(body), kind) + body

    ((start, end),) = [(first, last) for kind, first, last in iso_media.boxes(data) if kind == b"meta"]
    parts = [data[start : start + 4]]
    for kind, first, last in iso_media.boxes(data, start + 4, end):
        body = data[first:last]
        if kind == b"iprp":
            inner = [(name, data[a:b], data, a, b) for name, a, b in iso_media.boxes(data, first, last)]
            count = sum(1 for name, _, _, a, b in inner if name == b"ipco" for _ in iso_media.boxes(data, a, b))
            body = b"".join(rebuilt(name, content, count) for name, content, *_ in inner)
        parts.append(struct.pack(">I4s", 8 + len(body), kind) + body)
    meta = b"".join(parts)
    longer = len(meta) - (end - start)
    changed = bytearray(data[: start - 8] + struct.pack(">I4s", 8 + len(meta), b"meta") + meta + data[end:])
    # Where the pixels are, has moved.
    place = changed.index(b"iloc")
    ((offset, length),) = [
        struct.unpack_from(">II", changed, place + 4 + 4 + 2 + 2 + 2 + 2 + 2)
        for _ in range(1)
        if changed[place + 4] == 0
    ]
    assert data[offset : offset + length]
    struct.pack_into(">I", changed, place + 18, offset + longer)
    return bytes(changed)


def test_damaged_avif_is_an_error_of_its_file() -> None:
    file = io.BytesIO()
    drawing(40, 30).save(file, "AVIF")
    found = set()
    for place in range(200, len(file.getvalue())):
        data = bytearray(file.getvalue())
        data[place] ^= 255
        try:
            decode(bytes(data), "x.avif")
        except PerceptError as error:
            found.add(str(error))
    assert found
    assert all(text.startswith("x.avif: ") for text in found)
