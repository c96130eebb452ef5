"""What a page is held to before tifffile takes memory for it: of whole numbers and of floating point alike."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from percept_cli.errors import UnreadableImage
from percept_cli.formats.decode import decode
from tests.deep_files import tiff_by_tifffile
from tests.scenes import alpha_of

of_both = pytest.mark.parametrize("kind", [np.uint16, np.float32])


def written(values: NDArray[Any], **options: Any) -> bytes:
    return tiff_by_tifffile(values, photometric="rgb", **options)


def with_values(data: bytes, tag: int, *numbers: int) -> bytes:
    """With other numbers of a tag, as many as there are."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        known = file.pages[0].aspage().tags[tag]
        form = "<" + {3: "H", 4: "I"}[int(known.dtype)] * len(numbers)
    found = bytearray(data)
    struct.pack_into(form, found, known.valueoffset, *numbers)
    return bytes(found)


@of_both
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_alpha_is_the_first_channel_that_says_so(kind: type, planar: str) -> None:
    values: NDArray[Any] = np.zeros((4, 5, 5), kind)
    opaque = 65535 if kind is np.uint16 else 1
    values[..., 4] = np.linspace(0, opaque, 20).reshape(4, 5)
    stored = values if planar == "contig" else np.ascontiguousarray(np.moveaxis(values, 2, 0))
    data = written(stored, planarconfig=planar, extrasamples=["unspecified", "unassalpha"])
    decoded = decode(data, "x")
    assert alpha_of(decoded.frames[0]) == pytest.approx(values[..., 4] * (255 / opaque))
    assert decoded.notes == ("1 more of its channels not compared",)


@of_both
def test_a_piece_that_is_shorter_than_its_rows(kind: type) -> None:
    data = written(np.ones((8, 16, 3), kind), rowsperstrip=4)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        first, second = file.pages[0].aspage().databytecounts
    assert len(decode(with_values(data, 279, first, second), "x").frames) == 1
    with pytest.raises(UnreadableImage, match="some of its strips or tiles are too short"):
        decode(with_values(data, 279, first + 2, second - 2), "x")


@of_both
def test_tiles_larger_than_the_file_can_hold(kind: type) -> None:
    data = written(np.ones((16, 16, 3), kind), tile=(16, 16), compression="zlib")
    with pytest.raises(UnreadableImage, match="its tiles are 32768×32768 pixels"):
        decode(with_values(with_values(data, 322, 1 << 15), 323, 1 << 15), "x")


@of_both
def test_pixels_that_so_few_bytes_cannot_unpack_to(kind: type) -> None:
    data = written(np.ones((32, 32, 3), kind), compression="zlib", rowsperstrip=32)
    with pytest.raises(UnreadableImage, match=r"bytes of pixels cannot be the [\d,]+ that its header says"):
        decode(with_values(with_values(data, 257, 3200), 278, 3200), "x")
