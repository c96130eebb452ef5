"""TIFF's lists of tags: what they say, and that nothing is believed that the file is too small for."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
import tifffile

from percept_cli.errors import UnreadableImage
from percept_cli.formats.tiff import strips as tiff
from percept_cli.formats.tiff.directories import directories
from percept_cli.formats.tiff.strips import tiff_strips
from percept_cli.formats.tiff.tags import INTEGERS, Tag
from percept_cli.images import joining
from tests.support.large_files import small as small

SHORT, LONG, LONG8 = 3, 4, 16
FAR = 1 << 60


def page(entries: Sequence[tuple[int, int, int, int]], following: int = 0, *, big: bool = False) -> bytes:
    """A list of tags: number, type, count, and a value or where it is."""
    count, entry, pointer = ("<Q", "<HHQQ", "<Q") if big else ("<H", "<HHII", "<I")
    listed = b"".join(struct.pack(entry, *one) for one in entries)
    return struct.pack(count, len(entries)) + listed + struct.pack(pointer, following)


def classic(*entries: tuple[int, int, int, int], behind: bytes = b"") -> io.BytesIO:
    return io.BytesIO(b"II*\0\x08\0\0\0" + page(entries) + behind)


def bigtiff(*entries: tuple[int, int, int, int]) -> io.BytesIO:
    return io.BytesIO(b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + page(entries, big=True))


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("big", [False, True])
def test_what_tifffile_writes_is_read_as_tifffile_reads_it(byteorder: str, big: bool) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder=byteorder, bigtiff=big) as writer:  # type: ignore[arg-type]
        for side in (40, 30):
            writer.write(np.zeros((side, 50, 3), np.uint16), photometric="rgb", rowsperstrip=7, description="so")
    found = list(directories(file))
    file.seek(0)
    with tifffile.TiffFile(file) as known:
        assert len(found) == len(known.pages) == 2
        for directory, other in zip(found, known.pages, strict=True):
            tags = other.aspage().tags
            assert [entry.tag for entry in directory] == [tag.code for tag in tags]
            for entry in directory:
                if entry.kind in INTEGERS:
                    numbers = np.atleast_1d(tags[entry.tag].value).tolist()
                    assert list(directory.numbers(entry)) == numbers
                    assert directory.firsts(entry.tag) == {entry.tag: numbers[0]}


def test_a_circle_of_any_length_is_found() -> None:
    """tifffile looks for one at its hundredth page, and once."""
    length = len(page([(254, LONG, 1, 0)]))
    pages = [page([(254, LONG, 1, 0)], 8 + (number + 1) % 150 * length) for number in range(150)]
    with pytest.raises(ValueError, match="its pages form a loop"):
        list(directories(io.BytesIO(b"II*\0\x08\0\0\0" + b"".join(pages))))


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0",
        b"II*\0\x08\0\0\0",
        b"II*\0\x08\0\0\0\xff\xff" + bytes(200),
        b"II*\0\xf0\xff\xff\xff" + bytes(200),
        b"II+\0\x08\0\0\0" + struct.pack("<Q", (1 << 64) - 1),
        b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, FAR) + bytes(200),  # so many tags
        classic((256, LONG, 1, 5)).getvalue()[:-1],
    ],
)
def test_lists_that_lie_behind_the_end(data: bytes) -> None:
    with pytest.raises(ValueError, match="a list of tags is truncated"):
        list(directories(io.BytesIO(data)))


def test_lists_on_top_of_each_other() -> None:
    entries = [(60_000, SHORT, 1, 1)] * 100
    data = bytearray(b"II*\0\x08\0\0\0" + page(entries, 20))
    data[20:22] = struct.pack("<H", 99)  # and so the second one ends where the first one does
    with pytest.raises(UnreadableImage, match="its lists of tags overlap"):
        list(directories(io.BytesIO(bytes(data))))


def test_values_that_lie_behind_the_end_are_not_read() -> None:
    for file in (
        classic((273, LONG, 1 << 30, 8)),
        bigtiff((273, LONG8, FAR, 8)),
        bigtiff((273, LONG8, 2, FAR * 8)),
    ):
        (directory,) = directories(file)
        (entry,) = directory
        assert not directory.within(entry)
        with pytest.raises(ValueError, match=r"^tag 273 cannot be read"):
            directory.numbers(entry)
    assert directory.firsts(273) == {}


def test_of_a_long_list_only_what_is_asked_for_is_read() -> None:
    count = 1_000_000
    behind = bytes(4 * count)
    data = classic((256, SHORT, 1, 9), (273, LONG, count, 60), behind=behind)
    tracemalloc.start()
    try:
        (directory,) = directories(data)
        assert directory.firsts(Tag.IMAGE_WIDTH, Tag.STRIP_OFFSETS) == {256: 9, 273: 0}
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_tag_that_stands_twice_is_left_to_who_reads_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LARGE", 100)
    entries = [(256, LONG, 1, 20), (257, LONG, 1, 20), (258, SHORT, 1, 8), (259, SHORT, 1, 1)]
    entries += [(273, LONG, 1, 150), (277, SHORT, 1, 1), (278, LONG, 1, 20), (279, LONG, 1, 400)]
    assert tiff_strips(classic(*entries, behind=bytes(1000))) is not None
    assert tiff_strips(classic(*entries, (279, LONG, 1, 400), behind=bytes(1000))) is None


def test_a_predictor_of_plain_pixels_is_left_to_who_reads_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LARGE", 100)
    entries = [(256, LONG, 1, 20), (257, LONG, 1, 20), (258, SHORT, 1, 8), (259, SHORT, 1, 1)]
    entries += [(273, LONG, 1, 150), (277, SHORT, 1, 1), (278, LONG, 1, 20), (279, LONG, 1, 400)]
    for predictor, in_strips in ((1, True), (2, False), (3, False)):
        file = classic(*entries, (317, SHORT, 1, predictor), behind=bytes(1000))
        assert (tiff_strips(file) is not None) == in_strips


@pytest.mark.usefixtures("small")
def test_pages_in_a_circle_are_left_to_the_reader() -> None:
    entries = [(254, 4, 1, 1), *((60_000 + tag, 1, 90_000, 8) for tag in range(400))]
    page = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = b"II*\0" + struct.pack("<I", 100_000) + bytes(100_000 - 8) + page + struct.pack("<I", 100_000)
    assert tiff.tiff_strips(io.BytesIO(data)) is None
