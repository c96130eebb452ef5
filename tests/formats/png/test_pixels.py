"""The packed pixels of a PNG: all of its rows, or an error that says what is missing."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pytest

from percept_cli.errors import UnreadableImage
from percept_cli.formats.decode import decode
from tests.support.damaged_png import ADAM7, KINDS, WIDTH, in_both_readers, rows_of, written
from tests.support.damaged_png import readers as readers


@in_both_readers
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_missing_are_errors(
    kind: str, interlaced: bool, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    rows = rows_of(kind, interlaced=interlaced)
    needed = len(b"".join(rows))
    assert decode(written(kind, zlib.compress(b"".join(rows)), interlaced=interlaced), "x").notes == ()
    for there in (b"", b"".join(rows[: len(rows) // 2]), b"".join(rows[:-1]), b"".join(rows)[:-1]):
        with pytest.raises(UnreadableImage) as error:
            decode(written(kind, zlib.compress(there), interlaced=interlaced), "x.png")
        words = f"only {len(there):,} of its {needed:,} bytes of pixels are present"
        assert str(error.value) == f"x.png: the image is damaged or truncated: {words}"
        assert error.value.hint == "re-export or re-download the file."


@in_both_readers
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_packed_so_is_an_error(
    kind: str, interlaced: bool, small: int, readers: Callable[[int], None]
) -> None:
    readers(small)
    packed = zlib.compress(b"".join(rows_of(kind, interlaced=interlaced)))
    cases = {
        packed[:-1] + bytes([packed[-1] ^ 1]): "the checksum of its pixels is wrong",
        packed[:-4]: "the end of its compressed pixel data is missing",
        b"xx" + packed[2:]: "its pixel data cannot be decompressed: incorrect header check",
    }
    for bad, words in cases.items():
        with pytest.raises(UnreadableImage, match=f"^x: the image is damaged or truncated: {words}$"):
            decode(written(kind, bad, interlaced=interlaced), "x")


def test_a_last_row_like_what_pillow_is_given_is_counted() -> None:
    """The slow way, which finds nothing wrong."""
    for kind, last in {"RGB": (171, 86, 3), "grey": (171,), "RGBA": (171, 86, 3, 94), "1 bit": (255,)}.items():
        rows = rows_of(kind)
        rows[-1] = b"\0" + (bytes(last) * WIDTH)[: len(rows[-1]) - 1]
        assert len(decode(written(kind, zlib.compress(b"".join(rows))), "x").frames) == 1
        with pytest.raises(UnreadableImage, match="bytes of pixels are present"):
            decode(written(kind, zlib.compress(b"".join(rows[:-1]))), "x")


def test_the_numbers_of_rows_are_those_of_the_specification() -> None:
    """Against rows that are written here, by size and depth, interlaced too."""
    from percept_cli.formats.png.pixels import size_of_rows

    for width, height, bits in ((1, 1, 1), (3, 5, 4), (8, 8, 24), (9, 1, 2), (1, 9, 16), (33, 20, 64)):
        for interlaced in (False, True):
            steps = ADAM7 if interlaced else ((0, 0, 1, 1),)
            size = 0
            for x, y, right, down in steps:
                columns, rows = len(np.arange(width)[x::right]), len(np.arange(height)[y::down])
                size += rows * (1 + (columns * bits + 7) // 8) if columns else 0
            assert size_of_rows(width, height, bits, interlaced=interlaced) == size
