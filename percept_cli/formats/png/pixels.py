"""The packed pixels of a PNG → all of its rows, or an error that says what is missing.

Pillow stops at the last row, or where the packed data end, and says nothing of rows that are missing or of a
wrong checksum behind them. Unpacking all once more would take a third of the time of reading, so Pillow is made to
look: it unpacks into a picture that is one row higher and filled beforehand. Then it comes to the checksum, which
is held to what was unpacked, and the last row is not what it was filled with. Only where that does not hold is all
unpacked by itself, and counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.faults import damaged
from percept_cli.formats.png.chunks import Chunk

if TYPE_CHECKING:
    from PIL import Image

_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top and the steps to the right and down of each pass."""
_DEFLATE = 1032  # bytes of one, at most
_HELD = 4096  # bytes: what is rounded up in a small file
_AT_A_TIME = 1 << 20  # bytes
_MOST_PACKED = (1 << 31) - 1  # bytes, which Pillow counts in an int
_UNLIKELY: dict[str, float | tuple[float, ...]] = {
    "1": 1,
    "L": 171,
    "P": 171,
    "LA": (171, 94),
    "RGB": (171, 86, 3),
    "RGBA": (171, 86, 3, 94),
}
"""What a last row is hardly made of, by mode; of fewer than 8 bits, cannot be."""


def size_of_rows(width: int, height: int, bits: int, *, interlaced: bool) -> int:
    """Bytes of all rows, each with its filter in front.

    Args:
        width: in pixels.
        height: in pixels.
        bits: of a pixel.
        interlaced: whether they come in the seven passes of Adam7.
    """
    if not interlaced:
        return height * (1 + -(-width * bits // 8))
    size = 0
    for left, top, right, down in _ADAM7:
        wide, high = -(-(width - left) // right), -(-(height - top) // down)
        size += high * (1 + -(-wide * bits // 8)) if wide > 0 and high > 0 else 0
    return size


def expect(needed: int, chunks: Sequence[Chunk]) -> None:
    """Refuse pixels that cannot be what a header says, before memory is taken for them.

    Raises:
        UnreadableImage: without the file's name.
    """
    held = sum(chunk.length for chunk in chunks)
    if needed > _DEFLATE * held + _HELD:
        raise damaged(f"its {held:,} bytes of pixel data cannot hold the {needed:,} that the header states")


def pieces(file: BinaryIO, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """What is in chunks, a megabyte at a time."""
    for chunk in chunks:
        place, end = chunk.start, chunk.start + chunk.length
        while place < end:
            file.seek(place)
            yield file.read(min(_AT_A_TIME, end - place))
            place += _AT_A_TIME


def unpacked(packed: Iterable[bytes], needed: int) -> Iterator[bytes]:
    """The rows, in small pieces. More than is needed is passed over, as libraries do: it may be a trap.

    Args:
        packed: deflated data, in pieces.
        needed: how many bytes they are.

    Raises:
        UnreadableImage: if they are fewer, or not what was packed; without the file's name.
    """
    inflate, left = zlib.decompressobj(), needed
    for part in packed:
        rest = part
        while rest and left >= 0 and not inflate.eof:
            try:
                found = inflate.decompress(rest, min(_AT_A_TIME, left + 1))
            except zlib.error as error:
                raise _broken(error) from None
            left -= len(found)
            yield found[:-1] if left < 0 else found
            rest = inflate.unconsumed_tail
    if left > 0:
        raise damaged(f"only {needed - left:,} of its {needed:,} bytes of pixels are present")
    if not left and not inflate.eof:
        raise damaged("the end of its compressed pixel data is missing")


def _broken(error: zlib.error) -> Exception:
    if "incorrect data check" in str(error):
        return damaged("the checksum of its pixels is wrong")
    return damaged(f"its pixel data cannot be decompressed: {str(error).rpartition(': ')[2]}")


def check_rows(file: BinaryIO, chunks: Iterable[Chunk], needed: int) -> None:
    """Refuse pixels of which rows are missing, or that are not what was packed.

    Raises:
        UnreadableImage: without the file's name.
    """
    for _ in unpacked(pieces(file, chunks), needed):
        pass


def image_of(
    file: BinaryIO,
    chunks: Sequence[Chunk],
    size: tuple[int, int],
    bits: int,
    mode: str,
    raw: str,
    *,
    interlaced: bool,
    large: bool,
) -> Image.Image:
    """The picture that is packed in chunks, as Pillow has it.

    Args:
        file: that they are in.
        chunks: of pixels, all of one picture.
        size: width and height.
        bits: of a pixel.
        mode: of the picture, as Pillow calls it.
        raw: how pixels are stored, likewise.
        interlaced: by Adam7.
        large: whether memory for a copy would count.

    Raises:
        UnreadableImage: if rows are missing, or it is damaged; without the file's name.
    """
    from PIL import Image

    needed = size_of_rows(*size, bits, interlaced=interlaced)
    expect(needed, chunks)
    if sum(chunk.length for chunk in chunks) > _MOST_PACKED:
        raise UnsupportedImage("more than 2 GB of compressed pixel data is not supported in this kind of PNG")
    packed = b"".join(pieces(file, chunks))
    width, height = size
    if not interlaced and not large:
        filled = Image.new(mode, (width, height + 1), _UNLIKELY[mode])
        untouched = filled.crop((0, height, width, height + 1)).tobytes()
        try:
            filled.frombytes(packed, "zip", raw, 0)
        except ValueError:  # which is no word about what is wrong, if anything is
            filled.close()
        else:
            if filled.crop((0, height - 1, width, height)).tobytes() != untouched:
                return filled.crop((0, 0, width, height))
    check_rows(file, chunks, needed)
    image = Image.new(mode, size)
    try:
        image.frombytes(packed, "zip", raw, int(interlaced))
    except ValueError:
        raise damaged("a row has a filter that PNG does not have") from None
    return image
