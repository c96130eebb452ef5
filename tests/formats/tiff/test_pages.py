"""What a page is held to before tifffile takes memory for it: of whole numbers and of floating point alike."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from percept_cli import compare
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import Limits, parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.conftest import drawing
from tests.support import deep_files
from tests.support.deep_files import tiff_by_tifffile
from tests.support.scenes import alpha_of
from tests.support.views import SHALLOW, refusal

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
    assert decoded.notes == ("extra channels that are not compared: 1",)


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
    with pytest.raises(UnreadableImage, match="its tiles of 32768×32768 pixels"):
        decode(with_values(with_values(data, 322, 1 << 15), 323, 1 << 15), "x")


@of_both
def test_pixels_that_so_few_bytes_cannot_unpack_to(kind: type) -> None:
    data = written(np.ones((32, 32, 3), kind), compression="zlib", rowsperstrip=32)
    with pytest.raises(
        UnreadableImage, match=r"bytes of pixel data cannot hold the [\d,]+ that the header states"
    ):
        decode(with_values(with_values(data, 257, 3200), 278, 3200), "x")


def test_pages_may_have_sizes_of_their_own_and_thumbnails_are_left_out(tmp_path: Path) -> None:
    pages = [drawing(24, 20), drawing(30, 16, seed=1)]
    for name in "ab":
        pages[0].save(tmp_path / f"{name}.tif", save_all=True, append_images=pages[1:])
    found = compare(tmp_path / "a.tif", tmp_path / "b.tif", **SHALLOW)
    assert [one.view.frame for one in found.views] == [1, 2]
    small = io.BytesIO()
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2()
    tags[254] = 1  # a smaller copy
    thumbnail = drawing(6, 5)
    thumbnail.encoderinfo = {"tiffinfo": tags}
    pages[0].save(small, "TIFF", save_all=True, append_images=[thumbnail])
    (tmp_path / "c.tif").write_bytes(small.getvalue())
    assert compare(tmp_path / "c.tif", pages[0], **SHALLOW).views == ()


def pages(kind: type, *, last: type | None = None) -> bytes:
    """A TIFF of three pages, the second the smallest, and a thumbnail; and of one more of another type."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as written:
        for number, (height, width) in enumerate(((9, 12), (1, 1), (6, 5), (10, 14))):
            page: NDArray[Any] = np.full((height, width, 3), number + 1, kind)
            written.write(page, photometric="rgb", subfiletype=int(number == 1))
        if last is not None:
            written.write(np.zeros((4, 4), last))
    return file.getvalue()


KINDS_OF_TIFF = pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])


@KINDS_OF_TIFF
def test_a_page_is_read_alone(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are not counted, not unpacked, and may be of a kind that is not read."""
    unpacked, as_array = [], tifffile.TiffPage.asarray

    def counted(page: tifffile.TiffPage, **options: Any) -> Any:
        unpacked.append((page.imagewidth, page.imagelength))
        return as_array(page, **options)

    monkeypatch.setattr(tifffile.TiffPage, "asarray", counted)
    policy = ImagePolicy(frame=2, limits=parse_limits("frames=1,pixels=30"))
    for data in (pages(kind), pages(kind, last=np.complex64)):
        (found,) = decode(data, "x.tif", policy).frames
        assert (found.width, found.height) == (5, 6)
        assert set(unpacked) <= {(5, 6)}
    whole = decode(pages(kind), "x.tif")
    assert whole.frames[1] == found
    assert [frame.height for frame in whole.frames] == [9, 6, 10]


@KINDS_OF_TIFF
def test_limits_of_pages(kind: type) -> None:
    data = pages(kind)
    for frame in (4, 20_000):
        missing = f"x.tif: it has 3 frames, so frame {frame} does not exist"
        assert refusal(data, frame, "frames=off") == (missing, "choose from 1 to 3.")
    allowed = "if you trust the file, allow it with --limits frames=3 (limits='frames=3' in Python)."
    assert refusal(data, None, "frames=2") == ("x.tif: its 3 frames are more than the limit of 2", allowed)
    assert "14×10 pixels are more than the limit of 139" in refusal(data, 3, "pixels=139")[0]


def test_the_usual_limit_of_pages_is_one_like_others() -> None:
    """Of a file with one picture that 10,001 directories show."""
    one = deep_files.tiff(deep_files.values(1), photometric=1)
    (begin,) = np.frombuffer(one[4:8], "<u4")
    directory, step = one[begin:-4], len(one) - int(begin)
    following = [int(begin) + step * place for place in range(1, 10_001)]
    data = one[:begin] + b"".join(directory + place.to_bytes(4, "little") for place in [*following, 0])
    allowed = "if you trust the file, allow it with --limits frames=10001 (limits='frames=10001' in Python)."
    with pytest.raises(
        UnsupportedImage, match=r"^x: its 10,001 frames are more than the limit of 10,000$"
    ) as error:
        decode(data, "x")
    assert error.value.hint == allowed
    assert decode(data, "x", ImagePolicy(frame=10_001)).frames == decode(one, "x").frames


@pytest.mark.parametrize("bigtiff", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_metadata_of_a_tiff_have_the_limit(kind: type, *, bigtiff: bool) -> None:
    """Of the pages that are read: a description of 3,001 bytes with its end, XMP of 2,000, a profile of 500."""
    file = io.BytesIO()
    tags = [
        (700, 1, 2000, bytes(2000), True),
        (34675, 7, 500, bytes(500), True),
        (50000, 1, 9000, bytes(9000), True),
    ]
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as written:
        page: NDArray[Any] = np.ones((8, 10, 3), kind)
        written.write(page, photometric="rgb", metadata=None, software=False)
        written.write(
            page, photometric="rgb", metadata=None, software=False, description="x" * 3000, extratags=tags
        )
    for frame in (None, 2):
        message, hint = refusal(file.getvalue(), frame, "metadata=5500")
        assert message == "x.tif: its 5,501 bytes of profiles, EXIF and texts are more than the limit of 5,500"
        wanted = "if you trust the file, allow it with --limits metadata=5501 (limits='metadata=5501' in Python)."
        assert hint == wanted
    for policy in (ImagePolicy(frame=1, limits=Limits(metadata=0)), ImagePolicy(ignore_icc=True)):
        assert decode(file.getvalue(), "x.tif", policy).frames
